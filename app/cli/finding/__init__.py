"""The parts of ``isobudget find``: bounds, candidates, training, and what is said of them."""
