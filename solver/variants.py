"""Variants and answers: what a search finds, as frozen schemas."""

from typing import Final, Literal

from pydantic import ConfigDict, Field

from solver.approaches import APPROACHES
from solver.architecture import Architecture, Schema
from solver.counting import Counts, Delta, count, coverage, receptive_field
from solver.problem import Problem
from solver.table import Table
from solver.template import Assignment, Template

Outcome = Literal["complete", "truncated", "infeasible", "timed_out"]


class Variant(Schema):
    """A network with another resolution and the original's budget."""

    approach: str
    resolution: int
    assignment: dict[str, int] = Field(
        description="The primed unknowns by the paper's symbols; `N` is the resolution"
    )
    counts: Counts
    delta: Delta
    coverage: float = Field(description="Share of the input's rows that conv1 reads")
    receptive_field: int = Field(
        description="Receptive field, in input pixels, of the last layer before the first linear"
    )
    architecture: Architecture


class Explanation(Schema):
    """Why there is no solution, what comes nearest, and what would open one.

    What could not be told in time is left out: an empty list, or ``None``.
    """

    blocking: list[str] = Field(description="The requirements that stand in the way")
    nearest: Variant | None = Field(
        description="The network whose count comes nearest, all else kept; of two counts, in the "
        "sum of the shares by which they deviate"
    )
    reasons: list[str] = Field(
        default=[],
        description="Why each of them does, in this network's numbers, and what would do",
    )
    below: Variant | None = Field(
        default=None, description="The nearest with no count above the original's"
    )
    above: Variant | None = Field(
        default=None, description="The nearest with no count below the original's"
    )
    tolerance: float | None = Field(
        default=None,
        description="The smallest tolerance, to both sides, with which there is a solution",
    )


class SolverReport(Schema):
    """What CP-SAT says of the solve."""

    status: str
    wall_time: float = Field(description="Seconds")
    branches: int
    conflicts: int


COSTS: Final = ("params", "flops")
"""What is counted of each solution, beside its unknowns."""


class Answer(Schema):
    """What solving a problem gives: an outcome, and solutions in the stated order.

    ``symbols`` name the unknowns. ``table`` has a column for each of them and, of the whole
    network, one each for ``params`` and ``flops``; it takes no part in the answer's JSON.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    outcome: Outcome
    found: int
    symbols: tuple[str, ...]
    table: Table = Field(exclude=True, repr=False)
    solver: SolverReport
    explanation: Explanation | None = None

    @property
    def rows(self) -> list[tuple[int, ...]]:
        """The unknowns of each solution."""
        return list(self.table.rows(self.symbols))

    def assignments(self) -> list[dict[str, int]]:
        """The rows by symbol."""
        return [dict(zip(self.symbols, row, strict=True)) for row in self.rows]


class Describer:
    """Derives all that a variant's page shows from its assignment."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._template: Template = APPROACHES[problem.approach].template(problem.architecture)
        self._original = self.counts(problem.architecture)

    def counts(self, architecture: Architecture) -> Counts:
        """Counts as the problem asks for them, with pooling or without."""
        return count(architecture, count_pooling=self._problem.count_pooling)

    def bare_counts(self, assignment: Assignment) -> Counts:
        """Counts of the variant with these values, which are known to be valid."""
        return self.counts(self._template.architecture(assignment))

    def architecture(self, assignment: Assignment) -> Architecture:
        """The variant with these values, named after its original."""
        bare = self._template.architecture(assignment)
        original = self._problem.architecture.name
        if original is None:
            return bare
        name = f"{original[:150]}-{self._problem.approach}-{assignment['N']}px"
        return bare.model_copy(update={"name": name})

    def coverage(self, assignment: Assignment) -> float:
        """Share of the input's rows that conv1 of the variant with these values reads."""
        return coverage(self._template.architecture(assignment))

    def receptive_field(self, assignment: Assignment) -> int:
        """Receptive field of the variant with these values, in input pixels."""
        return receptive_field(self._template.architecture(assignment))

    def variant(self, assignment: Assignment) -> Variant:
        """Everything about the variant with these values."""
        architecture = self.architecture(assignment)
        counts, original = self.counts(architecture), self._original
        return Variant(
            approach=self._problem.approach,
            resolution=assignment["N"],
            assignment=dict(assignment),
            counts=counts,
            delta=Delta(
                params=counts.params - original.params,
                macs=counts.macs - original.macs,
                flops=counts.flops - original.flops,
            ),
            coverage=coverage(architecture),
            receptive_field=receptive_field(architecture),
            architecture=architecture,
        )
