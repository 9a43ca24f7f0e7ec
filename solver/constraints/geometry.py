"""Requirements on ranges and on the sides of maps (Eqs. 4, 8, 11-13, 16-18, 20)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Final

from solver.architecture import (
    Conv2d,
    GlobalAvgPool2d,
    Pool2d,
    out_side,
    output_shape,
    reach,
    stride_of,
)
from solver.constraints.base import Constraint, Relaxable
from solver.counting import coverage
from solver.polynomial import Polynomial
from solver.problem import MAX_GEOMETRY, MAX_WIDTH, Range
from solver.template import RESOLUTION, Assignment, Template, convolutions, side_symbol

if TYPE_CHECKING:
    from solver.model import Model

LARGEST_TABLE: Final = 2_000_000
"""Most combinations that a table looks through: half a minute."""
WIDENED_TABLE: Final = 200_000
"""As many as an explanation can afford."""
WHOLE_MAP: Final = 0
"""Kernel of a global pool."""


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
        enough = [row for row in rows if self._reads_enough(dict(zip(symbols, row, strict=True)))]
        model.cp.add_allowed_assignments([model[symbol] for symbol in symbols], enough)

    def violations(self, assignment: Assignment) -> Iterator[str]:
        """Count the rows."""
        template = self.template
        *_, (_, misfit) = _walk(template, assignment, self._first)
        if misfit or coverage(template.architecture(assignment, self._first)) < self.share:
            yield f"conv1 reads less than {self.share:.0%} of the input's rows"

    def _reads_enough(self, values: Assignment) -> bool:
        windows = tuple(
            tuple(values[item] if isinstance(item, str) else item for item in window)
            for window in self._windows
        )
        return _rows_read(values[RESOLUTION], windows) / values[RESOLUTION] >= self.share

    @cached_property
    def _first(self) -> int:
        return convolutions(self.template.layers)[0][0]

    @cached_property
    def _windows(self) -> list[tuple[str | int, ...]]:
        """Kernel, padding, stride and dilation of each layer to conv1, as numbers or symbols."""
        template = self.template
        found: list[tuple[str | int, ...]] = []
        for index, layer in enumerate(template.layers[: self._first + 1]):
            if isinstance(layer, GlobalAvgPool2d):
                found.append((WHOLE_MAP, 0, 1, 1))
            elif isinstance(layer, Conv2d | Pool2d):
                dilation = layer.dilation if isinstance(layer, Conv2d) else 1
                fields = {
                    "kernel_size": layer.kernel_size,
                    "padding": layer.padding,
                    "stride": stride_of(layer),
                    "dilation": dilation,
                }
                found.append(
                    tuple(template.unknowns.get((index, name), it) for name, it in fields.items())
                )
        return found


@lru_cache(maxsize=2**17)
def _rows_read(n: int, windows: tuple[tuple[int, ...], ...]) -> int:
    """How many rows of an input of side ``n`` a chain of windows reads; 0 if one does not fit.

    A window is its kernel, padding, stride and dilation. Rows are the bits of an integer.
    """
    sides = [n]
    for c, p, s, d in windows:
        if c != WHOLE_MAP and d * (c - 1) + 1 > sides[-1] + 2 * p:
            return 0
        sides.append(1 if c == WHOLE_MAP else out_side(sides[-1], c, p, s, d))
    read = (1 << sides.pop()) - 1
    for c, p, s, d in reversed(windows):
        side = sides.pop()
        spread = _repeated(_spaced(read, s), d, c or side)
        read = spread >> p & (1 << side) - 1
    return read.bit_count()


def _spaced(rows: int, step: int) -> int:
    """Rows moved apart: row ``i`` becomes row ``i · step``."""
    count = rows.bit_length()
    if step == 1 or not rows:
        return rows
    if rows == (1 << count) - 1:
        return _repeated(1, step, count)
    return sum(1 << row * step for row in range(count) if rows >> row & 1)


def _repeated(rows: int, step: int, times: int) -> int:
    """Rows and copies of them, each ``step`` further on; doubled, not added one by one."""
    done = 1
    while done < times:
        more = min(done, times - done)
        rows |= rows << more * step
        done += more
    return rows


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
