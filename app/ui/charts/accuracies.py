"""Fig. 4's view: originals and their variants side by side, each with its spread over seeds."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from app.schemas.study_results import StudyCell, StudyOriginal
from app.ui.charts.points import ACCURACY, MOST_TOLD, Look, Network, series
from app.ui.experiment import ORIGINAL
from app.ui.plots.chart import Axis, Chart, Series
from app.ui.sentences import percent
from app.ui.studies.cells import place_of

ORIGINALS: Final = Look(7, "diamond")
VARIANTS: Final = Look(1, "circle")
STEP: Final = 0.09
"""From an original of a study to its first variant, and from each variant to the next."""
WIDEST: Final = 0.7
"""The room for an original's variants; the next original stands at 1."""
WIDEST_STEP: Final = 0.16
"""The widest step between networks of one resolution, as a share of the least resolution gap."""
CROWDED: Final = 0.6
"""The room for the networks of one resolution, as a share of the same gap."""
BESIDE: Final = 0.25
"""The distance from a network's mean to its seeds, as a share of the step."""


def of_job(networks: Sequence[Network]) -> Chart:
    """A point for each network's mean, and a small one for each seed that is known.

    Networks of one resolution stand side by side. The line is the original's mean, to compare with.
    """
    step = _step(network.resolution for network in networks)
    places = _places(networks, step)
    beside = {name: place - BESIDE * step for name, place in places.items()}
    own = [network for network in networks if network.name == ORIGINAL]
    others = [network for network in networks if network.name != ORIGINAL]
    groups = ("original", own, ORIGINALS), ("variants", others, VARIANTS)
    means = [
        series(name, [places[network.name] for network in some], some, look)
        for name, some, look in groups
        if some
    ]
    seeds = [
        _seeds(f"{name}, one seed", beside, some, look)
        for name, some, look in groups
        if any(network.seeds for network in some)
    ]
    return Chart(
        title="Test accuracy of the original and its variants: mean ± sd over seeds",
        x=Axis("resolution (pixels)", is_whole=True),
        y=ACCURACY,
        series=[*means, *seeds],
        horizontal=[(network.mean, "the original’s mean") for network in own],
    )


def _step(resolutions: Iterable[int]) -> float:
    """The distance between networks of one resolution, in pixels."""
    crowds = Counter(resolutions)
    gap = min((high - low for low, high in pairwise(sorted(crowds))), default=1)
    return gap * min(WIDEST_STEP, CROWDED / max(crowds.values(), default=1))


def _places(networks: Iterable[Network], step: float) -> Mapping[str, float]:
    """Where networks stand on the axis of resolutions, by their names."""
    groups = defaultdict(list)
    for network in networks:
        groups[network.resolution].append(network.name)
    return {
        name: resolution + step * (position - (len(names) - 1) / 2)
        for resolution, names in groups.items()
        for position, name in enumerate(names)
    }


def _seeds(
    name: str, places: Mapping[str, float], networks: Sequence[Network], look: Look
) -> Series:
    """A small point for each run."""
    runs = [(network, *run) for network in networks for run in network.seeds]
    told = runs if len(runs) <= MOST_TOLD else ()
    return Series(
        name=name,
        x=[places[network.name] for network, _, _ in runs],
        y=[accuracy for _, _, accuracy in runs],
        names=[f"{it.name}, seed {seed}: {percent(accuracy)}" for it, seed, accuracy in told],
        counts=[1] * len(runs),
        mark=look.mark,
        colour=look.colour,
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
