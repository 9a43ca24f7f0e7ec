"""What would open an answer of approach V: every way out is followed before it is told."""

import time
from bisect import bisect_left
from collections.abc import Iterator
from typing import Any, Final

from solver.engines.whole.posing import Posing
from solver.explain.existence import SHARE, is_out_of_reach, some_answer
from solver.problem import Problem

NEAR: Final = 12
"""How many resolutions are tried on each side of the one that was asked for."""
WIDENED: Final = (1.1, 1.25, 1.5, 2.0, 3.0, 4.0)
"""By how much ratios are widened to both sides."""
MOST_RATIO: Final = 64.0
LATER: Final = 0.3
"""Share of the time that a way leaves for each later one."""


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
            range(low + 1, high), True, key=lambda it: is_out_of_reach(self._posing.at(it))
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
