"""How far an explanation goes: what it says would do must be a variant that can be asked for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
    """What is left of a requirement that is dropped.

    A range of the resolution never gets down to the original's resolution or below it, unless the
    request itself asks for such resolutions; and then no lower than it asks.
    """

    def __init__(self, problem: Problem, constraints: Sequence[Constraint]) -> None:
        self._resolution = problem.architecture.resolution
        kernels = [it.kernel_size for it in constraints if isinstance(it, LargerKernel)]
        self._largest_kernel = min(MAX_GEOMETRY, 4 * max(kernels, default=0))

    def relaxed(self, item: Relaxable) -> Constraint | None:
        """What is left of it, as :meth:`Relaxable.relaxed` says, within these limits."""
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
    """The original itself is no variant: some unknown differs from what it has."""

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
        differs = [rows[symbol] != value for symbol, value in self.original.items()]
        found = differs[0]
        for other in differs[1:]:
            found = found | other
        return found  # type: ignore[no-any-return]


def another_network(template: Template) -> list[AnotherNetwork]:
    """That a variant is not the original; nothing where the approach adds a layer to all."""
    original = {RESOLUTION: template.original.resolution}
    for unknown in template.unknowns:
        if unknown.layer != IMAGE:
            value = getattr(template.layers[template.places[unknown.layer]], unknown.field)
            if not isinstance(value, int):  # a window that is no square, or a stride by default
                return []
            original[unknown.symbol] = value
    is_one = template.architecture(original).layers == template.original.layers
    return [AnotherNetwork(original)] if is_one else []
