"""How lists write what has no filter of its own."""

from app.ui import texts
from solver.variation.tolerance import Tolerance


def tolerance(of: Tolerance) -> str:
    """A tolerance: ``none``, ``± 1%``, or ``−2% to +1%``."""
    if of.below == of.above:
        return f"± {texts.share(of.above)}" if of.above else "none"
    return f"{texts.MINUS if of.below else ''}{texts.share(of.below)} to +{texts.share(of.above)}"
