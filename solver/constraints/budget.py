"""Equal budgets: Eq. 1 over the whole network."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from solver import counting
from solver.constraints.base import Relaxable
from solver.polynomial import Polynomial
from solver.problem import Range, Tolerance
from solver.template import RESOLUTION, Assignment, Template

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

    from solver.columns import Columns, Flags, Numbers
    from solver.model import Model


FAR: Final = 1024
"""A count that is larger by this factor is near to nothing."""
MOST_COUNTED: Final = 2**58
"""Largest count that a deviation is taken of, unless the original's is larger."""


@dataclass(frozen=True)
class EqualBudget(Relaxable):
    """``D' = D``, or ``D'`` within the tolerance's band around ``D`` (Eq. 1 and footnote 3).

    ``width`` is the unknown that most of ``D'`` is proportional to, if there is one:
    ``D' = width · w + rest``.
    """

    template: Template
    tolerance: Tolerance
    width: str | None

    @property
    @abstractmethod
    def target(self) -> int:
        """``D``: the original's count."""

    @property
    @abstractmethod
    def side(self) -> Polynomial:
        """``D'`` for the encoding."""

    @abstractmethod
    def count(self, assignment: Assignment) -> int:
        """``D'`` in plain numbers."""

    @abstractmethod
    def counts(self, rows: "Columns") -> "Numbers":
        """``D'`` of many assignments."""

    @cached_property
    def band(self) -> Range:
        """Counts that pass: inclusive."""
        return self.tolerance.band(self.target)

    def post(self, model: "Model") -> None:
        """``low ≤ width · w + rest ≤ high``."""
        model.cp.add(model.total(self.side, self.width, self.band.high) >= self.band.low)

    def deviation(self, model: "Model") -> "cp_model.IntVar":
        """``|D' − D|`` as a variable, for counts up to ``FAR · D``."""
        most = max(2 * self.target, min(model.high(self.side), FAR * self.target, MOST_COUNTED))
        total = model.total(self.side, self.width, most)
        distance = model.cp.new_int_var(0, most - self.target, f"deviation of {self.name}")
        model.cp.add_abs_equality(distance, total - self.target)
        return distance

    def violations(self, assignment: Assignment) -> Iterator[str]:
        """Count again and compare."""
        found = self.count(assignment)
        if not self.band.low <= found <= self.band.high:
            yield f"{self.name}: {found:,} is not within {self.band.low:,}..{self.band.high:,}"

    def holds(self, rows: "Columns") -> "Flags":
        """Count again and compare."""
        found = self.counts(rows)
        is_within = (found >= self.band.low) & (found <= self.band.high)
        return (rows[RESOLUTION] > 0) & is_within  # type: ignore[no-any-return]


@dataclass(frozen=True)
class EqualParams(EqualBudget):
    """Eq. 1, ``D`` the parameters of the whole network (Eqs. 2, 3)."""

    @property
    def name(self) -> str:
        """Which count."""
        return "equal params"

    @property
    def target(self) -> int:
        """Counted over every layer."""
        return counting.params(self.template.original)

    @property
    def side(self) -> Polynomial:
        """Summed over every layer, as the unknowns change it."""
        return self.template.params

    def count(self, assignment: Assignment) -> int:
        """Build the variant and count it."""
        return counting.params(self.template.architecture(assignment))

    def counts(self, rows: "Columns") -> "Numbers":
        """Count layer by layer."""
        return rows.params


@dataclass(frozen=True)
class EqualFlops(EqualBudget):
    """Eq. 1, ``D`` the FLOPs of the whole network (Eq. 5)."""

    count_pooling: bool

    @property
    def name(self) -> str:
        """Which count."""
        return "equal flops"

    @property
    def target(self) -> int:
        """Counted over every layer."""
        return counting.flops(self.template.original, count_pooling=self.count_pooling)

    @property
    def side(self) -> Polynomial:
        """Summed over every layer, as the unknowns change it."""
        return self.template.flops(count_pooling=self.count_pooling)

    def count(self, assignment: Assignment) -> int:
        """Build the variant and count it."""
        variant = self.template.architecture(assignment)
        return counting.flops(variant, count_pooling=self.count_pooling)

    def counts(self, rows: "Columns") -> "Numbers":
        """Count layer by layer."""
        return rows.flops(count_pooling=self.count_pooling)
