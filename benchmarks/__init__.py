"""Speed, as ratios to a yardstick that runs beside it.

``python -m benchmarks.NAME [--quick] [--json]``; ``--json`` prints one flat object of figures.
Times are medians of several runs.
"""
