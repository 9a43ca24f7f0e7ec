"""What would open an answer of approach V: every way out is followed before it is told."""

import time
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from math import sqrt
from typing import Any, Final, NamedTuple

from solver.engines.whole.exact import SMALL, ExactSearch
from solver.engines.whole.model import Solved
from solver.engines.whole.posing import Posing
from solver.engines.whole.problem import WholeProblem
from solver.engines.whole.quadratic import Ints
from solver.engines.whole.relaxation import Relaxation
from solver.engines.whole.witness import witness
from solver.explain.nearest import written
from solver.problem import Problem
from solver.variation.tolerance import Tolerance
from solver.variation.unknown import Range

NEAR: Final = 12
"""How many resolutions are tried on each side of the one that was asked for."""
LEAST: Final = 1e-9
"""No count that is exact in JSON differs by a smaller share."""
FIRST: Final = 0.01
"""The tolerance that is tried first, if the relaxation does not rule it out."""
FINE: Final = 1.01
"""Tolerances this near one another are not told apart."""
WIDENED: Final = (1.1, 1.25, 1.5, 2.0, 3.0, 4.0)
"""By how much ratios are widened to both sides."""
SHARE: Final = 4
"""One try may take a quarter of the seconds left."""
MOST_RATIO: Final = 64.0
LATER: Final = 0.2
"""Share of the time that a way leaves for each later one."""


class Closest(NamedTuple):
    """The widths with the smallest tolerance that was found, and that tolerance."""

    widths: Ints
    tolerance: float


def some_answer(problem: WholeProblem, seconds: float) -> Solved:
    """Widths that satisfy all equations, if found in time, or the proof that there are none."""
    if _is_ruled_out(problem):
        return Solved(None, is_proved=True)
    if not problem.names:
        return Solved(problem.original, is_proved=True)
    if not problem.has_equality:
        return witness(problem, seconds)
    search = ExactSearch(problem)
    if search.residues.impossible:
        return Solved(None, is_proved=True)
    if len(problem.names) > SMALL:
        widths = search.find(seconds / 2)
        if widths is not None:
            return Solved(widths, is_proved=True)
    return witness(search.residues.box(problem), seconds / 2)


class WaysOut:
    """Looks for changes of one request that have an answer.

    Parameters
    ----------
    resolution
        The lowest that was asked for.
    ends
        When to stop, by the monotonic clock.
    """

    def __init__(self, problem: Problem, posing: Posing, resolution: int, ends: float) -> None:
        self._problem, self._posing, self._resolution = problem, posing, resolution
        self._ends = ends
        self._allowance = ends - time.monotonic()

    def _left(self, kept: float = 0.0) -> float:
        return self._ends - time.monotonic() - kept * self._allowance

    def resolutions(self) -> Iterator[str]:
        """Yield the nearest other resolution with an answer, the lower one first."""
        own, asked = self._problem.architecture.resolution, self._resolution
        highest = min(max(asked - 1, own), self._highest_possible())
        below = range(highest, max(own, highest - NEAR), -1)
        for side in (*below, *range(asked + 1, asked + NEAR)):
            if (left := self._left(2 * LATER)) <= 0:
                return
            if some_answer(self._posing.at(side), left / SHARE).widths is not None:
                told = f"resolution {side}..{side} would leave one."
                yield f"There are answers at {side:,} px: {told}"
                return

    def _highest_possible(self) -> int:
        """The highest resolution up to the one asked for that the relaxation does not rule out."""
        low, high = self._problem.architecture.resolution, self._resolution
        return low + bisect_left(
            range(low + 1, high), True, key=lambda it: _is_ruled_out(self._posing.at(it))
        )

    def unfrozen(self) -> Iterator[str]:
        """Yield that frozen widths stand in the way, if an answer exists without them."""
        terms = self._problem.widths
        if terms is not None and terms.freeze and self._opens(LATER, freeze=()):
            yield "Leaving out widths.freeze would leave an answer."

    def ratios(self) -> Iterator[str]:
        """Yield the first of some wider ratios that has an answer."""
        filled = self._problem.filled_for(self._problem.architecture.resolution).widths
        assert filled is not None, "defaults are filled in"
        low, high = filled.ratio
        for factor in WIDENED:
            wider = (
                max(round(low / factor, 3), 1 / MOST_RATIO),
                min(round(high * factor, 3), MOST_RATIO),
            )
            if self._opens(0.0, ratio=wider):
                yield f"widths.ratio from {wider[0]:g} to {wider[1]:g} would leave an answer."
                return

    def _opens(self, kept: float, **changes: Any) -> bool:
        """Whether other terms of the widths have an answer at this resolution."""
        left = self._left(kept)
        if left <= 0:
            return False
        filled = self._problem.filled_for(self._problem.architecture.resolution)
        assert filled.widths is not None, "defaults are filled in"
        terms = filled.widths.model_copy(update=changes)
        question = self._problem.model_copy(update={"widths": terms})
        posing = Posing(Problem.of(question, self._problem.architecture))
        return some_answer(posing.at(self._resolution), left / SHARE).widths is not None

    def tolerance(self) -> Closest | None:
        """The smallest tolerance to both sides that was found to have an answer."""
        problem = self._posing.at(self._resolution)
        low, high = LEAST, 1.0
        while high > FINE * low:
            middle = sqrt(low * high)
            is_ruled_out = _is_ruled_out(_widened(problem, middle))
            low, high = (middle, high) if is_ruled_out else (low, middle)
        best = None
        for share in (max(high, FIRST), 1.0):
            best = best or self._within(problem, share)
        while best is not None and self._left(3 * LATER) > 0 and best.tolerance > low * FINE:
            middle = sqrt(low * best.tolerance)
            nearer = self._within(problem, middle)
            low, best = (middle, best) if nearer is None else (low, nearer)
        return best

    def _within(self, problem: WholeProblem, share: float) -> Closest | None:
        """An answer within a tolerance, and the tolerance that it needs."""
        seconds = self._left(3 * LATER) / SHARE
        widths = some_answer(_widened(problem, share), seconds).widths if seconds > 0 else None
        if widths is None:
            return None
        asked = [it for it in problem.budgets if it.band.low]
        worst = max(Fraction(abs(int(it.count(widths)) - it.target), it.target) for it in asked)
        return Closest(widths, float(written(worst, [it.target for it in asked])))


def _is_ruled_out(problem: WholeProblem) -> bool:
    return problem.is_empty or not Relaxation(problem).is_feasible


def _widened(problem: WholeProblem, share: float) -> WholeProblem:
    """The problem with a tolerance; counts that are only bounded stay so."""
    budgets = [
        replace(it, band=_band(it.band, it.target, share)) if it.band.low else it
        for it in problem.budgets
    ]
    return replace(problem, budgets=budgets)


def _band(band: Range, target: int, share: float) -> Range:
    """The band of a tolerance; a bound on parameters below the target stays."""
    wide = Tolerance(below=share, above=share).band(target)
    return Range(wide.low, min(wide.high, band.high) if band.high < target else wide.high)
