"""Fig. 4: each original with its variants, a panel for each resolution."""

from collections.abc import Iterator, Sequence
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from app.schemas.studies import StudyView
from app.schemas.study_results import StudyCell, StudyNetwork
from app.ui.studies.figures.style import INK, RED, Mark, in_percent, one_legend

PAPERS: Final = "IV"
"""The approach that Fig. 4 shows; another study shows all that it has."""
PANELS_A_ROW: Final = 3
ORIGINAL: Final = Mark("original", INK, "o")
VARIANT: Final = Mark("variant", RED, "D")
STEP: Final = 0.09
"""From an original to its first variant, and from each variant to the next."""


def originals(study: StudyView) -> Figure:
    """A large dot for each original and a small one for each variant, means over seeds."""
    shown = [cell for cell in study.cells if cell.approach == PAPERS] or study.cells
    columns = min(max(len(shown), 1), PANELS_A_ROW)
    rows = -(-max(len(shown), 1) // columns)
    figure = Figure(figsize=(1.0 + 3.6 * columns, 0.8 + 3.2 * rows), layout="constrained")
    panels = [*figure.subplots(rows, columns, squeeze=False).flat]
    for axes, cell in zip(panels, shown, strict=False):
        _panel(axes, cell)
    for axes in panels[len(shown) :]:
        axes.set_axis_off()
    for axes in panels[::columns]:
        axes.set_ylabel("test accuracy (%)")
    one_legend(figure, panels)
    return figure


def _panel(axes: Axes, cell: StudyCell) -> None:
    trained = [original for original in cell.networks if original.accuracy.mean is not None]
    variants = [_tested(original.variants) for original in trained]
    axes.set_title(_title(cell, sum(map(len, variants))))
    _dots(axes, [*range(len(trained))], trained, ORIGINAL, 9.0)
    _dots(axes, [*_beside(variants)], [it for group in variants for it in group], VARIANT, 3.5)
    axes.set_xticks(range(len(trained)), [str(original.member) for original in trained])
    axes.tick_params(axis="x", labelrotation=45 if len(trained) > 6 else 0)
    axes.set_xlabel("original (its number in the grid)")
    axes.grid(visible=False, axis="x")
    in_percent(axes)


def _title(cell: StudyCell, matched: int) -> str:
    return f"{cell.approach}, {cell.resolution} px, {cell.budget} · {matched} variants"


def _beside(variants: Sequence[Sequence[StudyNetwork]]) -> Iterator[float]:
    """Where variants stand: right of their originals, one beside the other."""
    crowd = max(map(len, variants), default=0)
    step = min(STEP, 0.6 / max(crowd, 1))
    for x, group in enumerate(variants):
        yield from (x + step * (place + 1) for place in range(len(group)))


def _tested(networks: Sequence[StudyNetwork]) -> list[StudyNetwork]:
    return [network for network in networks if network.accuracy.mean is not None]


def _dots(
    axes: Axes, places: Sequence[float], networks: Sequence[StudyNetwork], mark: Mark, size: float
) -> None:
    axes.errorbar(
        places,
        [network.accuracy.mean or 0.0 for network in networks],
        yerr=[network.accuracy.sd or 0.0 for network in networks] if networks else None,
        **mark.drawn,
        markersize=size,
        elinewidth=0.7,
        alpha=0.75,
    )
