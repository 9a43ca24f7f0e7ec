"""The widths of approach V whose counts come nearest to the original's, on either side of them."""

import time
from dataclasses import replace
from fractions import Fraction
from math import sqrt
from typing import Any, Final, NamedTuple

from solver.answers.variants import Describer, Variant
from solver.constraints.budget import Direction
from solver.engines.whole.posing import Posing
from solver.engines.whole.problem import Budgeted, WholeProblem
from solver.engines.whole.quadratic import Ints
from solver.explain.existence import SHARE, is_out_of_reach, some_answer
from solver.explain.nearest import written
from solver.problem import Problem
from solver.variation.tolerance import Tolerance
from solver.variation.unknown import Range

LEAST: Final = 1e-9
"""No count that is exact in JSON differs by a smaller share."""
FIRST: Final = 0.01
"""The tolerance that is tried first, if the relaxation does not rule it out."""
FINE: Final = 1.01
"""Tolerances this near one another are not told apart."""
TO_THE_SIDES: Final = 0.2
"""The share of an explanation's time that is kept for the nearest below and above."""


class Neighbour(NamedTuple):
    """Widths, shape ``(n,)``, and the tolerance to both sides that lets them pass."""

    widths: Ints
    tolerance: float


class Neighbours:
    """The widths that were found to come nearest at one resolution.

    A count that is only bounded stays so; all others may deviate. The nearest are those of which
    the count that deviates most, as a share of the original's, deviates least.

    Attributes
    ----------
    below
        The nearest with no count above the original's; ``None`` if none was found.
    above
        The nearest with no count below the original's.
    """

    def __init__(self, problem: WholeProblem) -> None:
        self._problem = problem
        self._asked = [it for it in problem.budgets if it.band.low]
        self._either: Neighbour | None = None
        self.below: Neighbour | None = None
        self.above: Neighbour | None = None

    @property
    def resolution(self) -> int:
        """The resolution, in pixels."""
        return self._problem.resolution

    @property
    def nearest(self) -> Neighbour | None:
        """The nearest of all that were found."""
        found = [it for it in (self._either, self.below, self.above) if it is not None]
        return min(found, key=lambda it: it.tolerance, default=None)

    def look(self, seconds: float) -> None:
        """Look for the nearest of all."""
        self._either = self._search("either", seconds)
        if self._either is not None:
            deviations = self._deviations(self._either.widths)
            self.below = self._either if max(deviations) <= 0 else None
            self.above = self._either if min(deviations) >= 0 else None

    def look_to_the_sides(self, seconds: float) -> None:
        """Look for the nearest below and above, where the nearest of all is not one of them."""
        ends = time.monotonic() + seconds
        if self.below is None:
            half = seconds / 2 if self.above is None else seconds
            self.below = self._search("below", half)
        if self.above is None:
            self.above = self._search("above", ends - time.monotonic())

    def _search(self, direction: Direction, seconds: float) -> Neighbour | None:
        """The smallest tolerance in a direction that was found in time to have an answer.

        Tolerances between the largest without an answer and the smallest with one are tried.
        """
        ends = time.monotonic() + seconds
        if not self._asked or (direction == "above" and self._is_bounded):
            return None

        def within(share: float) -> Neighbour | None:
            left = (ends - time.monotonic()) / SHARE
            return self._within(direction, share, left) if left > 0 else None

        low, high = self._limits(direction)
        tried = (within(share) for share in (max(high, FIRST), 1.0))
        best = next((it for it in tried if it is not None), None)
        while best is not None and time.monotonic() < ends and best.tolerance > low * FINE:
            middle = sqrt(low * best.tolerance)
            nearer = within(middle)
            low, best = (middle, best) if nearer is None else (low, nearer)
        return best

    @property
    def _is_bounded(self) -> bool:
        """Whether a count may not even be the original's."""
        return any(it.band.high < it.target for it in self._asked)

    def _limits(self, direction: Direction) -> tuple[float, float]:
        """A tolerance that the relaxation rules out, and one little larger that it does not."""
        low, high = LEAST, 1.0
        while high > FINE * low:
            middle = sqrt(low * high)
            if is_out_of_reach(_widened(self._problem, direction, middle)):
                low = middle
            else:
                high = middle
        return low, high

    def _within(self, direction: Direction, share: float, seconds: float) -> Neighbour | None:
        """An answer within a tolerance, and the tolerance that it needs."""
        widths = some_answer(_widened(self._problem, direction, share), seconds).widths
        if widths is None:
            return None
        worst = max(map(abs, self._deviations(widths)))
        return Neighbour(widths, float(written(worst, [it.target for it in self._asked])))

    def _deviations(self, widths: Ints) -> list[Fraction]:
        """By what share of the original's each count deviates."""
        return [Fraction(int(it.count(widths)) - it.target, it.target) for it in self._asked]


def _widened(problem: WholeProblem, direction: Direction, share: float) -> WholeProblem:
    """The problem with a tolerance in a direction; counts that are only bounded stay so."""
    budgets = [
        replace(it, band=_band(it, direction, share)) if it.band.low else it
        for it in problem.budgets
    ]
    return replace(problem, budgets=budgets)


def _band(budget: Budgeted, direction: Direction, share: float) -> Range:
    """The band of a tolerance; a bound on parameters below the target stays."""
    band = Tolerance(
        below=0.0 if direction == "above" else share,
        above=0.0 if direction == "below" else share,
    ).band(budget.target)
    own = budget.band.high
    return Range(band.low, min(band.high, own) if own < budget.target else band.high)


def described(problem: Problem, posing: Posing, found: Neighbours) -> dict[str, Any]:
    """The fields of an explanation that tell what comes nearest."""
    describer = Describer(problem)

    def variant(neighbour: Neighbour | None) -> Variant | None:
        if neighbour is None:
            return None
        return describer.variant(posing.row(found.resolution, neighbour.widths))

    nearest = found.nearest
    return {
        "nearest": variant(nearest),
        "below": variant(found.below),
        "above": variant(found.above),
        "tolerance": None if nearest is None else nearest.tolerance,
    }
