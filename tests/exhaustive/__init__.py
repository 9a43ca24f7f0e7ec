"""Every approach by trying everything: plain loops over plain integers.

Written from the equations alone; of the solver it takes nothing but the schema of the original, so
that a fault of the encoding, the counting or the truth tests cannot be in both.
"""

from collections.abc import Iterator
from fractions import Fraction

from tests.exhaustive.networks import (
    ACTIVATIONS,
    NORMS,
    Asked,
    Bounds,
    divides,
    plain,
    reads_enough,
    walk,
)
from tests.exhaustive.ways import WAYS, Row

__all__ = [
    "ACTIVATIONS", "NORMS", "Asked", "Row", "deviation", "least_deviation", "least_tolerance",
    "lies", "plain", "rows", "sides_of_the_budget", "walk",
]  # fmt: skip


def rows(asked: Asked) -> Iterator[Row]:
    """Yield all that the approach allows, each once, in no stated order."""
    allowed = bands(asked, sides_of_the_budget(asked))
    most = [high for _, high in allowed]
    for geometry in fitting_geometries(asked):
        for row, counts in widths(asked, geometry, most):
            inside = zip(allowed, counts, strict=True)
            if all(low <= counted <= high for (low, high), counted in inside):
                yield row


def least_deviation(asked: Asked, direction: str = "either") -> Fraction | None:
    """How near the counts come, as the sum of the shares by which they miss.

    Of those only that are all at most, or at least, the original's: ``below``, ``above``.
    """
    targets = sides_of_the_budget(asked)
    return min(
        (deviation(targets, it) for it in near(asked) if lies(direction, targets, it)),
        default=None,
    )


def least_tolerance(asked: Asked) -> Fraction | None:
    """The smallest share such that some row has no count that misses by more."""
    targets = sides_of_the_budget(asked)
    return min((max(shares(targets, counts)) for counts in near(asked)), default=None)


def near(asked: Asked) -> Iterator[list[int]]:
    """Yield the counts of all rows of all budgets, until they only grow beyond the original's."""
    targets = sides_of_the_budget(asked)
    for geometry in fitting_geometries(asked):
        for _, counts in widths(asked, geometry, targets):
            yield counts


def lies(direction: str, targets: list[int], counts: list[int]) -> bool:
    """Whether no count is above, or below, its target."""
    pairs = list(zip(targets, counts, strict=True))
    if direction == "below":
        return all(counted <= target for target, counted in pairs)
    return direction == "either" or all(counted >= target for target, counted in pairs)


def deviation(targets: list[int], counts: list[int]) -> Fraction:
    """Sum of the shares by which counts miss their targets."""
    return sum(shares(targets, counts), Fraction(0))


def shares(targets: list[int], counts: list[int]) -> list[Fraction]:
    """By which shares counts miss their targets."""
    pairs = zip(targets, counts, strict=True)
    return [Fraction(abs(counted - target), target) for target, counted in pairs]


def bands(asked: Asked, targets: list[int]) -> list[Bounds]:
    """Inclusive counts within the tolerance, rounded towards the target."""
    below, above = Fraction(asked.below), Fraction(asked.above)
    return [(t - int(below * t), t + int(above * t)) for t in targets]


def sides_of_the_budget(asked: Asked, row: Row | None = None) -> list[int]:
    """What must be equal, of the original or of a row: one count, or two for ``both``."""
    way = WAYS[asked.approach]
    layers, side = asked.layers, asked.resolution
    if row is not None:
        layers, side = way.changed(asked, row), row[0]
    cost = walk(layers, asked.channels, side, asked.count_pooling)
    assert cost is not None
    counts = {"params": cost.params, "flops": cost.flops}
    if asked.scope == "paper":
        counts = way.printed(asked.channels, layers, [side, *cost.sides], row is not None)
    return [counts[name] for name in counts if asked.budget in (name, "both")]


def fitting_geometries(asked: Asked) -> Iterator[Row]:
    """Yield rows with the least width for which every window fits and the junction's map stays."""
    way = WAYS[asked.approach]
    for row in way.geometries(asked):
        variant = way.changed(asked, row)
        if reads_enough(asked, variant, row[0]) and way.keeps_its_map(asked, variant, row[0]):
            yield row


def widths(asked: Asked, geometry: Row, most: list[int]) -> Iterator[tuple[Row, list[int]]]:
    """Yield a geometry with each width, and the counts, until all counts exceed ``most``.

    Every filter and feature adds weights and multiply-adds: what is beyond stays beyond.
    """
    way = WAYS[asked.approach]
    if way.width is None:
        yield geometry, sides_of_the_budget(asked, geometry)
        return
    for width in asked.span(way.width):
        row = (geometry[0], width, *geometry[2:])
        if not divides(way.changed(asked, row), asked.channels):
            continue
        counts = sides_of_the_budget(asked, row)
        yield row, counts
        if all(counted > limit for counted, limit in zip(counts, most, strict=True)):
            return
