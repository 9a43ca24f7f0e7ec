"""Fig. 3's view of a study: gains with their intervals against resolution, by approach."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from app.schemas.studies import StudyView
from app.schemas.study_results import Estimate, StudyCell
from app.ui.plots.chart import Axis, Chart, Series, distinct
from app.ui.studies.cells import ESTIMATES, estimate_of, place_of
from app.ui.studies.sentences import pp
from app.ui.studies.tables import interval_in_words

DRAWN: Final = ("mean_variant", "true_minus_upsampled", "selected", "best_of_k")
"""The estimates that are drawn, by their names in :data:`ESTIMATES`."""
BESIDE: Final = 0.08
"""The distance between two marks of one resolution, as a share of the least gap."""


def gains(study: StudyView) -> Iterator[Chart]:
    """Yield a chart for each estimate of which something is known."""
    gap = min((high - low for low, high in pairwise(sorted(study.request.resolutions))), default=1)
    for name in DRAWN:
        known = [cell for cell in study.cells if estimate_of(cell, name).gain is not None]
        if known:
            yield Chart(
                title=f"Gain: {ESTIMATES[name]}, with 95% intervals",
                x=Axis("resolution of the original (pixels)", is_whole=True),
                y=Axis("gain (percentage points)"),
                series=[*_by_approach(known, name, BESIDE * gap)],
                horizontal=[(0.0, "no difference")],
            )


def _by_approach(cells: Sequence[StudyCell], name: str, step: float) -> Iterator[Series]:
    """Yield a series for each approach and budget; those of one resolution stand side by side."""
    several = len({cell.budget for cell in cells}) > 1
    groups = dict.fromkeys((cell.approach, cell.budget) for cell in cells)
    for place, (approach, budget) in enumerate(groups):
        mine = [cell for cell in cells if (cell.approach, cell.budget) == (approach, budget)]
        found = [estimate_of(cell, name) for cell in mine]
        ends = [_ends(estimate) for estimate in found]
        colour, mark = distinct(place)
        yield Series(
            name=f"approach {approach}" + (f", {budget}" if several else ""),
            x=[cell.resolution + step * (place - (len(groups) - 1) / 2) for cell in mine],
            y=[100 * (estimate.gain or 0.0) for estimate in found],
            names=[
                f"{place_of(cell)}: {pp(estimate.gain)}, 95% interval {interval_in_words(estimate)}"
                for cell, estimate in zip(mine, found, strict=True)
            ],
            low=[100 * low for low, _ in ends],
            high=[100 * high for _, high in ends],
            mark=mark,
            colour=colour,
        )


def _ends(estimate: Estimate) -> tuple[float, float]:
    """The ends of the interval; the gain itself where there is none."""
    gain = estimate.gain or 0.0
    return estimate.ci or (gain, gain)
