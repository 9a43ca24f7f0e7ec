"""``python -m app.cli``: the same as ``isobudget``."""

from app.cli import main

main()
