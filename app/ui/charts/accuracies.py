"""Fig. 4's view: originals and their variants side by side, each with its spread over seeds."""

from collections.abc import Iterator, Sequence
from typing import Final

from app.schemas.study_results import StudyCell, StudyOriginal
from app.ui.charts.points import ACCURACY, Look, Network, series
from app.ui.experiment import ORIGINAL
from app.ui.plot import places_of
from app.ui.plots.chart import Axis, Chart
from app.ui.studies.cells import place_of

ORIGINALS: Final = Look(7, "diamond")
VARIANTS: Final = Look(1, "circle")
STEP: Final = 0.09
"""From an original of a study to its first variant, and from each variant to the next."""
WIDEST: Final = 0.7
"""The room for an original's variants; the next original stands at 1."""


def of_job(networks: Sequence[Network]) -> Chart:
    """A point for each network; those of one resolution stand side by side.

    The line is the original's mean, to compare with.
    """
    places = places_of((network.name, network.resolution) for network in networks)
    own = [network for network in networks if network.name == ORIGINAL]
    others = [network for network in networks if network.name != ORIGINAL]
    groups = ("original", own, ORIGINALS), ("variants", others, VARIANTS)
    return Chart(
        title="Test accuracy of the original and its variants: mean ± sd over seeds",
        x=Axis("resolution (pixels)", is_whole=True),
        y=ACCURACY,
        series=[
            series(name, [places[network.name] for network in some], some, look)
            for name, some, look in groups
            if some
        ],
        horizontal=[(network.mean, "the original’s mean") for network in own],
    )


def of_cell(cell: StudyCell) -> Chart | None:
    """Each original of a study's cell, with its variants to the right of it.

    ``None`` before an original is tested.
    """
    trained = [original for original in cell.networks if original.accuracy.mean is not None]
    if not trained:
        return None
    own = [Network.of(original, f"original {original.member}") for original in trained]
    beside = [it for place, original in enumerate(trained, 1) for it in _beside(place, original)]
    places, variants = [place for place, _ in beside], [variant for _, variant in beside]
    return Chart(
        title=f"Originals and their variants, {place_of(cell)}: mean ± sd over seeds",
        x=Axis("original, in the order of the grid", is_whole=True),
        y=ACCURACY,
        series=[
            series("originals", [*range(1, len(own) + 1)], own, ORIGINALS),
            series("variants", places, variants, VARIANTS),
        ],
    )


def _beside(place: int, original: StudyOriginal) -> Iterator[tuple[float, Network]]:
    """Yield the variants of an original that were tested, and where they stand."""
    tested = [variant for variant in original.variants if variant.accuracy.mean is not None]
    step = min(STEP, WIDEST / max(len(tested), 1))
    for number, variant in enumerate(tested, 1):
        name = f"variant of original {original.member}"
        yield place + number * step, Network.of(variant, name)
