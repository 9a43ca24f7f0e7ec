"""Widths as multiples of the groups of convolutions."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from solver.constraints.base import Evidence, Relaxable
from solver.variation.template import Assignment

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

    from solver.engines.full.model import Model
    from solver.variation.numbers import Columns, Flags


@dataclass(frozen=True)
class DivisibleByGroups(Relaxable):
    """Groups divide the channels that they make and read: ``K1' mod g = 0`` (PyTorch's rule).

    The remainder may differ from 0 if a grouped convolution reads other channels as well.
    """

    symbol: str
    groups: int
    remainder: int = 0

    @property
    def name(self) -> str:
        """Its formula."""
        return f"{self.groups} groups divide {self._divided}"

    @property
    def _divided(self) -> str:
        less = f" − {self.remainder}" if self.remainder else ""
        return f"{self.symbol}'{less}"

    @property
    def reads(self) -> frozenset[str]:
        """The width."""
        return frozenset({self.symbol})

    def post(self, model: "Model") -> None:
        """``K1' = g · q + r``."""
        model.cp.add(model[self.symbol] == self.groups * self._share(model) + self.remainder)

    def violations(self, assignment: Assignment) -> Iterator[str]:
        """Divide."""
        if assignment[self.symbol] % self.groups != self.remainder:
            left = assignment[self.symbol] - self.remainder
            yield f"{self.groups} groups do not divide {self._divided} = {left}"

    def holds(self, rows: "Columns") -> "Flags":
        """Divide."""
        return rows[self.symbol] % self.groups == self.remainder  # type: ignore[no-any-return]

    def excess(self, model: "Model") -> "cp_model.LinearExprT":
        """Distance to the nearest multiple."""
        width, most = model[self.symbol], self.groups * model.bounds(self.symbol).high
        distance = model.cp.new_int_var(0, most, f"{self.symbol} % {self.groups}")
        whole = self.groups * self._share(model) + self.remainder
        model.cp.add_abs_equality(distance, width - whole)
        return distance

    def reason(self, evidence: Evidence) -> str:
        """The groups, and the possible width that is nearest to a multiple of them."""
        return (
            f"{self._divided} must be a multiple of {self.groups}, the groups of a convolution; "
            f"the nearest to one that all else leaves is {evidence.nearest[self.symbol]}."
        )

    def _share(self, model: "Model") -> "cp_model.IntVar":
        largest = model.bounds(self.symbol).high
        least = 0 if self.remainder else 1
        return model.cp.new_int_var(least, largest, f"{self.symbol}/{self.groups}")
