"""Variants and answers, as frozen schemas."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Final, Literal

from pydantic import ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from solver.answers.table import AnswerTable
from solver.network.architecture import Architecture
from solver.network.counting import Counts, Delta, Span, Walk, count, share_read, span
from solver.network.layers import Layer, Shape
from solver.network.schema import ANSWERED, DEFERRED, Schema
from solver.problem import Best, Find, Problem
from solver.variation.coverage import Coverage
from solver.variation.template import Assignment
from solver.variation.unknown import RESOLUTION

Outcome = Literal["complete", "truncated", "infeasible", "timed_out"]

MOST_ROWS: Final = 2_000_000
"""CP-SAT is stopped after this many solutions; no ``limit`` is larger."""


def is_at_least(outcome: Outcome, found: int, find: Find) -> bool:
    """Whether there may be more solutions than were found.

    There may be more if time ran out, if CP-SAT was stopped, or if it looked for the best one by
    one and found one more than was asked for.
    """
    if outcome == "timed_out":
        return True
    is_one_more = isinstance(find, Best) and found == find.top + 1
    return outcome == "truncated" and (is_one_more or found == MOST_ROWS)


class Variant(Schema):
    """A network with another resolution and the original's budget."""

    model_config = DEFERRED

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

    Parts that were not found in time are empty lists, or ``None``. Of approach V the networks that
    come near are the nearest that were found in time, in the largest share by which a count
    deviates. Where time ran out for approach V itself, nothing is blocking, and the reasons say
    what is known.
    """

    model_config = ANSWERED | DEFERRED

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
        description="The smallest tolerance, to both sides, with which there is a solution; of "
        "approach V the smallest that was found in time",
    )


class SolverReport(Schema):
    """What CP-SAT says of the solve, and of approach V what is proved."""

    model_config = ANSWERED

    status: str
    wall_time: float = Field(description="Seconds")
    branches: int
    conflicts: int
    proved: bool | None = Field(
        default=None, description="V: whether no solution is better than the first"
    )
    bound: float | None = Field(
        default=None,
        description="V: no solution is better than this. Of `closest` the largest change of a "
        "width, as a factor; of `max_resolution` pixels; of `fewest_changes` groups; of "
        "`min_activations` elements",
    )


MEASURES: Final = (
    "params", "flops", "macs", "activations", "rows_read", "rows", "receptive_field"
)  # fmt: skip
"""What a table says of each solution besides its unknowns; all of it follows from them."""


class Answer(Schema):
    """The result of solving a problem: an outcome, and solutions in the stated order.

    ``symbols`` name the unknowns. ``table`` has a column for each of them, and one for each of
    :data:`MEASURES`. It is not part of the answer's JSON.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True) | DEFERRED

    outcome: Outcome
    found: int
    symbols: tuple[str, ...]
    table: AnswerTable = Field(exclude=True, repr=False)
    solver: SolverReport
    explanation: Explanation | None = None
    problem: SkipJsonSchema[Problem | None] = Field(default=None, exclude=True, repr=False)

    @property
    def rows(self) -> list[tuple[int, ...]]:
        """The values of the unknowns in each solution."""
        return list(self.table.rows(self.symbols))

    def assignments(self) -> list[dict[str, int]]:
        """The values of the unknowns in each solution, by symbol."""
        return [dict(zip(self.symbols, row, strict=True)) for row in self.rows]

    def variants(self) -> "Iterator[Variant]":
        """Yield the network of each solution, with its counts and measures.

        Raises
        ------
        ValueError
            The answer was read from a file or process, without its problem.
        """
        if self.problem is None:
            raise ValueError("an answer that was read has no variants; solve the request again")
        describer = Describer(self.problem)
        yield from map(describer.variant, self.assignments())


class Describer:
    """Derives everything that is shown of a variant from its assignment.

    The layers behind the junction are counted once for each shape of their input and each value of
    the unknowns in them.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._template = problem.template
        self._original = self.counts(problem.architecture)
        self._front = self._template.junction + 1
        self._behind = lru_cache(maxsize=1024)(self._counted_behind)
        self._coverage = Coverage(self._template)
        fields = self._template.fields.items()
        varying = {
            it for (place, _), field in fields if place >= self._front for it in field.symbols
        }
        self._symbols_behind = tuple(sorted(varying))

    def _walk(self, assignment: Assignment, layers: Sequence[Layer]) -> Walk:
        """A walk through the layers up to the junction."""
        image, end = self._problem.architecture.input.scaled(assignment[RESOLUTION]), self._front
        return Walk(layers[:end], self._template.links[:end], image)

    def _span(self, assignment: Assignment, walk: Walk | None = None) -> Span:
        """Count up to the junction, and add the layers behind it, which many variants share."""
        if walk is None:
            walk = self._template.walk(assignment, self._front)
        before = span(walk, count_pooling=self._problem.count_pooling)
        known = tuple([(it, assignment[it]) for it in self._symbols_behind if it in assignment])
        return before.then(self._behind(before.output, known))

    def _counted_behind(self, shape: Shape, known: tuple[tuple[str, int], ...]) -> Span:
        layers = self._template.substituted(dict(known))[self._front :]
        links = tuple(
            tuple(tensor - self._front for tensor in read)
            for read in self._template.links[self._front :]
        )
        return span(Walk(layers, links, shape), count_pooling=self._problem.count_pooling)

    def counts(self, architecture: Architecture) -> Counts:
        """Counts with or without pooling, as the problem asks."""
        return count(architecture, count_pooling=self._problem.count_pooling)

    def bare_counts(self, assignment: Assignment) -> Counts:
        """Counts of the variant with these values, which are not validated."""
        return self._span(assignment).counts

    def architecture(self, assignment: Assignment) -> Architecture:
        """The variant with these values, with a name made from the original's."""
        return self.named(self._template.substituted(assignment), assignment[RESOLUTION])

    def named(self, layers: Sequence[Layer], resolution: int) -> Architecture:
        """A network of these layers, with a name made from the original's."""
        name = self._problem.architecture.name
        if name is not None:
            name = f"{name[:150]}-{self._problem.approach}-{resolution}px"
        return self._template.built(layers, resolution, name)

    def coverage(self, assignment: Assignment) -> float:
        """Share of the input's rows that conv1 reads in the variant with these values."""
        return self._coverage.share(assignment)

    def receptive_field(self, assignment: Assignment) -> int:
        """Receptive field of the variant with these values, in input pixels."""
        return self._span(assignment).receptive_field

    def variant(self, assignment: Assignment) -> Variant:
        """Everything about the variant with these values."""
        return Variant.trusted(**self.fields(assignment))

    def fields(self, assignment: Assignment) -> dict[str, Any]:
        """The fields of a :class:`Variant`, which need no validation."""
        layers, resolution = self._template.substituted(assignment), assignment[RESOLUTION]
        walk = self._walk(assignment, layers)
        counted, original = self._span(assignment, walk), self._original
        return {
            "approach": self._problem.approach,
            "resolution": resolution,
            "assignment": dict(assignment),
            "counts": counted.counts,
            "delta": Delta.trusted(
                params=counted.params - original.params,
                macs=counted.macs - original.macs,
                flops=counted.flops - original.flops,
            ),
            "coverage": share_read(walk),
            "receptive_field": counted.receptive_field,
            "architecture": self.named(layers, resolution),
        }
