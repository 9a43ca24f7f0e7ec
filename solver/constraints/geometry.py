"""Requirements on ranges and on the sides of maps (Eqs. 4, 8, 11-13, 16-18, 20)."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from solver.architecture import Conv2d, Pool2d, output_shape, reach
from solver.constraints.base import Constraint, Relaxable
from solver.counting import coverage
from solver.polynomial import Polynomial
from solver.problem import MAX_GEOMETRY, MAX_WIDTH, Range
from solver.template import Assignment, Template, side_symbol

if TYPE_CHECKING:
    from solver.model import Model


@dataclass(frozen=True)
class WithinRange(Relaxable):
    """The range of one unknown: ``low ≤ x ≤ high`` (Section 4, or as asked)."""

    symbol: str
    field: str
    bounds: Range

    @property
    def name(self) -> str:
        """The range, as the request spells it."""
        return f"ranges.{self.field}"

    def post(self, model: "Model") -> None:
        """Declare the unknown."""
        model.declare(self.symbol, *self.bounds)

    def violations(self, assignment: Assignment) -> Iterator[str]:
        """Compare."""
        low, high = self.bounds
        if not low <= assignment[self.symbol] <= high:
            yield f"{self.symbol}' = {assignment[self.symbol]} is outside {low}..{high}"

    def relaxed(self) -> Constraint:
        """A range four times as wide, from the least value that makes sense."""
        least = 0 if "padding" in self.field else 1
        is_width = self.field.startswith("out_")
        wide = Range(least, MAX_WIDTH if is_width else min(MAX_GEOMETRY, 4 * self.bounds.high))
        return WithinRange(self.symbol, self.field, wide)


@dataclass(frozen=True)
class MapSizes(Constraint):
    """Eq. 4 along the chain of layers, as far as the junction (Eqs. 11, 12, 16, 17).

    ``out(n; c, p, s, d) = ⌊(n + 2p − d(c−1) − 1)/s⌋ + 1``, valid only if ``n + 2p ≥ d(c−1) + 1``.
    """

    template: Template

    @property
    def name(self) -> str:
        """Never dropped."""
        return "map sizes"

    def post(self, model: "Model") -> None:
        """``slack = n + 2p − d(c−1) − 1 ≥ 0`` and ``side = slack // s + 1``."""
        template = self.template
        for index, layer in enumerate(template.layers[: template.junction + 1]):
            if not isinstance(layer, Conv2d | Pool2d):
                continue
            n, c = template.sides[index], template.field(index, "kernel_size")
            p, s = template.field(index, "padding"), template.field(index, "stride")
            d = template.field(index, "dilation")
            largest = model.high(n + 2 * p)
            slack = model.cp.new_int_var(0, largest, f"slack{index}")
            model.cp.add(slack == model.linear(n + 2 * p + -1 * d * (c + -1) + -1))
            side = model.declare(side_symbol(index + 1), 1, largest)
            model.cp.add_division_equality(side - 1, slack, model.linear(s))

    def violations(self, assignment: Assignment) -> Iterator[str]:
        """Walk the chain with numbers."""
        yield from (reason for _, reason in _walk(self.template, assignment) if reason)


@dataclass(frozen=True)
class SameMap(Relaxable):
    """The rest of the network sees the map it saw before: ``M2' = M2`` (Eqs. 8, 13, 18, 20)."""

    template: Template

    @property
    def name(self) -> str:
        """Which map."""
        return f"same map after {self.template.layers[self.template.junction].name}"

    def post(self, model: "Model") -> None:
        """Fix the side behind the junction."""
        template = self.template
        kept = template.sides[template.junction + 1].value
        assert kept is not None, "behind the junction every side is the original's"
        model.cp.add(model[_last_side(template)] == kept)

    def violations(self, assignment: Assignment) -> Iterator[str]:
        """Compare the last side of the chain."""
        template = self.template
        kept = template.sides[template.junction + 1].value
        *_, (side, reason) = _walk(template, assignment)
        if reason is None and side != kept:
            yield f"the map after {template.layers[template.junction].name} is {side}, not {kept}"


@dataclass(frozen=True)
class LargerKernel(Relaxable):
    """The first convolution's kernel grows: ``C1' > C1`` (Eqs. 9, 13, 14, 18, 20)."""

    kernel_size: int

    @property
    def name(self) -> str:
        """Its formula."""
        return "larger kernel (C1' > C1)"

    def post(self, model: "Model") -> None:
        """One inequality."""
        model.cp.add(model["C1"] >= self.kernel_size + 1)

    def violations(self, assignment: Assignment) -> Iterator[str]:
        """Compare."""
        if assignment["C1"] <= self.kernel_size:
            yield f"C1' = {assignment['C1']} is not larger than C1 = {self.kernel_size}"


@dataclass(frozen=True)
class DivisibleByGroups(Relaxable):
    """Groups divide the channels on both of their sides: ``K1' mod g = 0`` (PyTorch's rule)."""

    symbol: str
    groups: int

    @property
    def name(self) -> str:
        """Its formula."""
        return f"{self.groups} groups divide {self.symbol}'"

    def post(self, model: "Model") -> None:
        """``K1' = g · q``."""
        width = model[self.symbol]
        largest = model.high(Polynomial.symbol(self.symbol))
        share = model.cp.new_int_var(1, largest, f"{self.symbol}/{self.groups}")
        model.cp.add(width == self.groups * share)

    def violations(self, assignment: Assignment) -> Iterator[str]:
        """Divide."""
        if assignment[self.symbol] % self.groups:
            yield f"{self.groups} groups do not divide {self.symbol}' = {assignment[self.symbol]}"


@dataclass(frozen=True)
class MinCoverage(Relaxable):
    """conv1 reads at least this share of the input's rows."""

    template: Template
    share: float
    bounds: tuple[tuple[str, Range], ...]

    @property
    def name(self) -> str:
        """As the request spells it."""
        return "min_coverage"

    def post(self, model: "Model") -> None:
        """A table of the resolutions and of conv1's values that read enough."""
        symbols = [symbol for symbol, _ in self.bounds]
        rows = [
            row for row in _grid(self.bounds) if self._holds(dict(zip(symbols, row, strict=True)))
        ]
        model.cp.add_allowed_assignments([model[symbol] for symbol in symbols], rows)

    def violations(self, assignment: Assignment) -> Iterator[str]:
        """Count the rows."""
        if not self._holds(assignment):
            yield f"conv1 reads less than {self.share:.0%} of the input's rows"

    def _holds(self, assignment: Assignment) -> bool:
        template = self.template
        first = next(i for i, layer in enumerate(template.layers) if isinstance(layer, Conv2d))
        *_, (_, misfit) = _walk(template, assignment, first)
        return misfit is None and coverage(template.architecture(assignment, first)) >= self.share


def conv1_symbols(template: Template) -> set[str]:
    """Symbols of the first convolution's geometry."""
    first = next(i for i, layer in enumerate(template.layers) if isinstance(layer, Conv2d))
    fields = ("kernel_size", "padding", "stride", "dilation")
    return {
        s for (index, field), s in template.unknowns.items() if index == first and field in fields
    }


def _grid(bounds: tuple[tuple[str, Range], ...]) -> Iterator[tuple[int, ...]]:
    return product(*(range(low, high + 1) for _, (low, high) in bounds))


def _last_side(template: Template) -> str:
    """Symbol of the side that the chain ends with."""
    sided = [
        index
        for index, layer in enumerate(template.layers[: template.junction + 1])
        if isinstance(layer, Conv2d | Pool2d)
    ]
    return side_symbol(sided[-1] + 1 if sided else 0)


def _walk(
    template: Template, assignment: Assignment, last: int | None = None
) -> Iterator[tuple[int, str | None]]:
    """Yield the side of the input and of each map to the last layer, or why a window misfits."""
    last = template.junction if last is None else last
    resolution, layers = template.variant(assignment, last)
    shape: tuple[int, ...] = (1, resolution, resolution)
    yield resolution, None
    for layer in layers:
        if isinstance(layer, Conv2d | Pool2d) and reach(layer) > shape[1] + 2 * layer.padding:
            yield 0, f"kernel {layer.kernel_size} of {layer.name} does not fit its input"
            return
        shape = output_shape(layer, shape)
        yield shape[1], None
