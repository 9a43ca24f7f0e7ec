"""Equal budgets: Eq. 1 over the whole network, and the printed Eqs. 15 and 19."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from solver import counting
from solver.constraints.base import Relaxable
from solver.polynomial import Polynomial
from solver.problem import Range, Tolerance
from solver.template import Assignment, Template

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

    from solver.model import Model


FAR: Final = 1024
"""A count that is larger by this factor is near to nothing."""
MOST_COUNTED: Final = 2**58
"""Largest count that a deviation is taken of, unless the original's is larger."""


@dataclass(frozen=True)
class EqualBudget(Relaxable):
    """``D' = D``, or ``D'`` within the tolerance's band around ``D`` (Eq. 1 and footnote 3).

    ``width`` is the unknown that most of ``D'`` is proportional to: ``D' = width · w + rest``.
    """

    template: Template
    tolerance: Tolerance
    width: str

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


@dataclass(frozen=True)
class FirstTwoConvolutions:
    """The fixed numbers in Eqs. 15 and 19."""

    D: int
    """Channels of the first convolution's input."""
    K2: int
    """Filters of the second convolution."""
    M1: Polynomial
    """Side of the first convolution's map in the variant, ``M1'``."""
    M2: int
    """Side of the second convolution's map, the same in both."""
    original: Assignment
    """``K1, C1, C2`` and ``M1`` of the original."""


@dataclass(frozen=True)
class Equation15(EqualBudget):
    """``K1'·C1'²·D + K2·C2'²·K1' = K1·C1²·D + K2·C2²·K1`` (Eq. 15, as printed)."""

    given: FirstTwoConvolutions

    @property
    def name(self) -> str:
        """Which count."""
        return "equal params (Eq. 15)"

    @property
    def target(self) -> int:
        """The right side."""
        return self._printed(self.given.original)

    @property
    def side(self) -> Polynomial:
        """The left side."""
        K1, C1, C2 = (Polynomial.symbol(name) for name in ("K1", "C1", "C2"))
        return K1 * C1 * C1 * self.given.D + self.given.K2 * C2 * C2 * K1

    def count(self, assignment: Assignment) -> int:
        """The left side in numbers."""
        return self._printed(assignment)

    def _printed(self, values: Assignment) -> int:
        K1, C1, C2 = values["K1"], values["C1"], values["C2"]
        return K1 * C1**2 * self.given.D + self.given.K2 * C2**2 * K1


@dataclass(frozen=True)
class Equation19(EqualBudget):
    """``D·M1'²·C1'²·K1' + M2²·K1'·C2'²·K2 = D·M1²·C1²·K1 + M2²·K1·C2²·K2`` (Eq. 19, as printed)."""

    given: FirstTwoConvolutions

    @property
    def name(self) -> str:
        """Which count."""
        return "equal flops (Eq. 19)"

    @property
    def target(self) -> int:
        """The right side."""
        return self._printed(self.given.original, self.given.original["M1"])

    @property
    def side(self) -> Polynomial:
        """The left side."""
        K1, C1, C2 = (Polynomial.symbol(name) for name in ("K1", "C1", "C2"))
        D, K2, M1, M2 = self.given.D, self.given.K2, self.given.M1, self.given.M2
        return D * M1 * M1 * C1 * C1 * K1 + M2 * M2 * K2 * K1 * C2 * C2

    def count(self, assignment: Assignment) -> int:
        """The left side in numbers."""
        return self._printed(assignment, self.template.side_behind(self._first, assignment))

    @property
    def _first(self) -> int:
        return next(
            index for (index, _), symbol in self.template.unknowns.items() if symbol == "C1"
        )

    def _printed(self, values: Assignment, M1: int) -> int:
        K1, C1, C2 = values["K1"], values["C1"], values["C2"]
        D, K2, M2 = self.given.D, self.given.K2, self.given.M2
        return D * M1**2 * C1**2 * K1 + M2**2 * K1 * C2**2 * K2
