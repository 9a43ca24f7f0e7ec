"""Draws the originals of a study."""

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from app.schemas.study_terms import StudyTerms
from app.services.planner.cells import Cell, seed_of
from app.services.planner.counting import Counted, eligible


class Drawn(NamedTuple):
    """The originals of each cell, in the order in which they were drawn, and notes on them."""

    originals: Mapping[Cell, Sequence[int]]
    notes: Sequence[str]


def shuffled(terms: StudyTerms, counted: Counted, resolution: int) -> list[int]:
    """The grid's valid networks at a resolution, in an order that the study's seed decides."""
    members = counted.members[resolution]
    drawn = random.Random(seed_of(terms, "originals", resolution))
    return drawn.sample(members, len(members))


def draw(terms: StudyTerms, counted: Counted) -> Drawn:
    """Draw originals for each cell, from the networks that have variants enough.

    Each cell takes the first of one random order of the networks. Those it may take are a subset
    that does not depend on the order, so its originals are a uniform sample of that subset. Where
    enough networks have variants in all cells of a resolution, all of them take the same ones: then
    approaches are compared on equal terms. Else each cell takes the first that it can.
    """
    originals: dict[Cell, Sequence[int]] = {}
    notes: list[str] = []
    for resolution in terms.resolutions:
        order = shuffled(terms, counted, resolution)
        able = {
            cell: eligible(numbers, terms.variants)
            for cell, numbers in counted.variants.items()
            if cell.resolution == resolution
        }
        common = set.intersection(*able.values()) if able else set()
        wanted = len(order) if terms.originals == "all" else terms.originals
        is_common = len(common) >= wanted
        for cell, own in able.items():
            may = common if is_common else own
            originals[cell] = [member for member in order if member in may][:wanted]
        if terms.originals != "all":
            notes += _notes(terms, resolution, originals, wanted, None if is_common else common)
    return Drawn(originals, notes)


def _notes(
    terms: StudyTerms,
    resolution: int,
    originals: Mapping[Cell, Sequence[int]],
    wanted: int,
    common: set[int] | None,
) -> Iterator[str]:
    """Say where cells have their own originals (there are too few ``common`` ones), or too few."""
    own = {cell: drawn for cell, drawn in originals.items() if cell.resolution == resolution}
    if common is not None and len(own) > 1:
        yield (
            f"{resolution} px: {len(common)} networks of the grid have {terms.variants} variants "
            f"in every cell, fewer than the {wanted} originals asked for; each cell has drawn its "
            "own"
        )
    for cell, drawn in own.items():
        if len(drawn) < wanted:
            yield (
                f"{cell}: {wanted} originals were asked for; {len(drawn)} networks of the grid "
                f"have {terms.variants} variants"
            )


def draw_networks(terms: StudyTerms, counted: Counted) -> dict[int, list[int]]:
    """The networks that a study without approaches trains, by resolution, in the grid's order."""
    drawn = {}
    for resolution in terms.resolutions:
        order = shuffled(terms, counted, resolution)
        wanted = len(order) if terms.originals == "all" else terms.originals
        drawn[resolution] = sorted(order[:wanted])
    return drawn
