"""Whether widths in a box can meet two budgets at all: a sound answer in milliseconds.

Widths that take few FLOPs have few parameters. A box holds no answer if, for some price ``t ≥ 0``
of a parameter, ``F(w) − t·P(w)`` is larger than ``high_F − t·low_P`` for all widths in the box.
Products are replaced by their McCormick envelopes; the least value over the box is then a minimum
cut (roof duality: Hammer, Hansen and Simeone 1984), and the best price is found by Newton's method.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import permutations
from typing import Final, NamedTuple

import numpy as np

from solver.engines.whole.cuts import BoxForm
from solver.engines.whole.problem import Budgeted, WholeProblem
from solver.engines.whole.quadratic import Ints

LARGEST: Final = 2**58
"""Largest sum of the terms of a priced difference: flows of twice as much fit 64 bits."""
MOST_PRICES: Final = 40
"""Prices that are tried for one box. Newton's method needs about six."""


class _Line(NamedTuple):
    """What some point of the relaxed box gives for each price ``t``: ``at_zero + slope · t``."""

    at_zero: float
    slope: float

    def meets(self, other: "_Line") -> float:
        """The price at which two points give the same."""
        return (other.at_zero - self.at_zero) / (self.slope - other.slope)

    def at(self, price: float) -> float:
        """What the point gives at this price."""
        return self.at_zero + self.slope * price


@dataclass(frozen=True, eq=False)
class Relaxation:
    """Bounds on what the widths of a problem's boxes can reach.

    All that decides is computed with whole numbers, so no rounding error can make it unsound.
    """

    problem: WholeProblem

    @property
    def is_feasible(self) -> bool:
        """Whether the problem may have an answer."""
        return self.feasible(self.problem.low, self.problem.high)

    def feasible(self, low: Ints, high: Ints) -> bool:
        """Whether the box ``low..high`` (in steps) may hold an answer.

        False proves that no widths in it satisfy all budgets. True proves nothing.
        """
        high = self._bounded(low, high)
        if (low > high).any():
            return False
        budgets = self.problem.budgets
        return all(self._has_counts_in_band(budget, low, high) for budget in budgets) and all(
            self._may_agree(upper, lower, low, high) for upper, lower in permutations(budgets, 2)
        )

    def _bounded(self, low: Ints, high: Ints) -> Ints:
        """The high ends of the box that the linear bounds leave."""
        bottom, steps = low * self.problem.steps, self.problem.steps
        for bound in self.problem.linear_bounds:
            slack = bound.most - bound.form(bottom)
            costs = bound.form.coefficients * steps
            if slack < 0:
                return low - 1
            room = np.where(costs > 0, slack // np.maximum(costs, 1), high - low)
            high = np.minimum(high, low + room)
        return high

    def _has_counts_in_band(self, budget: Budgeted, low: Ints, high: Ints) -> bool:
        """Whether one budget alone may hold: counts grow with every width."""
        least_count, most = (int(budget.count(it * self.problem.steps)) for it in (low, high))
        return least_count <= budget.band.high and most >= budget.band.low

    def _may_agree(self, upper: Budgeted, lower: Budgeted, low: Ints, high: Ints) -> bool:
        """Whether one count may be low enough where the other is high enough."""
        ends = [self._line(upper, lower, it) for it in (low, high)]
        if ends[0].slope <= 0 or ends[1].at_zero <= 0:
            return True  # a corner does it
        rising, falling = ends
        for _ in range(MOST_PRICES):
            price = rising.meets(falling)
            if rising.at(price) <= 0:
                return True
            found = self._least_line(upper, lower, low, high, price)
            if found is None:
                return False
            if found.at(price) >= rising.at(price) * (1 - 1e-9):
                return True
            rising, falling = (found, falling) if found.slope > 0 else (rising, found)
        return True

    def _line(self, upper: Budgeted, lower: Budgeted, corner: Ints) -> _Line:
        """The line of a corner of the box."""
        widths = corner * self.problem.steps
        over = int(upper.count(widths)) - upper.band.high
        return _Line(over, lower.band.low - int(lower.count(widths)))

    def _least_line(
        self, upper: Budgeted, lower: Budgeted, low: Ints, high: Ints, price: float
    ) -> _Line | None:
        """The line of the point that is least at this price; none if even that is too large."""
        top = high * self.problem.steps
        scale = LARGEST / (float(upper.count(top)) + price * float(lower.count(top)))
        prices = round(scale), round(scale * price)
        forms = [self._form(it, low, high) for it in (upper, lower)]
        priced = forms[0].priced(forms[1], prices)
        bound, point = priced.least()
        if bound > 2 * (prices[0] * upper.band.high - prices[1] * lower.band.low):
            return None
        products = priced.envelope(point)
        over, under = (it.at(point, products) for it in forms)
        return _Line(over - upper.band.high, lower.band.low - under)

    def _form(self, budget: Budgeted, low: Ints, high: Ints) -> BoxForm:
        """A count as a function of the place in the box, 0 at its low corner and 1 at its high."""
        room = (high - low) * self.problem.steps
        pairs, factors = self._pairs, self._factors[budget.name]
        bottom = low * self.problem.steps
        return BoxForm(
            int(budget.count(bottom)),
            budget.count.gradient(bottom) * room,
            pairs,
            factors * room[pairs[:, 0]] * room[pairs[:, 1]],
        )

    @cached_property
    def _pairs(self) -> Ints:
        """The pairs of widths that are multiplied in any budget, shape ``(m, 2)``."""
        return np.unique(np.concatenate([it.count.pairs for it in self.problem.budgets]), axis=0)

    @cached_property
    def _factors(self) -> dict[str, Ints]:
        """Each budget's coefficients of all pairs."""
        n = len(self.problem.names)
        places = self._pairs @ (n, 1)
        factors = {}
        for budget in self.problem.budgets:
            found = np.zeros(len(places), np.int64)
            found[np.searchsorted(places, budget.count.pairs @ (n, 1))] = budget.count.factors
            factors[budget.name] = found
        return factors
