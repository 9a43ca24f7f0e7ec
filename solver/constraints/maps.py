"""Sides of maps, and windows that make them (Eqs. 4, 8, 11-13, 16-18, 20)."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from solver.constraints.base import Constraint, Evidence, Relaxable
from solver.network.layers import Join, Shape, Sliding
from solver.variation.polynomial import Polynomial
from solver.variation.symbols import side_symbol
from solver.variation.template import Assignment, Template
from solver.variation.unknown import RESOLUTION

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

    from solver.engines.full.model import Model
    from solver.variation.numbers import Columns, Flags


@dataclass(frozen=True)
class MapSizes(Constraint):
    """Eq. 4 for each layer up to the junction (Eqs. 11, 12, 16, 17).

    ``out(n; c, p, s, d) = ⌊(n + 2p − d(c−1) − 1)/s⌋ + 1``, valid only if ``n + 2p ≥ d(c−1) + 1``.
    Maps that are joined must agree.
    """

    template: Template

    name = "map sizes"

    def post(self, model: "Model") -> None:
        """One layer after another."""
        for place, _ in enumerate(self.template.layers[: self.template.junction + 1]):
            post_side(model, self.template, place)

    def violations(self, assignment: Assignment) -> Iterator[str]:
        """Walk through the layers with numbers."""
        end = self.template.junction + 1
        yield from (reason for _, reason in walk_maps(self.template, assignment, end) if reason)

    def holds(self, rows: "Columns") -> "Flags":
        """Walk through the layers with columns."""
        return rows.front_fits  # type: ignore[no-any-return]


def post_side(model: "Model", template: Template, place: int) -> None:
    """Post the side of a layer's output, if the layer is a window or a join."""
    layer = template.symbols.layers[place]
    if isinstance(layer, Join):
        _post_join(model, template, place)
    elif isinstance(layer, Sliding) and not layer.keeps_sides:
        _post_window(model, template, place, layer)


def _post_join(model: "Model", template: Template, place: int) -> None:
    """``side = max n``, each ``n`` is ``side`` or 1; all are equal if the join does not stretch."""
    symbols = template.symbols
    unlike, symbol = symbols.unlike_sides(place), side_symbol(place + 1)
    if not unlike:
        return
    if symbols.side(place + 1) != Polynomial.symbol(symbol):
        for n in unlike:
            model.cp.add(model.linear(n) == model.linear(symbols.side(place + 1)))
        return
    side = model.declare(symbol, 1, max(model.high(n) for n in unlike))
    sides = [model.linear(n) for n in unlike]
    model.cp.add_max_equality(side, sides)
    for one in sides:
        is_whole = model.cp.new_bool_var(f"{one} is {symbol}")
        model.cp.add(one == side).only_enforce_if(is_whole)
        model.cp.add(one == 1).only_enforce_if(~is_whole)
        model.cp.add(side >= 2).only_enforce_if(~is_whole)


def _post_window(model: "Model", template: Template, place: int, layer: Sliding) -> None:
    """``slack = n + 2p − d(c−1) − 1 ≥ 0`` and ``side = slack // s + 1``.

    For a pool that rounds up, ``side = min(⌈slack / s⌉, ⌊(n + p − 1) / s⌋) + 1``: none of its
    windows starts in the padding behind the map.
    """
    symbols = template.symbols
    (tensor,), window = template.links[place], layer.along(0)
    n = symbols.side(tensor)
    largest = model.high(n + window.before + window.behind)
    slack = model.cp.new_int_var(0, largest, f"slack{place}")
    model.cp.add(slack == model.linear(window.slack(n)))
    side = model.declare(side_symbol(place + 1), 1, largest + 1)
    stride = model.linear(0 * n + window.s)
    if not layer.rounds_up:
        model.cp.add_division_equality(side - 1, slack, stride)
        return
    ends = [slack + stride - 1, model.linear(n + window.before - 1)]
    steps = [model.cp.new_int_var(0, largest, f"steps{place}.{it}") for it in range(len(ends))]
    for step, end in zip(steps, ends, strict=True):
        model.cp.add_division_equality(step, end, stride)
    model.cp.add_min_equality(side - 1, steps)


@dataclass(frozen=True)
class SameMap(Relaxable):
    """The map behind the junction keeps its size: ``M2' = M2`` (Eqs. 8, 13, 18, 20)."""

    template: Template

    @property
    def name(self) -> str:
        """The layer behind which the map is."""
        return f"same map after {self._layer}"

    def post(self, model: "Model") -> None:
        """Fix the side behind the junction."""
        model.cp.add(model[self.template.symbols.last_side()] == self._kept)

    def violations(self, assignment: Assignment) -> Iterator[str]:
        """Compare the side behind the junction."""
        *_, (side, reason) = walk_maps(self.template, assignment, self._end)
        if reason is None and side != self._kept:
            yield f"the map after {self._layer} is {side}, not {self._kept}"

    def excess(self, model: "Model") -> "cp_model.LinearExprT":
        """Difference of the sides."""
        side = self.template.symbols.last_side()
        distance = model.cp.new_int_var(0, self._kept + model.bounds(side).high, "other side")
        model.cp.add_abs_equality(distance, model[side] - self._kept)
        return distance

    def reason(self, evidence: Evidence) -> str:
        """The side, and the nearest side that is possible."""
        *_, (side, _) = walk_maps(self.template, evidence.nearest, self._end)
        return (
            f"The map after {self._layer} must stay {self._kept}×{self._kept}; the nearest that "
            f"all else leaves is {side}×{side}, with N' = {evidence.nearest[RESOLUTION]}."
        )

    @property
    def _end(self) -> int:
        return self.template.junction + 1

    @property
    def _layer(self) -> str | None:
        return self.template.layers[self.template.junction].name

    @cached_property
    def _kept(self) -> int:
        kept = self.template.symbols.side(self._end).value
        assert kept is not None, "behind the junction every side is the original's"
        return kept

    def holds(self, rows: "Columns") -> "Flags":
        """Compare the side behind the junction, if windows fit."""
        return (rows.side(self._end) == self._kept) | ~rows.front_fits  # type: ignore


@dataclass(frozen=True)
class LargerKernel(Relaxable):
    """The first convolution's kernel grows: ``C1' > C1`` (Eqs. 9, 13, 14, 18, 20).

    With ``may_stay``, ``C1' = C1`` is allowed: a pool may follow an unchanged first layer.
    """

    symbol: str
    kernel_size: int
    may_stay: bool = False

    @property
    def name(self) -> str:
        """Its formula."""
        if self.may_stay:
            return f"kernel not smaller ({self.symbol}' >= {self.symbol})"
        return f"larger kernel ({self.symbol}' > {self.symbol})"

    @property
    def least(self) -> int:
        """The smallest kernel that is allowed."""
        return self.kernel_size + (not self.may_stay)

    @property
    def reads(self) -> frozenset[str]:
        """The kernel."""
        return frozenset({self.symbol})

    def post(self, model: "Model") -> None:
        """One inequality."""
        model.cp.add(model[self.symbol] >= self.least)

    def violations(self, assignment: Assignment) -> Iterator[str]:
        """Compare."""
        if (kernel := assignment[self.symbol]) < self.least:
            smaller = "smaller" if self.may_stay else "not larger"
            yield f"{self.symbol}' = {kernel} is {smaller} than {self.symbol} = {self.kernel_size}"

    def holds(self, rows: "Columns") -> "Flags":
        """Compare."""
        return rows[self.symbol] >= self.least  # type: ignore[no-any-return]

    def excess(self, model: "Model") -> "cp_model.LinearExprT":
        """Number of missing pixels."""
        return self.least - model[self.symbol]

    def reason(self, evidence: Evidence) -> str:
        """The kernel, and whether an unchanged one would open a solution."""
        symbol, size = self.symbol, self.kernel_size
        larger = "no smaller" if self.may_stay else "larger"
        would_do = f"kernel_grows false would leave one, with {symbol}' = {size}"
        if self.may_stay or evidence.nearest[symbol] < size:
            would_do = "all else leaves no such kernel"
        return f"{symbol}' must be {larger} than {symbol} = {size}; {would_do}."


@dataclass(frozen=True)
class ProperPool(Constraint):
    """An inserted pool has ``Cp ≥ 2`` and ``2·Pp ≤ Cp`` (PyTorch's rule) (Eq. 12)."""

    kernel: str
    padding: str

    name = "proper pool"

    @property
    def reads(self) -> frozenset[str]:
        """The kernel and the padding."""
        return frozenset({self.kernel, self.padding})

    def post(self, model: "Model") -> None:
        """Two inequalities."""
        model.cp.add(model[self.kernel] >= 2)
        model.cp.add(2 * model[self.padding] <= model[self.kernel])

    def violations(self, assignment: Assignment) -> Iterator[str]:
        """Compare."""
        kernel, padding = assignment[self.kernel], assignment[self.padding]
        if kernel < 2:
            yield f"a pool with {self.kernel} = {kernel} is none"
        if 2 * padding > kernel:
            yield (
                f"{self.padding} = {padding} is more than half of {self.kernel} = {kernel}; "
                "PyTorch refuses such a pool"
            )

    def holds(self, rows: "Columns") -> "Flags":
        """Compare."""
        kernel, padding = rows[self.kernel], rows[self.padding]
        return (kernel >= 2) & (2 * padding <= kernel)  # type: ignore[no-any-return]


def walk_maps(
    template: Template, assignment: Assignment, end: int
) -> Iterator[tuple[int, str | None]]:
    """Yield the side of each tensor up to place ``end``, with ``None``.

    Stops at the first layer that does not fit, with side 0 and the reason.
    """
    walk = template.walk(assignment, end)
    shapes: list[Shape] = [walk.image]
    yield shapes[0][1], None
    for place, layer in enumerate(walk.layers):
        inputs = [shapes[tensor] for tensor in walk.links[place]]
        if not layer.fits(inputs):
            kernel = f"kernel {layer.along(0).c} of " if isinstance(layer, Sliding) else ""
            yield 0, f"{kernel}{layer.name} does not fit its input"
            return
        shapes.append(layer.output(inputs))
        yield shapes[-1][1] if len(shapes[-1]) > 1 else 1, None
