"""Requirements on ranges and on the sides of maps (Eqs. 4, 8, 11-13, 16-18, 20)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Final

from solver.architecture import (
    Conv2d,
    Pool2d,
    output_shape,
    reach,
)
from solver.constraints.base import Constraint, Relaxable
from solver.counting import coverage
from solver.coverage import Coverage
from solver.polynomial import Polynomial
from solver.problem import MAX_GEOMETRY, MAX_WIDTH, Range
from solver.template import Assignment, Template, convolutions, side_symbol

if TYPE_CHECKING:
    from solver.columns import Columns, Flags
    from solver.model import Model

LARGEST_TABLE: Final = 2_000_000
"""Most combinations that a table looks through: half a minute."""
WIDENED_TABLE: Final = 200_000
"""As many as an explanation can afford."""


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

    @property
    def reads(self) -> frozenset[str]:
        """That unknown."""
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
        """From the least value that makes sense to four times the highest (of 0: to 4)."""
        least = 0 if "padding" in self.field else 1
        is_width = self.field.startswith("out_")
        highest = MAX_WIDTH if is_width else min(MAX_GEOMETRY, 4 * max(1, self.bounds.high))
        return WithinRange(self.symbol, self.field, Range(least, highest))


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
        """One window after the other."""
        for index in range(self.template.junction + 1):
            post_window(model, self.template, index)

    def violations(self, assignment: Assignment) -> Iterator[str]:
        """Walk the chain with numbers."""
        yield from (reason for _, reason in _walk(self.template, assignment) if reason)

    def holds(self, rows: "Columns") -> "Flags":
        """Walk the chain with columns."""
        return rows.fits(self.template.junction)


def post_window(model: "Model", template: Template, index: int) -> None:
    """``slack = n + 2p − d(c−1) − 1 ≥ 0`` and ``side = slack // s + 1``, if a layer is a window."""
    if not isinstance(template.layers[index], Conv2d | Pool2d):
        return
    n, c = template.sides[index], template.field(index, "kernel_size")
    p, s = template.field(index, "padding"), template.field(index, "stride")
    d = template.field(index, "dilation")
    largest = model.high(n + 2 * p)
    slack = model.cp.new_int_var(0, largest, f"slack{index}")
    model.cp.add(slack == model.linear(n + 2 * p + -1 * d * (c + -1) + -1))
    side = model.declare(side_symbol(index + 1), 1, largest)
    model.cp.add_division_equality(side - 1, slack, model.linear(s))


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

    def holds(self, rows: "Columns") -> "Flags":
        """Compare the last side of the chain, where windows fit."""
        kept = self.template.sides[self.template.junction + 1].value
        junction = self.template.junction
        return (rows.sides[junction + 1] == kept) | ~rows.fits(junction)  # type: ignore


@dataclass(frozen=True)
class LargerKernel(Relaxable):
    """The first convolution's kernel grows: ``C1' > C1`` (Eqs. 9, 13, 14, 18, 20)."""

    kernel_size: int

    @property
    def name(self) -> str:
        """Its formula."""
        return "larger kernel (C1' > C1)"

    @property
    def reads(self) -> frozenset[str]:
        """The kernel."""
        return frozenset({"C1"})

    def post(self, model: "Model") -> None:
        """One inequality."""
        model.cp.add(model["C1"] >= self.kernel_size + 1)

    def violations(self, assignment: Assignment) -> Iterator[str]:
        """Compare."""
        if assignment["C1"] <= self.kernel_size:
            yield f"C1' = {assignment['C1']} is not larger than C1 = {self.kernel_size}"

    def holds(self, rows: "Columns") -> "Flags":
        """Compare."""
        return rows["C1"] > self.kernel_size  # type: ignore[no-any-return]


@dataclass(frozen=True)
class DivisibleByGroups(Relaxable):
    """Groups divide the channels on both of their sides: ``K1' mod g = 0`` (PyTorch's rule)."""

    symbol: str
    groups: int

    @property
    def name(self) -> str:
        """Its formula."""
        return f"{self.groups} groups divide {self.symbol}'"

    @property
    def reads(self) -> frozenset[str]:
        """The width."""
        return frozenset({self.symbol})

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

    def holds(self, rows: "Columns") -> "Flags":
        """Divide."""
        return rows[self.symbol] % self.groups == 0  # type: ignore[no-any-return]


def groups_divide_k1(*neighbours: Conv2d) -> list[Constraint]:
    """``K1'`` is a multiple of the groups of the convolutions that make and take its maps."""
    counts = {layer.groups for layer in neighbours if layer.groups > 1}
    return [DivisibleByGroups("K1", count) for count in sorted(counts)]


@dataclass(frozen=True)
class ProperPool(Constraint):
    """The added pool is one: ``Cp ≥ 2``, and ``2·Pp ≤ Cp`` (PyTorch's rule) (Eq. 12)."""

    @property
    def name(self) -> str:
        """Never dropped."""
        return "proper pool"

    @property
    def reads(self) -> frozenset[str]:
        """The kernel and the padding."""
        return frozenset({"Cp", "Pp"})

    def post(self, model: "Model") -> None:
        """Two inequalities."""
        model.cp.add(model["Cp"] >= 2)
        model.cp.add(2 * model["Pp"] <= model["Cp"])

    def violations(self, assignment: Assignment) -> Iterator[str]:
        """Compare."""
        kernel, padding = assignment["Cp"], assignment["Pp"]
        if kernel < 2:
            yield f"a pool with Cp = {kernel} is none"
        if 2 * padding > kernel:
            yield f"Pp = {padding} is more than half of Cp = {kernel}; PyTorch refuses such a pool"

    def holds(self, rows: "Columns") -> "Flags":
        """Compare."""
        kernel, padding = rows["Cp"], rows["Pp"]
        return (kernel >= 2) & (2 * padding <= kernel)  # type: ignore[no-any-return]


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

    @property
    def reads(self) -> frozenset[str]:
        """The resolution and conv1's."""
        return frozenset(symbol for symbol, _ in self.bounds)

    def post(self, model: "Model") -> None:
        """A table of the resolutions and of conv1's values that read enough.

        It spans the declared ranges, which an explanation may have widened, unless it would grow
        too large for that; then it spans what was asked.

        Raises
        ------
        OverflowError
            What was asked is too large for a table.
        """
        symbols = [symbol for symbol, _ in self.bounds]
        grid = [model.bounds(symbol) for symbol in symbols]
        if _size(grid) > WIDENED_TABLE:
            grid = [bounds for _, bounds in self.bounds]
        if _size(grid) > LARGEST_TABLE:
            raise OverflowError(
                f"min_coverage: the ranges make {_size(grid):,} combinations of "
                f"{', '.join(symbols)}; at most {LARGEST_TABLE:,} can be looked through"
            )
        rows = product(*(range(low, high + 1) for low, high in grid))
        share = Coverage(self.template).share
        enough = [row for row in rows if share(dict(zip(symbols, row, strict=True))) >= self.share]
        model.cp.add_allowed_assignments([model[symbol] for symbol in symbols], enough)

    def violations(self, assignment: Assignment) -> Iterator[str]:
        """Count the rows."""
        template = self.template
        *_, (_, misfit) = _walk(template, assignment, self._first)
        if misfit or coverage(template.architecture(assignment, self._first)) < self.share:
            yield f"conv1 reads less than {self.share:.0%} of the input's rows"

    def holds(self, rows: "Columns") -> "Flags":
        """Count the rows that windows read, row of values by row."""
        return Coverage(self.template).shares(rows) >= self.share  # type: ignore[no-any-return]

    @cached_property
    def _first(self) -> int:
        return convolutions(self.template.layers)[0][0]


def conv1_symbols(template: Template) -> set[str]:
    """Symbols of the first convolution's geometry."""
    first, _ = convolutions(template.layers)[0]
    fields = ("kernel_size", "padding", "stride", "dilation")
    return {
        s for (index, field), s in template.unknowns.items() if index == first and field in fields
    }


def _size(grid: Sequence[Range]) -> int:
    return prod(high - low + 1 for low, high in grid)


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
