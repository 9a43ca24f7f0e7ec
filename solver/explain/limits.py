"""Limits of an explanation: it may only suggest what a request can ask for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from solver.constraints.base import Constraint, Relaxable
from solver.constraints.maps import LargerKernel
from solver.constraints.ranges import WithinRange
from solver.problem import Problem
from solver.variation.template import Assignment, Template
from solver.variation.unknown import IMAGE, MAX_GEOMETRY, RESOLUTION, Range, Role

if TYPE_CHECKING:
    from solver.engines.full.model import Model
    from solver.variation.numbers import Columns, Flags


class Limits:
    """Replaces requirements that are dropped.

    The replaced range of the resolution stays above the original's resolution, unless the request
    asks for lower resolutions. In that case it keeps the lower bound of the request.
    """

    def __init__(self, problem: Problem, constraints: Sequence[Constraint]) -> None:
        self._resolution = problem.architecture.resolution
        kernels = [it.kernel_size for it in constraints if isinstance(it, LargerKernel)]
        self._largest_kernel = min(MAX_GEOMETRY, 4 * max(kernels, default=0))

    def relaxed(self, item: Relaxable) -> Constraint | None:
        """The replacement that :meth:`Relaxable.relaxed` gives, within these limits."""
        left = item.relaxed()
        if not isinstance(item, WithinRange) or not isinstance(left, WithinRange):
            return left
        (low, high), asked = left.bounds, item.bounds
        if item.unknown.role is Role.RESOLUTION:
            low = min(asked.low, self._resolution + 1)
        if item.unknown.range == "kernel_size":
            high = max(high, self._largest_kernel)
        return replace(left, bounds=Range(low, max(high, asked.high)))


@dataclass(frozen=True)
class AnotherNetwork(Constraint):
    """The original itself is no variant: some unknown differs from its value there."""

    original: Mapping[str, int]

    name = "another network"

    def post(self, model: "Model") -> None:
        """Forbid one assignment."""
        columns = [model[symbol] for symbol in self.original]
        model.cp.add_forbidden_assignments(columns, [[*self.original.values()]])

    def violations(self, assignment: Assignment) -> Iterator[str]:
        """Compare."""
        if all(assignment[symbol] == value for symbol, value in self.original.items()):
            yield "it is the original itself"

    def holds(self, rows: "Columns") -> "Flags":
        """Compare."""
        differs = (rows[symbol] != value for symbol, value in self.original.items())
        return reduce(or_, differs)


def another_network(template: Template) -> list[AnotherNetwork]:
    """The constraint that excludes the original; none if no assignment gives the original."""
    original = {RESOLUTION: template.original.resolution}
    for unknown in template.unknowns:
        if unknown.layer != IMAGE:
            value = getattr(template.layers[template.places[unknown.layer]], unknown.field)
            if not isinstance(value, int):  # a window that is not square, or a default stride
                return []
            original[unknown.symbol] = value
    is_one = template.architecture(original).layers == template.original.layers
    return [AnotherNetwork(original)] if is_one else []
