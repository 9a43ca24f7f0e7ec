"""How much is tried."""

import os

IS_FULL = os.environ.get("ISOBUDGET_CHAOS") == "full"
"""Whether ``make chaos`` asks, which takes its time; else it is a short form."""
