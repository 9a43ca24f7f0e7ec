"""Counts the variants of all originals in a study's grid."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.experiments.catalogue import Dataset
from app.schemas.studies import Feasibility, GridCount
from app.schemas.study_terms import StudyTerms
from app.services.planner.cells import Cell, cells_of, grid_of, higher, question_of
from app.services.solvers import Limits
from app.services.tallies import Tallies
from solver.problem import Problem, Settings, SolveRequest
from solver.survey.feasibility import members
from solver.survey.grid import Grid

TIME_LIMIT: Final = 30.0
"""Seconds for each network; a tally takes milliseconds."""

Check = Callable[[], None]
"""Called now and then; raises if the work is to be given up."""
Numbers = Mapping[int, int | None]
"""The numbers of variants of originals, by their numbers in the grid; ``None`` is not known."""


@dataclass(frozen=True)
class Counted:
    """A study's grid at each resolution, its valid members, and their variants in each cell."""

    grids: Mapping[int, Grid]
    members: Mapping[int, Sequence[int]]
    variants: Mapping[Cell, Numbers]

    def grid_counts(self) -> list[GridCount]:
        """How many combinations are no networks, at each resolution."""
        return [
            GridCount(
                resolution=resolution,
                combinations=grid.size,
                invalid=grid.size - len(self.members[resolution]),
            )
            for resolution, grid in self.grids.items()
        ]

    def feasibility(self, terms: StudyTerms) -> list[Feasibility]:
        """How many networks have variants enough, in each cell."""
        return [
            Feasibility(
                approach=cell.approach,
                resolution=cell.resolution,
                budget=cell.budget,
                tolerance=terms.tolerance,
                originals=len(numbers),
                with_variants=len(eligible(numbers, terms.variants)),
                with_any=len(eligible(numbers, 1)),
                unknown=sum(number is None for number in numbers.values()),
            )
            for cell, numbers in self.variants.items()
        ]


def eligible(numbers: Numbers, least: int) -> set[int]:
    """The originals that are known to have at least so many variants."""
    return {member for member, number in numbers.items() if number is not None and number >= least}


def counted(terms: StudyTerms, dataset: Dataset, limits: Limits, check: Check) -> Counted:
    """Look for the valid networks of the grid, and count their variants in child processes.

    Raises
    ------
    solver.processes.process.SolverStartError
        No child process can be started.
    """
    grids, valid = {}, {}
    for resolution in terms.resolutions:
        grids[resolution] = grid_of(terms, resolution)
        valid[resolution] = members(grids[resolution], None).numbers
        check()
    cells = list(cells_of(terms))
    places = [(cell, member) for cell in cells for member in valid[cell.resolution]]
    numbers: dict[Cell, dict[int, int | None]] = {cell: {} for cell in cells}
    requests = _requests(terms, dataset, grids, places)
    processes = min(limits.processes, len(places))
    with Tallies(requests, processes, limits.memory_mb) as tallies:
        for place, tally in tallies:
            cell, member = places[place]
            numbers[cell][member] = tally.number
            check()
    return Counted(grids, valid, numbers)


def _requests(
    terms: StudyTerms,
    dataset: Dataset,
    grids: Mapping[int, Grid],
    places: Sequence[tuple[Cell, int]],
) -> Iterator[SolveRequest]:
    settings = Settings(time_limit=TIME_LIMIT)
    for cell, member in places:
        resolutions = higher(terms.ranges, cell.resolution, dataset.resolution)
        assert resolutions is not None, "such a study was refused"
        question = question_of(terms, cell, resolutions)
        problem = Problem.of(question, grids[cell.resolution].member(member))
        yield SolveRequest.of(problem, settings)
