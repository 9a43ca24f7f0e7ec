"""A problem taken apart: each constraint is assigned to a part of a solution."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import lcm

import numpy as np

from solver.constraints.base import Constraint
from solver.constraints.budget import EqualBudget
from solver.constraints.maps import MapSizes, SameMap
from solver.constraints.ranges import WithinRange
from solver.constraints.widths import DivisibleByGroups
from solver.engines.factored.chain import Chain
from solver.variation.polynomial import Polynomial
from solver.variation.template import Template
from solver.variation.unknown import RESOLUTION, Range


class NotFactoredError(Exception):
    """The parts of a solution depend on one another in a way that tables cannot express.

    The full engine can solve such problems.
    """


@dataclass(frozen=True)
class Factors:
    """The constraints on each part of a solution.

    Attributes
    ----------
    chain
        The windows and the sides of maps.
    ranges
        Bounds of the unknowns, in the order in which answers are sorted.
    width
        The unknown that pays, if there is one; it must be a multiple of ``step``.
    budgets
        The budget constraints.
    local
        The other constraints, each about the unknowns of one window (and the resolution).
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
    ) -> "Factors":
        """Sort the constraints of a problem.

        Raises
        ------
        NotFactoredError
            A constraint fits no part.
        """
        step, maps = 1, list[MapSizes | SameMap | EqualBudget]()
        ranges, budgets, local = dict[str, Range](), list[EqualBudget](), list[Constraint]()
        for item in constraints:
            match item:
                case WithinRange() if item.symbol not in ranges:
                    ranges[item.symbol] = item.bounds
                case DivisibleByGroups(remainder=0) if item.symbol == width:
                    step = lcm(step, item.groups)
                case MapSizes() | SameMap():
                    maps.append(item)
                case EqualBudget():
                    maps.append(item)
                    budgets.append(item)
                case _:
                    local.append(item)
        factors = cls(Chain(template), ranges, width, step, budgets, local)
        factors._refuse_what_has_no_place(maps)
        return factors

    def _refuse_what_has_no_place(self, maps: "Sequence[MapSizes | SameMap | EqualBudget]") -> None:
        chain = self.chain
        windows = [{*window.symbols} for window in chain.windows]
        if len(windows) > 2:
            raise NotFactoredError("more than two windows vary")
        width = () if self.width is None else (self.width,)
        if {RESOLUTION, *width}.union(*windows) != self.ranges.keys():
            raise NotFactoredError("an unknown belongs to no window, and is not the width")
        kinds = sorted(type(item).__name__ for item in maps if not isinstance(item, EqualBudget))
        if kinds != ["MapSizes", "SameMap"][: 1 + bool(windows)]:
            raise NotFactoredError("map sizes are not asked as windows ask them")
        if any(it.template is not chain.template and it.template != chain.template for it in maps):
            raise NotFactoredError("constraints are about different networks")
        places = [{RESOLUTION, *(windows[0] if windows else ())}, *windows[1:]]
        for constraint in self.local:
            if not constraint.reads or not any(constraint.reads <= place for place in places):
                raise NotFactoredError(f"{constraint.name} reads more than one window")
        known = self._told.union(width)
        for budget in self.budgets:
            is_square = self.width and _degree(budget.polynomial, self.width) > 1
            if is_square or not budget.polynomial.symbols <= known:
                raise NotFactoredError(f"{budget.name} depends on more than kernels and maps")

    @property
    def _told(self) -> set[str]:
        """The symbols that tables hold: the resolution, sides of maps, and kernels."""
        chain = self.chain
        kernels = {it.kernel_size for it in chain.windows if isinstance(it.kernel_size, str)}
        return {RESOLUTION} | chain.symbols_before | chain.symbols_between | kernels

    @cached_property
    def parts(self) -> list[tuple[Polynomial, Polynomial]]:
        """``(w, rest)`` of each budget."""
        width = self.width
        polynomials = [budget.polynomial for budget in self.budgets]
        return [it.collect(width) if width else (Polynomial.constant(0), it) for it in polynomials]

    @cached_property
    def symbols(self) -> list[str]:
        """Symbols that budgets depend on besides the width: resolution, first map, kernels."""
        chain = self.chain
        read = {symbol for part in self.parts for side in part for symbol in side.symbols}
        found = [RESOLUTION] if read & chain.symbols_before else []
        if read & chain.symbols_between:
            found.append(chain.first_side)
        kernels = [window.kernel_size for window in chain.windows]
        return found + [kernel for kernel in kernels if isinstance(kernel, str) and kernel in read]

    @cached_property
    def largest_side(self) -> int:
        """Upper bound of the side of the map behind the first window."""
        first = self.chain.first
        if first is None:
            return 0
        padding = self.ranges[first.padding].high if isinstance(first.padding, str) else 0
        low, high = self.ranges[RESOLUTION]
        before = self.chain.before(np.arange(low, high + 1))
        return int(before.last.max(initial=0)) + 2 * padding

    def local_to(self, symbols: Sequence[str]) -> list[Constraint]:
        """The constraints that read only these unknowns."""
        return [item for item in self.local if item.reads and item.reads <= {*symbols}]


def _degree(polynomial: Polynomial, symbol: str) -> int:
    return max((monomial.count(symbol) for monomial, _ in polynomial), default=0)
