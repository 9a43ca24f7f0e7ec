"""Colours and marks of series that stand in an order, such as resolutions."""

from collections.abc import Iterable, Mapping

from app.ui.charts.points import Look
from app.ui.plots.chart import COLOURS, MARKS


def ramp(resolutions: Iterable[int]) -> Mapping[int, Look]:
    """The look of each resolution: steps of a ramp of colours, and marks beside them."""
    known = sorted(set(resolutions))
    steps = max(len(known) - 1, 1)
    return {
        resolution: Look(
            1 + place * (COLOURS - 1) // steps, MARKS[place % len(MARKS)], is_ramp=True
        )
        for place, resolution in enumerate(known)
    }
