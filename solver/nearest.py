"""Which networks come nearest to a budget, and the tolerance that would let one in."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import ROUND_UP, Context, Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from ortools.sat.python import cp_model

from solver.architecture import MAX_COUNT
from solver.check import verify_one
from solver.constraints.base import Constraint
from solver.constraints.budget import Direction, EqualBudget
from solver.inquiry import Inquiry
from solver.model import Found, Model
from solver.problem import Tolerance
from solver.template import Assignment

WHOLE: Final = 2**48
"""A whole count, where shares of several counts are added up in integers."""
FINE: Final = 64
"""Parts of a share that a unit of the largest count is worth, at least."""
MOST: Final = 2**59
"""No deviation in shares goes beyond it: two of them add up within 64 bits."""
DIGITS: Final = range(3, 7)
"""Significant digits that a tolerance may have."""


class Neighbours(NamedTuple):
    """The nearest network of all, and those whose counts are at most, and at least, the original's.

    ``None`` where there is none, or where none is proved to be the nearest.
    """

    nearest: Assignment | None
    below: Assignment | None
    above: Assignment | None


class Nearest:
    """Networks that satisfy everything but the budget, by how much their counts deviate."""

    def __init__(self, inquiry: Inquiry) -> None:
        self._inquiry = inquiry
        members = [item for group in inquiry.groups.values() for item in group]
        self._budgets = [item for item in members if isinstance(item, EqualBudget)]
        self.dropped = {budget.name for budget in self._budgets}
        self._kept = inquiry.without(self.dropped)

    def neighbours(self) -> Neighbours:
        """Find them: the nearest by the sum of the shares by which the counts deviate."""
        if not self._budgets:
            return Neighbours(None, None, None)
        below, above = self._ask("below", of=5), self._ask("above", of=4)
        is_one = len(self._budgets) == 1
        nearest = self._nearer(below, above) if is_one else self._ask("either", of=3)
        return Neighbours(*map(self._proved, (nearest, below, above)))

    def tolerance(self, nearest: Assignment | None) -> float | None:
        """The smallest symmetric tolerance with a solution, rounded up; ``None`` above 1.

        A search with it has a solution, and a search with one unit less in its last place has
        none: that is asked too, since shares of several counts are weighed approximately.
        """
        if nearest is not None and len(self._budgets) > 1:
            nearest = self._inquiry.ask(self._kept, of=3, objective=self._largest_share).assignment
        while nearest is not None and (share := max(self._shares(nearest))) <= 1:
            if not share:
                return 0.0
            tolerance = written(share, [budget.target for budget in self._budgets])
            nearer = self._inquiry.ask(self._within(one_less(tolerance)), of=3)
            if nearer.assignment is None:
                return float(tolerance) if nearer.is_proved else None
            nearest = nearer.assignment
        return None

    def _ask(self, direction: Direction, of: int) -> Found:
        def objective(model: Model) -> cp_model.LinearExprT:
            first, *more = self._weighed(model, direction)
            return sum(more, start=first)

        return self._inquiry.ask(self._kept, of, objective)

    def _proved(self, found: Found) -> Assignment | None:
        """What is proved to be the nearest, held against the truth tests."""
        if found.assignment is None or not found.is_proved:
            return None
        verify_one(self._kept, found.assignment)
        return found.assignment

    def _nearer(self, below: Found, above: Found) -> Found:
        """Of one budget: the nearer of the nearest below and above."""
        found = [it.assignment for it in (below, above) if it.assignment is not None]
        is_proved = below.is_proved and above.is_proved
        return Found(min(found, key=lambda it: sum(self._shares(it)), default=None), is_proved)

    def _largest_share(self, model: Model) -> cp_model.LinearExprT:
        largest = model.cp.new_int_var(0, MOST, "largest share")
        for share in self._weighed(model, "either"):
            model.cp.add(largest >= share)
        return largest

    def _weighed(self, model: Model, direction: Direction) -> list[cp_model.LinearExprT]:
        """The deviations, in parts of :data:`WHOLE` where there are several."""
        if len(self._budgets) == 1:
            return [self._budgets[0].deviation(model, direction)]
        whole = max(WHOLE, FINE * max(budget.target for budget in self._budgets))
        weighed = []
        for budget in self._budgets:
            weight = max(1, whole // budget.target)
            cap = min(MAX_COUNT, budget.target + MOST // weight)
            weighed.append(weight * budget.deviation(model, direction, cap))
        return weighed

    def _shares(self, assignment: Assignment) -> list[Fraction]:
        """By which shares the counts deviate, counted again in plain numbers."""
        return [
            Fraction(abs(budget.count(assignment) - budget.target), budget.target)
            for budget in self._budgets
        ]

    def _within(self, tolerance: Decimal) -> list[Constraint]:
        band = Tolerance(below=float(tolerance), above=float(tolerance))
        return [*self._kept, *(replace(budget, tolerance=band) for budget in self._budgets)]


def written(share: Fraction, targets: Sequence[int]) -> Decimal:
    """The share as a decimal, rounded up: of three to six digits, as few as widen no band."""
    for digits in DIGITS:
        context = Context(prec=digits, rounding=ROUND_UP)
        decimal = context.divide(Decimal(share.numerator), Decimal(share.denominator)).normalize()
        if all(int(decimal * target) == int(share * target) for target in targets):
            break
    return decimal


def one_less(decimal: Decimal) -> Decimal:
    """The decimal with one unit less in its last place."""
    exponent = decimal.as_tuple().exponent
    assert isinstance(exponent, int), "a finite number"
    return decimal - Decimal(1).scaleb(exponent)
