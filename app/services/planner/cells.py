"""The cells of a study, the grid of its originals, and what it asks about each of them."""

from collections.abc import Iterator
from typing import NamedTuple

from app.experiments.catalogue import content_id
from app.schemas.study_terms import StudyQuestion, StudyTerms
from solver.problem import ApproachName, Budget, Question, Ranges
from solver.survey.axes import axes_of
from solver.survey.grid import RESOLUTION, Grid
from solver.variation.unknown import Range


class Cell(NamedTuple):
    """A resolution of originals in pixels, an approach and a budget."""

    resolution: int
    approach: ApproachName
    budget: Budget

    def __str__(self) -> str:
        return f"{self.resolution} px, approach {self.approach}, equal {self.budget}"


def cells_of(asked: StudyQuestion) -> Iterator[Cell]:
    """Yield the cells of a study in their order: by resolution, then approach, then budget."""
    for resolution in asked.resolutions:
        for approach in asked.approaches:
            for budget in asked.budgets:
                yield Cell(resolution, approach, budget)


def has_controls(terms: StudyTerms, cell: Cell) -> bool:
    """Whether controls are trained in a cell."""
    if not terms.controls or terms.primary is None:
        return False
    return terms.controls_in == "all" or terms.decides_in(*cell)


def grid_of(asked: StudyTerms, resolution: int) -> Grid:
    """The grid of originals at a resolution."""
    axes = axes_of(asked.architecture, asked.grid)
    return Grid(asked.architecture, {RESOLUTION: (resolution,), **axes})


def higher(ranges: Ranges, resolution: int, native: int) -> Range | None:
    """The resolutions of variants: as asked, above the original's, and up to the native one.

    ``None`` if there are none.
    """
    asked = ranges.filled(resolution).resolution
    assert asked is not None, "it has a default"
    low, high = max(asked.low, resolution + 1), min(asked.high, native)
    return Range(low, high) if low <= high else None


def question_of(terms: StudyTerms, cell: Cell, resolutions: Range) -> Question:
    """What is asked about the originals of a cell, for variants of some resolutions."""
    return Question(
        approach=cell.approach,
        budget=cell.budget,
        scope=terms.scope,
        tolerance=terms.tolerance,
        ranges=terms.ranges.model_copy(update={"resolution": resolutions}),
    )


def control_of(terms: StudyTerms, cell: Cell) -> Question:
    """What is asked for the control of equal resolution.

    The kernel may stay as it is: at one resolution, few networks have an equal budget with a larger
    one.
    """
    question = question_of(terms, cell, Range(cell.resolution, cell.resolution))
    return question.model_copy(update={"kernel_grows": False})


def seed_of(terms: StudyTerms, *what: str | int) -> int:
    """The seed of one draw, the same on every machine: a hash of the study's seed and its name."""
    return int(content_id([terms.seed, *what]), 16) % 2**31
