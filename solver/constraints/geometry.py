"""Requirements on ranges and on the sides of maps (Eqs. 4, 8, 11-13, 16-18, 20)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import floor, prod
from typing import TYPE_CHECKING, Final

from solver.architecture import (
    Conv2d,
    Pool2d,
    output_shape,
    reach,
)
from solver.constraints.base import Constraint, Evidence, Relaxable
from solver.counting import coverage
from solver.coverage import Coverage
from solver.problem import MAX_GEOMETRY, MAX_WIDTH, Range
from solver.template import RESOLUTION, Assignment, Template, convolutions, side_symbol

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

    from solver.columns import Columns, Flags
    from solver.model import Model

LARGEST_TABLE: Final = 2_000_000
"""Most combinations that a table looks through: a quarter of a minute."""
LOOK_EVERY: Final = 256
"""Combinations between two looks at the clock."""
SHARES: Final = 10**9
"""Parts that shares of rows are compared in: finer than any two of up to 4,096 rows differ."""


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

    def excess(self, model: "Model") -> "cp_model.LinearExprT":
        """How much longer a range of all unknowns it bounds would be; of equals the higher one."""
        low, high = self.bounds
        down = model.slack(f"{self.name} down", low)
        up = model.slack(f"{self.name} up", model.bounds(self.symbol).high)
        model.cp.add(model[self.symbol] >= low - down)
        model.cp.add(model[self.symbol] <= high + up)
        return (low + 1) * (down + up) + down

    def reason(self, evidence: Evidence) -> str:
        """The range, and the one that would do."""
        (low, high), found = self.bounds, evidence.nearest
        down, up = found[f"{self.name} down"], found[f"{self.name} up"]
        symbols = [it.symbol for it in evidence.exceeded if isinstance(it, WithinRange)]
        outside = ", ".join(f"{symbol}' = {found[symbol]}" for symbol in symbols)
        return (
            f"{self.field} {low}..{high} leaves no solution; {low - down}..{high + up} "
            f"would leave one, with {outside}."
        )


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
        return f"same map after {self._layer}"

    def post(self, model: "Model") -> None:
        """Fix the side behind the junction."""
        model.cp.add(model[_last_side(self.template)] == self._kept)

    def violations(self, assignment: Assignment) -> Iterator[str]:
        """Compare the last side of the chain."""
        *_, (side, reason) = _walk(self.template, assignment)
        if reason is None and side != self._kept:
            yield f"the map after {self._layer} is {side}, not {self._kept}"

    def excess(self, model: "Model") -> "cp_model.LinearExprT":
        """How much the side differs."""
        side = _last_side(self.template)
        distance = model.cp.new_int_var(0, self._kept + model.bounds(side).high, "other side")
        model.cp.add_abs_equality(distance, model[side] - self._kept)
        return distance

    def reason(self, evidence: Evidence) -> str:
        """The side, and the nearest to it."""
        *_, (side, _) = _walk(self.template, evidence.nearest)
        return (
            f"The map after {self._layer} must stay {self._kept}×{self._kept}; the nearest that "
            f"all else leaves is {side}×{side}, with N' = {evidence.nearest[RESOLUTION]}."
        )

    @property
    def _layer(self) -> str | None:
        return self.template.layers[self.template.junction].name

    @cached_property
    def _kept(self) -> int:
        kept = self.template.sides[self.template.junction + 1].value
        assert kept is not None, "behind the junction every side is the original's"
        return kept

    def holds(self, rows: "Columns") -> "Flags":
        """Compare the last side of the chain, where windows fit."""
        junction = self.template.junction
        return (rows.sides[junction + 1] == self._kept) | ~rows.fits(junction)  # type: ignore


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

    def excess(self, model: "Model") -> "cp_model.LinearExprT":
        """How many pixels are missing."""
        return self.kernel_size + 1 - model["C1"]

    def reason(self, evidence: Evidence) -> str:
        """The kernel, and the largest."""
        return (
            f"C1' must be larger than C1 = {self.kernel_size}; the largest that all else leaves "
            f"is C1' = {evidence.nearest['C1']}."
        )


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
        model.cp.add(model[self.symbol] == self.groups * self._share(model))

    def violations(self, assignment: Assignment) -> Iterator[str]:
        """Divide."""
        if assignment[self.symbol] % self.groups:
            yield f"{self.groups} groups do not divide {self.symbol}' = {assignment[self.symbol]}"

    def holds(self, rows: "Columns") -> "Flags":
        """Divide."""
        return rows[self.symbol] % self.groups == 0  # type: ignore[no-any-return]

    def excess(self, model: "Model") -> "cp_model.LinearExprT":
        """How far the nearest multiple is."""
        width, most = model[self.symbol], self.groups * model.bounds(self.symbol).high
        distance = model.cp.new_int_var(0, most, f"{self.symbol} % {self.groups}")
        model.cp.add_abs_equality(distance, width - self.groups * self._share(model))
        return distance

    def reason(self, evidence: Evidence) -> str:
        """The groups, and the width nearest to a multiple of them."""
        return (
            f"{self.symbol}' must be a multiple of {self.groups}, the groups of a convolution; "
            f"the nearest to one that all else leaves is {evidence.nearest[self.symbol]}."
        )

    def _share(self, model: "Model") -> "cp_model.IntVar":
        largest = model.bounds(self.symbol).high
        return model.cp.new_int_var(1, largest, f"{self.symbol}/{self.groups}")


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

    @property
    def is_costly(self) -> bool:
        """Its table may be large."""
        return True

    def post(self, model: "Model") -> None:
        """A table of the resolutions and of conv1's values that read enough.

        Raises
        ------
        OverflowError
            The ranges are too large for a table.
        TimeoutError
            The model's deadline came first.
        """
        columns = [model[symbol] for symbol in self._symbols]
        rows = [row for row, share in self._table(model) if share >= self.share]
        model.cp.add_allowed_assignments(columns, rows)

    def violations(self, assignment: Assignment) -> Iterator[str]:
        """Count the rows."""
        template = self.template
        *_, (_, misfit) = _walk(template, assignment, self._first)
        if misfit or coverage(template.architecture(assignment, self._first)) < self.share:
            yield f"conv1 reads less than {self.share:.0%} of the input's rows"

    def holds(self, rows: "Columns") -> "Flags":
        """Count the rows that windows read, row of values by row."""
        return self._coverage.shares(rows) >= self.share  # type: ignore[no-any-return]

    def excess(self, model: "Model") -> "cp_model.LinearExprT":
        """What the share lacks of all rows."""
        lacking = model.slack(self.name, SHARES)
        columns = [*(model[symbol] for symbol in self._symbols), lacking]
        rows = [(*row, SHARES - int(share * SHARES)) for row, share in self._table(model)]
        model.cp.add_allowed_assignments(columns, rows)
        return lacking

    def reason(self, evidence: Evidence) -> str:
        """The share, the largest, and what to ask for."""
        N = evidence.nearest[RESOLUTION]
        read = self._coverage.rows(evidence.nearest)
        return (
            f"min_coverage {self.share} leaves no solution: conv1 reads {read} of {N} rows at "
            f"most where all else holds; {floor(read / N * 10_000) / 10_000} would leave one."
        )

    def _table(self, model: "Model") -> Iterator[tuple[tuple[int, ...], float]]:
        """Yield all combinations of what conv1 reads by, each with its share."""
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
