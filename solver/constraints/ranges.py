"""Ranges of the unknowns (Section 4, or those of the request)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from solver.constraints.base import Constraint, Evidence, Relaxable
from solver.variation.template import Assignment
from solver.variation.unknown import Range, Role, Unknown

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

    from solver.engines.full.model import Model
    from solver.variation.numbers import Columns, Flags


@dataclass(frozen=True)
class WithinRange(Relaxable):
    """The range of one unknown: ``low ≤ x ≤ high`` (Section 4, or the request's)."""

    unknown: Unknown
    bounds: Range

    @property
    def symbol(self) -> str:
        """The symbol of the unknown."""
        return self.unknown.symbol

    @property
    def name(self) -> str:
        """The range as in a request."""
        return f"ranges.{self.unknown.range}"

    @property
    def reads(self) -> frozenset[str]:
        """The unknown."""
        return frozenset({self.symbol})

    def post(self, model: "Model") -> None:
        """Declare the unknown."""
        model.declare(self.symbol, *self.bounds)

    def violations(self, assignment: Assignment) -> Iterator[str]:
        """Compare."""
        low, high = self.bounds
        if not low <= assignment[self.symbol] <= high:
            yield f"{self.symbol}' = {assignment[self.symbol]} is outside {low}..{high}"

    def holds(self, rows: "Columns") -> "Flags":
        """Compare."""
        low, high = self.bounds
        return (rows[self.symbol] >= low) & (rows[self.symbol] <= high)  # type: ignore

    def relaxed(self) -> Constraint:
        """The range from the least sensible value to four times the highest (4 if that is 0)."""
        role = self.unknown.role
        is_width = role is Role.WIDTH
        highest = role.most if is_width else min(role.most, 4 * max(1, self.bounds.high))
        return WithinRange(self.unknown, Range(role.least, highest))

    def excess(self, model: "Model") -> "cp_model.LinearExprT":
        """By how much the range must grow for all its unknowns; growing upwards wins ties."""
        low, high = self.bounds
        down = model.slack(f"{self.name} down", low)
        up = model.slack(f"{self.name} up", model.bounds(self.symbol).high)
        model.cp.add(model[self.symbol] >= low - down)
        model.cp.add(model[self.symbol] <= high + up)
        return (low + 1) * (down + up) + down

    def reason(self, evidence: Evidence) -> str:
        """The range, and the range that would leave a solution."""
        (low, high), found = self.bounds, evidence.nearest
        down, up = found[f"{self.name} down"], found[f"{self.name} up"]
        symbols = [it.symbol for it in evidence.exceeded if isinstance(it, WithinRange)]
        outside = ", ".join(f"{symbol}' = {found[symbol]}" for symbol in symbols)
        return (
            f"{self.unknown.range} {low}..{high} leaves no solution; {low - down}..{high + up} "
            f"would leave one, with {outside}."
        )
