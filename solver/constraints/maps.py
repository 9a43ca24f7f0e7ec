"""Sides of maps, and windows that make them (Eqs. 4, 8, 11-13, 16-18, 20)."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from solver.constraints.base import Constraint, Evidence, Relaxable
from solver.network.architecture import (
    Conv2d,
    Pool2d,
    output_shape,
    reach,
)
from solver.variation.template import RESOLUTION, Assignment, Template, side_symbol

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

    from solver.engines.full.model import Model
    from solver.variation.numbers import Columns, Flags


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
        yield from (reason for _, reason in walk_maps(self.template, assignment) if reason)

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
        *_, (side, reason) = walk_maps(self.template, assignment)
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
        *_, (side, _) = walk_maps(self.template, evidence.nearest)
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

    def reason(self, evidence: Evidence) -> str:  # noqa: ARG002
        """The kernel; to name one that is not larger would be no way out."""
        return f"C1' must be larger than C1 = {self.kernel_size}; all else leaves no such kernel."


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


def _last_side(template: Template) -> str:
    """Symbol of the side that the chain ends with."""
    sided = [
        index
        for index, layer in enumerate(template.layers[: template.junction + 1])
        if isinstance(layer, Conv2d | Pool2d)
    ]
    return side_symbol(sided[-1] + 1 if sided else 0)


def walk_maps(
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
