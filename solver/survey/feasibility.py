"""The share of a grid's originals that have variants, and the nearest of them."""

import random
from collections.abc import Iterable, Iterator, Sequence
from statistics import median
from typing import Final, NamedTuple

from pydantic import Field

from solver.network.architecture import Architecture
from solver.network.schema import Schema
from solver.problem import ApproachName, Budget, Question, Sample
from solver.survey.grid import Grid
from solver.variation.tolerance import Tolerance

MOST_MEMBERS: Final = 100_000
"""Largest number of members of a grid that are examined."""


class Members(NamedTuple):
    """The valid networks among the examined members of a grid, in the grid's order."""

    numbers: list[int]
    looked_at: int
    fault: str | None
    """What is wrong with the first invalid member."""


def members(grid: Grid, sample: Sample | None) -> Members:
    """All valid members of a grid, or a uniform sample of them.

    For a sample, at most :data:`MOST_MEMBERS` members are drawn. The sample is smaller than asked
    if too few of them are valid.
    """
    if sample is None:
        drawn: Sequence[int] = range(grid.size)
        wanted = grid.size
    else:
        most = min(grid.size, MOST_MEMBERS)
        drawn = random.Random(sample.seed).sample(range(grid.size), most)
        wanted = sample.sample
    numbers: list[int] = []
    faults: list[str] = []
    for number in drawn:
        if len(numbers) == wanted:
            break
        if fault := grid.fault(number):
            faults.append(fault)
        else:
            numbers.append(number)
    return Members(sorted(numbers), len(numbers) + len(faults), faults[0] if faults else None)


class Share(Schema):
    """How many originals have solutions, among those with a known number of solutions."""

    approach: ApproachName
    budget: Budget
    tolerance: Tolerance
    originals: int = Field(description="Whose solutions were counted")
    feasible: int = Field(description="Those that have solutions")
    share: float | None = Field(description="The one over the other")
    median: float | None = Field(description="Median number of solutions of those that have some")
    unknown: int = Field(description="Originals whose solutions could not be counted")
    own: int | None = Field(description="Number of solutions of the network that was asked about")


class NearOriginal(Schema):
    """An original that has solutions, and its differences from the network asked about."""

    found: int = Field(description="Number of its solutions")
    changes: dict[str, tuple[int, int]] = Field(description="Fields that differ: from, to")
    difference: float = Field(description="Sum of the relative differences of these fields")
    architecture: Architecture


class NearestOriginals(Schema):
    """The nearest originals that have solutions, the nearest first."""

    approach: ApproachName
    budget: Budget
    tolerance: Tolerance
    originals: list[NearOriginal]


def share(question: Question, own: int | None, found: Iterable[int | None]) -> Share:
    """Summarise the numbers of solutions of the originals; ``None`` is an unknown number."""
    numbers = list(found)
    known = [number for number in numbers if number is not None]
    some = [number for number in known if number]
    return Share(
        approach=question.approach,
        budget=question.budget,
        tolerance=question.tolerance,
        originals=len(known),
        feasible=len(some),
        share=len(some) / len(known) if known else None,
        median=float(median(some)) if some else None,
        unknown=len(numbers) - len(known),
        own=own,
    )


def nearest(
    question: Question, grid: Grid, found: Iterable[tuple[int, int | None]], most: int
) -> NearestOriginals:
    """The first ``most`` originals with solutions; ``found`` is sorted by distance."""
    originals: list[NearOriginal] = []
    for number, solutions in found:
        if len(originals) == most:
            break
        if solutions:
            originals.append(_near(grid, number, solutions))
    return NearestOriginals(
        approach=question.approach,
        budget=question.budget,
        tolerance=question.tolerance,
        originals=originals,
    )


def _near(grid: Grid, number: int, solutions: int) -> NearOriginal:
    _, difference, _ = grid.distance(number)
    pairs = {name: (grid.own[name], value) for name, value in grid.values(number).items()}
    return NearOriginal(
        found=solutions,
        changes={name: (own, value) for name, (own, value) in pairs.items() if own != value},
        difference=float(difference),
        architecture=grid.member(number),
    )


def tightest(questions: Sequence[Question]) -> Iterator[int]:
    """Yield the place of the question with the least tolerance for each approach and budget."""
    places: dict[tuple[str, str], list[int]] = {}
    for place, question in enumerate(questions):
        places.setdefault((question.approach, question.budget), []).append(place)
    for candidates in places.values():
        yield min(candidates, key=lambda place: _width(questions[place].tolerance))


def _width(tolerance: Tolerance) -> float:
    return tolerance.below + tolerance.above
