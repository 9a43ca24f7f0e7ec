"""What approach V asks of widths and memory (Eqs. 23, 24)."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from solver.constraints.base import Constraint
from solver.network import memory
from solver.variation.polynomial import Polynomial
from solver.variation.template import Assignment, Template
from solver.variation.whole import Widths

if TYPE_CHECKING:
    from solver.engines.full.model import Model
    from solver.variation.numbers import Columns, Flags, Numbers


@dataclass(frozen=True)
class WithinWidths(Constraint):
    """The widths that a group may take: ``low ≤ w' ≤ high``, and ``step`` divides it (Eq. 24)."""

    symbol: str
    widths: Widths

    @property
    def name(self) -> str:
        """The group."""
        return f"width of {self.symbol}"

    @property
    def reads(self) -> frozenset[str]:
        """The width."""
        return frozenset({self.symbol})

    def post(self, model: "Model") -> None:
        """Declare the unknown as a number of steps times the step."""
        low, high, step = self.widths
        width = model.declare(self.symbol, low, high)
        model.cp.add_modulo_equality(0, width, step)

    def violations(self, assignment: Assignment) -> Iterator[str]:
        """Compare and divide."""
        low, high, step = self.widths
        width = assignment[self.symbol]
        if not low <= width <= high:
            yield f"{self.symbol} = {width} is outside {low}..{high}"
        if width % step:
            yield f"{self.symbol} = {width} is no multiple of {step}"

    def holds(self, rows: "Columns") -> "Flags":
        """Compare and divide."""
        low, high, step = self.widths
        width = rows[self.symbol]
        return (width >= low) & (width <= high) & (width % step == 0)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class MostParams(Constraint):
    """A bound on the parameters of a variant."""

    template: Template
    most: int

    name = "max_params"

    def post(self, model: "Model") -> None:
        """One inequality over the polynomial."""
        model.total(self.template.symbols.params, None, self.most)

    def violations(self, assignment: Assignment) -> Iterator[str]:
        """Count again and compare."""
        if (found := self.template.walk(assignment).params) > self.most:
            yield f"{found:,} parameters are more than {self.most:,}"

    def holds(self, rows: "Columns") -> "Flags":
        """Count again and compare."""
        return rows.params <= self.most  # type: ignore[no-any-return]


@dataclass(frozen=True)
class MostActivations(Constraint):
    """A bound on the largest number of elements alive at once (Eq. 23)."""

    template: Template
    most: int

    name = "max_activation_bytes"

    def post(self, model: "Model") -> None:
        """One inequality for each layer that runs."""
        for total in self._totals:
            model.total(total, None, self.most)

    @cached_property
    def _totals(self) -> list[Polynomial]:
        layers, links = self.template.symbols.layers, self.template.links
        totals = memory.alive(layers, links, self.template.symbols.shapes)
        return [Polynomial.constant(0) + total for total in totals]

    def violations(self, assignment: Assignment) -> Iterator[str]:
        """Walk through the layers and compare."""
        if (found := self.template.walk(assignment).activations) > self.most:
            yield f"{found:,} elements alive at once are more than {self.most:,}"

    def holds(self, rows: "Columns") -> "Flags":
        """Walk through the layers and compare."""
        found: Numbers = rows.activations
        return found <= self.most  # type: ignore[no-any-return]
