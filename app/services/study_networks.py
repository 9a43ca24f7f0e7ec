"""Whether the networks of a study's grid can be trained, and changed by its approaches."""

import random
from collections.abc import Iterator
from typing import Final

from app.errors import Fault, pointer
from app.experiments.catalogue import Dataset
from app.experiments.fitting import misfits, too_small
from app.schemas.study_terms import StudyTerms
from app.services.planner.cells import grid_of
from solver.approaches import APPROACHES
from solver.network.architecture import Architecture

NOT_WHOLE: Final = (
    "a study draws variants uniformly from all, and approach {approach} has too many; search for "
    "them, and train them in a job"
)
LOOKED_AT: Final = 1_000
"""Networks of a grid that are tried to find a valid one, before a study is stored."""


def network_faults(terms: StudyTerms, dataset: Dataset) -> Iterator[Fault]:
    """Yield why networks of the grid cannot be trained, or changed by the approaches.

    All members have the same layers, so the first valid one speaks for all. Nothing is looked at
    beyond the first resolution that has a fault: to look at many networks takes a second.
    """
    if terms.architecture.input.resolution is None:
        yield Fault("#/architecture/input", "originals take square images; write a resolution")
        return
    for index, resolution in enumerate(terms.resolutions):
        grid = grid_of(terms, resolution)
        some = random.Random(0).sample(range(grid.size), min(grid.size, LOOKED_AT))
        number = next((it for it in some if grid.fault(it) is None), None)
        if number is None:
            which = "the grid" if len(some) == grid.size else f"{len(some):,} drawn from the grid"
            yield Fault(
                pointer(("resolutions", index)),
                f"no network of {which} is valid at {resolution} px; e.g. {grid.fault(some[0])}",
            )
            return
        faults = list(_of_network(terms, dataset, grid.member(number)))
        yield from faults
        if faults:
            return


def _of_network(terms: StudyTerms, dataset: Dataset, network: Architecture) -> Iterator[Fault]:
    for fault in misfits(network, dataset):
        yield Fault("#/architecture", fault)
    if lonely := too_small(network, terms.recipe.batch_size):
        yield Fault("#/recipe/batch_size", lonely)
    for index, approach in enumerate(terms.approaches):
        if APPROACHES[approach].is_whole:
            yield Fault(pointer(("approaches", index)), NOT_WHOLE.format(approach=approach))
            continue
        if in_the_way := APPROACHES[approach].misfit(network):
            _, reason = in_the_way
            yield Fault(pointer(("approaches", index)), reason)
