"""The networks that come nearest to a budget, and the tolerance that would allow one."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import ROUND_UP, Context, Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from ortools.sat.python import cp_model

from solver.answers.check import verify_one
from solver.constraints.budget import Direction, EqualBudget
from solver.engines.full.model import Model, Optimum
from solver.explain.inquiry import Inquiry
from solver.variation.template import Assignment
from solver.variation.tolerance import Tolerance

WHOLE: Final = 2**48
"""Units of a whole count, for sums of the shares of several counts in integers."""
FINE: Final = 64
"""Least number of such units in one unit of the largest count."""
MOST: Final = 2**59
"""Largest deviation in such units: two of them add up within 64 bits."""
DIGITS: Final = range(3, 7)
"""Numbers of significant digits that a tolerance may have."""
FINE_DIGITS: Final = 12
"""Significant digits of the tolerances that are tried on the way."""


class Neighbours(NamedTuple):
    """The nearest network, and the nearest with counts up to, and from, the original's.

    Each is ``None`` if there is none, or if no network is proved to be the nearest.
    """

    nearest: Assignment | None
    below: Assignment | None
    above: Assignment | None


class Nearest:
    """Finds networks that satisfy everything but the budgets, and deviate least from them."""

    def __init__(self, inquiry: Inquiry) -> None:
        self._inquiry = inquiry
        members = [item for group in inquiry.groups.values() for item in group]
        self._budgets = [item for item in members if isinstance(item, EqualBudget)]
        self.dropped = {budget.name for budget in self._budgets}
        self._kept = inquiry.without(self.dropped)

    def neighbours(self) -> Neighbours:
        """The networks for which the sum of the relative deviations is least."""
        if not self._budgets:
            return Neighbours(None, None, None)
        below, above = self._ask("below", of=5), self._ask("above", of=4)
        nearest = self._nearer(below, above)
        if len(self._budgets) > 1:
            nearest = self._ask("either", of=3, nearer_than=nearest.assignment)
        return Neighbours(*map(self._proved, (nearest, below, above)))

    def tolerance(self, nearest: Assignment | None) -> float | None:
        """The smallest symmetric tolerance with a solution, rounded up; ``None`` above 1.

        A search with it has a solution, and one with a unit less in its last place has none. With
        one budget it follows from the nearest network. With several it is found by bisection
        between a tolerance with a solution and one without.
        """
        found, none_at = Optimum(nearest, is_proved=True), Fraction(0)
        if nearest is not None and self._worst(nearest) > 1:
            found = self._within(Decimal(1))
        while found.assignment is not None and (share := self._worst(found.assignment)):
            tolerance = written(share, [budget.target for budget in self._budgets])
            nearer = self._within(one_less(tolerance))
            if nearer.assignment is None:
                return float(tolerance) if nearer.is_proved else None
            half = decimal((none_at + self._worst(nearer.assignment)) / 2, FINE_DIGITS)
            found = self._within(half)
            if found.assignment is None and found.is_proved:
                found, none_at = nearer, Fraction(half)
        return None if found.assignment is None else 0.0

    def _ask(self, direction: Direction, of: int, nearer_than: Assignment | None = None) -> Optimum:
        """The nearest network in a direction; at least as near as a known one, if given."""

        def objective(model: Model) -> cp_model.LinearExprT:
            first, *more = self._weighed(model, direction, nearer_than)
            return sum(more, start=first)

        return self._inquiry.ask(self._kept, of, objective)

    def _weighed(
        self, model: Model, direction: Direction, nearer_than: Assignment | None
    ) -> list[cp_model.LinearExprT]:
        """The deviations, in units of :data:`WHOLE` if there are several budgets."""
        if len(self._budgets) == 1:
            return [self._budgets[0].deviation(model, direction)]
        whole = max(WHOLE, FINE * max(budget.target for budget in self._budgets))
        share = sum(self._shares(nearer_than)) if nearer_than else Fraction(MOST)
        weighed = []
        for budget in self._budgets:
            weight = max(1, whole // budget.target)
            most = min(MOST // weight, int(share * budget.target))
            weighed.append(weight * budget.deviation(model, direction, most))
        return weighed

    def _within(self, tolerance: Decimal) -> Optimum:
        """A network within a tolerance."""
        band = Tolerance(below=float(tolerance), above=float(tolerance))
        budgets = [replace(budget, tolerance=band) for budget in self._budgets]
        return self._inquiry.ask([*self._kept, *budgets], of=3)

    def _proved(self, found: Optimum) -> Assignment | None:
        """The network if it is proved to be the nearest; it passes the truth tests."""
        if found.assignment is None or not found.is_proved:
            return None
        verify_one(self._kept, found.assignment)
        return found.assignment

    def _nearer(self, below: Optimum, above: Optimum) -> Optimum:
        """The nearer of the two; with one budget, it is the nearest network of all."""
        found = [it.assignment for it in (below, above) if it.assignment is not None]
        is_proved = below.is_proved and above.is_proved
        return Optimum(min(found, key=lambda it: sum(self._shares(it)), default=None), is_proved)

    def _worst(self, assignment: Assignment) -> Fraction:
        return max(self._shares(assignment))

    def _shares(self, assignment: Assignment) -> list[Fraction]:
        """The relative deviations of the counts, recounted in plain numbers."""
        return [
            Fraction(abs(budget.count(assignment) - budget.target), budget.target)
            for budget in self._budgets
        ]


def written(share: Fraction, targets: Sequence[int]) -> Decimal:
    """The share rounded up to three to six digits: the fewest that widen no band."""
    for digits in DIGITS:
        found = decimal(share, digits)
        if all(int(found * target) == int(share * target) for target in targets):
            break
    return found


def decimal(share: Fraction, digits: int) -> Decimal:
    """The share, rounded up to ``digits`` significant digits."""
    context = Context(prec=digits, rounding=ROUND_UP)
    return context.divide(Decimal(share.numerator), Decimal(share.denominator)).normalize()


def one_less(decimal: Decimal) -> Decimal:
    """The decimal with one unit less in its last place."""
    exponent = decimal.as_tuple().exponent
    assert isinstance(exponent, int), "a finite number"
    return decimal - Decimal(1).scaleb(exponent)
