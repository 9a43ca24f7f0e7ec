"""The share of the input's rows that conv1 reads."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import floor, prod
from typing import TYPE_CHECKING, Final

from solver.constraints.base import Evidence, Relaxable
from solver.constraints.maps import walk_maps
from solver.network.counting import share_read
from solver.variation.coverage import Coverage
from solver.variation.template import Assignment, Template, convolutions
from solver.variation.unknown import RESOLUTION, Range

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

    from solver.engines.full.model import Model
    from solver.variation.numbers import Columns, Flags

LARGEST_TABLE: Final = 2_000_000
"""Largest number of combinations for a table: 15 s."""
LOOK_EVERY: Final = 256
"""Combinations between two checks of the deadline."""
SHARES: Final = 10**9
"""Units in which shares are compared: finer than the difference of any two of 4,096 rows."""


@dataclass(frozen=True)
class MinCoverage(Relaxable):
    """conv1 reads at least this share of the input's rows."""

    template: Template
    share: float
    bounds: tuple[tuple[str, Range], ...]

    name = "min_coverage"
    is_costly = True  # its table may be large

    @property
    def reads(self) -> frozenset[str]:
        """The resolution and conv1's unknowns."""
        return frozenset(symbol for symbol, _ in self.bounds)

    def post(self, model: "Model") -> None:
        """A table of the values with which conv1 reads enough.

        Raises
        ------
        OverflowError
            The ranges are too large for a table.
        TimeoutError
            The model's deadline has passed.
        """
        columns = [model[symbol] for symbol in self._symbols]
        rows = [row for row, share in self._table(model) if share >= self.share]
        model.cp.add_allowed_assignments(columns, rows)

    def violations(self, assignment: Assignment) -> Iterator[str]:
        """Count the rows."""
        front = self.template.walk(assignment, self._first + 1)
        *_, (_, misfit) = walk_maps(self.template, assignment, self._first + 1)
        if misfit or share_read(front) < self.share:
            yield f"conv1 reads less than {self.share:.0%} of the input's rows"

    def holds(self, rows: "Columns") -> "Flags":
        """Compare the shares."""
        return self._coverage.shares(rows) >= self.share  # type: ignore[no-any-return]

    def excess(self, model: "Model") -> "cp_model.LinearExprT":
        """The share of rows that is not read."""
        lacking = model.slack(self.name, SHARES)
        columns = [*(model[symbol] for symbol in self._symbols), lacking]
        rows = [(*row, SHARES - int(share * SHARES)) for row, share in self._table(model)]
        model.cp.add_allowed_assignments(columns, rows)
        return lacking

    def reason(self, evidence: Evidence) -> str:
        """The share, the largest possible share, and what to ask for instead."""
        N = evidence.nearest[RESOLUTION]
        read = self._coverage.rows(evidence.nearest)
        return (
            f"min_coverage {self.share} leaves no solution: conv1 reads {read} of {N} rows at "
            f"most where all else holds; {floor(read / N * 10_000) / 10_000} would leave one."
        )

    def _table(self, model: "Model") -> Iterator[tuple[tuple[int, ...], float]]:
        """Yield every combination of the values that coverage depends on, with its share."""
        grid = [model.bounds(symbol) for symbol in self._symbols]
        if _size(grid) > LARGEST_TABLE:
            raise OverflowError(
                f"min_coverage: the ranges make {_size(grid):,} combinations of "
                f"{', '.join(self._symbols)}; at most {LARGEST_TABLE:,} can be looked through"
            )
        rows = product(*(range(low, high + 1) for low, high in grid))
        for number, row in enumerate(rows):
            if number % LOOK_EVERY == 0 and not model.seconds_left:
                raise TimeoutError(self.name)
            values = dict(zip(self._symbols, row, strict=True))
            yield row, self._coverage.rows(values) / values[RESOLUTION]

    @cached_property
    def _coverage(self) -> Coverage:
        return Coverage(self.template)

    @cached_property
    def _symbols(self) -> list[str]:
        return [symbol for symbol, _ in self.bounds]

    @cached_property
    def _first(self) -> int:
        return convolutions(self.template.layers)[0]


def _size(grid: Sequence[Range]) -> int:
    return prod(high - low + 1 for low, high in grid)
