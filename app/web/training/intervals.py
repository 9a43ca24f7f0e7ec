"""The ends of intervals as cells of tables."""

from app.schemas.results import BestOfK, Gain
from app.schemas.study_results import BetterShare, Estimate


def low_of(found: Gain | BestOfK | Estimate | BetterShare) -> float | None:
    """The lower end of an estimate's interval, if it has one."""
    return None if isinstance(found, BestOfK) or found.ci is None else found.ci[0]


def high_of(found: Gain | BestOfK | Estimate | BetterShare) -> float | None:
    """The upper end, in the same way."""
    return None if isinstance(found, BestOfK) or found.ci is None else found.ci[1]
