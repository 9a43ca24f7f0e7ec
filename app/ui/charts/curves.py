"""Learning curves: validation accuracy after each epoch, as a band over seeds."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final

from app.experiments.curves import CurvePoint
from app.schemas.jobs import RunView
from app.ui.charts.colours import ramp
from app.ui.charts.points import Look
from app.ui.experiment import ORIGINAL
from app.ui.plots.chart import COLOURS, Axis, Chart, Series, distinct

MOST_POINTS: Final = 100
"""Points of a line: more would not be seen."""

Curves = Mapping[str, Sequence[CurvePoint]]
"""The curves of networks that have begun, by the networks' labels or ids."""


def learning_curves(curves: Curves, resolutions: Mapping[str, int]) -> Chart | None:
    """A line for each network if there are few, else one for the variants of each resolution.

    ``resolutions`` are those of all networks, by label. ``None`` before any epoch was measured.
    """
    if not curves:
        return None
    is_whole = len(resolutions) <= COLOURS
    by = _by_network if is_whole else _by_resolution
    return Chart(
        title="Learning curves: mean ± sd over seeds" + ("" if is_whole else " and networks"),
        x=Axis("epoch", is_whole=True),
        y=Axis("validation accuracy", is_percent=True),
        series=[*by(curves, resolutions)],
    )


def curves_of(runs: Iterable[RunView]) -> Curves:
    """The curve of each network over its seeds, by the network's id, from what the API answers."""
    found = defaultdict(list)
    for run in runs:
        for it in run.epochs:
            found[run.network].append(CurvePoint.of_run(it.epoch, it.validation_accuracy))
    return {network: CurvePoint.pooled(points) for network, points in found.items()}


def _by_network(curves: Curves, resolutions: Mapping[str, int]) -> Iterator[Series]:
    """Yield a line for each network; its look is the same before others have begun."""
    for place, label in enumerate(resolutions):
        if label in curves:
            yield _line(label, curves[label], Look(*distinct(place)))


def _by_resolution(curves: Curves, resolutions: Mapping[str, int]) -> Iterator[Series]:
    """Yield the original's line, and the variants' lines from the least resolution on."""
    if ORIGINAL in curves:
        yield _line(ORIGINAL, curves[ORIGINAL], Look(COLOURS, "circle"))
    for side, look in ramp(resolutions.values()).items():
        labels = [it for it in curves if resolutions[it] == side and it != ORIGINAL]
        if labels:
            points = CurvePoint.pooled(chain.from_iterable(curves[label] for label in labels))
            name = f"{side} px ({len(labels)} variant{'s' * (len(labels) > 1)})"
            yield _line(name, points, look)


def _line(name: str, points: Sequence[CurvePoint], look: Look) -> Series:
    shown = thinned(points)
    return Series(
        name=name,
        x=[point.epoch for point in shown],
        y=[point.mean for point in shown],
        low=[point.mean - point.sd for point in shown],
        high=[point.mean + point.sd for point in shown],
        mark=look.mark,
        colour=look.colour,
        is_ramp=look.is_ramp,
        is_line=True,
    )


def thinned(points: Sequence[CurvePoint]) -> Sequence[CurvePoint]:
    """At most about :data:`MOST_POINTS` of a curve's points, with the first and the last one."""
    step = -(-len(points) // MOST_POINTS)
    return points if step <= 1 else [*points[:-1:step], points[-1]]
