"""A problem, taken apart: which constraint bears on which part of a solution."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import lcm

from solver.constraints.base import Constraint
from solver.constraints.budget import EqualBudget
from solver.constraints.maps import MapSizes, SameMap
from solver.constraints.ranges import WithinRange
from solver.constraints.widths import DivisibleByGroups
from solver.engines.factored.chain import Chain
from solver.network.architecture import Conv2d, Pool2d
from solver.problem import Range
from solver.variation.polynomial import Polynomial
from solver.variation.template import RESOLUTION, Template


@dataclass(frozen=True)
class Question:
    """What the parts of a solution must satisfy.

    Attributes
    ----------
    chain
        The maps' sides; they must fit, and end as in the original.
    ranges
        Bounds of the unknowns, in the order in which answers are sorted.
    width
        The unknown that pays, if there is one; it is a multiple of ``step``.
    budgets
        What it pays for.
    local
        The other constraints, each about unknowns of one window (and the resolution).
    """

    chain: Chain
    ranges: Mapping[str, Range]
    width: str | None
    step: int
    budgets: Sequence[EqualBudget]
    local: Sequence[Constraint]

    @classmethod
    def of(
        cls, template: Template, constraints: Sequence[Constraint], width: str | None
    ) -> "Question":
        """Sort the constraints of a problem."""
        groups = [item.groups for item in constraints if isinstance(item, DivisibleByGroups)]
        structure = WithinRange | MapSizes | SameMap | EqualBudget | DivisibleByGroups
        return cls(
            chain=Chain(template),
            ranges={it.symbol: it.bounds for it in constraints if isinstance(it, WithinRange)},
            width=width,
            step=lcm(*groups),
            budgets=[item for item in constraints if isinstance(item, EqualBudget)],
            local=[item for item in constraints if not isinstance(item, structure)],
        )

    @cached_property
    def parts(self) -> list[tuple[Polynomial, Polynomial]]:
        """``(w, rest)`` of each budget."""
        width = self.width
        sides = [budget.side for budget in self.budgets]
        return [s.collect(width) if width else (Polynomial.constant(0), s) for s in sides]

    @cached_property
    def symbols(self) -> list[str]:
        """What the budgets depend on besides the width: resolution, first map, kernels."""
        chain = self.chain
        read = {symbol for part in self.parts for side in part for symbol in side.symbols}
        found = [RESOLUTION] if read & chain.symbols_before else []
        if read & chain.symbols_between:
            found.append(chain.first_side)
        kernels = [window.kernel_size for window in chain.windows]
        return found + [kernel for kernel in kernels if isinstance(kernel, str) and kernel in read]

    @property
    def largest_side(self) -> int:
        """No map behind the first window is larger."""
        first, (_, highest) = self.chain.first, self.ranges[RESOLUTION]
        if first is None:
            return 0
        padding = self.ranges[first.padding].high if isinstance(first.padding, str) else 0
        layers = self.chain.template.layers[: first.index]
        fixed = sum(layer.padding for layer in layers if isinstance(layer, Conv2d | Pool2d))
        return highest + 2 * (padding + fixed)

    def local_to(self, symbols: Sequence[str]) -> list[Constraint]:
        """The constraints that are about these unknowns alone."""
        return [item for item in self.local if item.reads and item.reads <= {*symbols}]
