"""Fig. 3: accuracies and gains against the original's resolution, a column for each approach."""

from collections.abc import Sequence
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from app.schemas.studies import StudyView
from app.schemas.study_results import Estimate, StudyCell
from app.ui.studies.cells import estimate_of
from app.ui.studies.figures.style import LINE, MUTED, SERIES, in_percent, one_legend

ACCURACIES: Final = ("mean_variant", "selected", "best_of_k")
"""Series of the upper row; they are drawn at the originals' mean plus their gain."""
GAINS: Final = ("mean_variant", "true_minus_upsampled", "selected", "best_of_k", "best_of_k_null")
EQUIVALENT: Final = 0.01
"""Gains within this, to either side, make no difference that matters."""


def resolutions(study: StudyView) -> Figure:
    """Accuracies above, gains with their 95 % intervals below."""
    asked = study.request
    columns = [(approach, budget) for budget in asked.budgets for approach in asked.approaches]
    figure = Figure(figsize=(1.2 + 3.4 * max(len(columns), 1), 6.8), layout="constrained")
    panels = figure.subplots(2, max(len(columns), 1), sharex=True, sharey="row", squeeze=False)
    for (approach, budget), upper, lower in zip(columns, panels[0], panels[1], strict=True):
        cells = [it for it in study.cells if (it.approach, it.budget) == (approach, budget)]
        several = f", {budget}" if len(asked.budgets) > 1 else ""
        upper.set_title(f"Approach {approach}{several}")
        _accuracies(upper, cells, asked.resolutions)
        _gains(lower, cells, asked.resolutions)
    _within_accuracies(panels[0][0])
    panels[0][0].set_ylabel("test accuracy (%)")
    panels[1][0].set_ylabel("gain (percentage points)")
    one_legend(figure, [*panels.flat])
    return figure


def _accuracies(axes: Axes, cells: Sequence[StudyCell], sides: Sequence[int]) -> None:
    series = ("original", *ACCURACIES)
    for place, name in enumerate(series):
        for cell in cells:
            if cell.accuracy.mean is not None:
                gain = Estimate(gain=0.0) if name == "original" else estimate_of(cell, name)
                x = sides.index(cell.resolution) + _beside(place, len(series))
                _mark(axes, name, x, gain, cell.accuracy.mean)
    _ticks(axes, sides)


def _within_accuracies(axes: Axes) -> None:
    """Cut off what no accuracy can be; to be called once all panels of a row have their marks."""
    low, high = axes.get_ylim()
    axes.set_ylim(max(low, 0.0), min(high, 1.0))


def _gains(axes: Axes, cells: Sequence[StudyCell], sides: Sequence[int]) -> None:
    axes.axhspan(-EQUIVALENT, EQUIVALENT, color=LINE, alpha=0.6, linewidth=0)
    axes.axhline(0.0, color=MUTED, linewidth=0.8)
    for place, name in enumerate(GAINS):
        for cell in cells:
            x = sides.index(cell.resolution) + _beside(place, len(GAINS))
            _mark(axes, name, x, estimate_of(cell, name), 0.0)
    _ticks(axes, sides)
    axes.set_xlabel("resolution of the original (px)")


def _mark(axes: Axes, name: str, x: float, found: Estimate, baseline: float) -> None:
    """A mark at the baseline plus the gain, with the gain's interval; nothing if it is unknown."""
    if found.gain is None:
        return
    low, high = found.ci or (found.gain, found.gain)
    y = baseline + found.gain
    bars = [[max(0.0, found.gain - low)], [max(0.0, high - found.gain)]]
    yerr = bars if found.ci else None
    axes.errorbar([x], [y], yerr=yerr, **SERIES[name].drawn, markersize=6, elinewidth=1.2)


def _beside(place: int, series: int) -> float:
    """How far a series stands from its resolution's tick, so that none hides another."""
    return 0.13 * (place - (series - 1) / 2)


def _ticks(axes: Axes, sides: Sequence[int]) -> None:
    axes.set_xticks(range(len(sides)), [str(side) for side in sides])
    axes.set_xlim(-0.5, len(sides) - 0.5)
    axes.grid(visible=False, axis="x")
    in_percent(axes)
