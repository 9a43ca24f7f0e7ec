"""How lists write what has no filter of its own."""

from app.web import texts
from solver.variation.tolerance import Tolerance


def tolerance(of: Tolerance) -> str:
    """A tolerance: ``none``, ``± 1%``, or ``−2% to +1%``."""
    if of.below == of.above:
        return f"± {_percent(of.above)}" if of.above else "none"
    return f"{texts.MINUS if of.below else ''}{_percent(of.below)} to +{_percent(of.above)}"


def _percent(fraction: float) -> str:
    """A fraction as a percentage with as few digits as it needs: ``0.5%``."""
    return f"{100 * fraction:g}%"
