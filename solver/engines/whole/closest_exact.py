"""The exact answer with the smallest largest change: lattices in boxes that shrink."""

import time
from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from solver.engines.whole.centre import box_centre, centre
from solver.engines.whole.closest import SLACK, possible_changes, squared_changes
from solver.engines.whole.exact import ExactSearch
from solver.engines.whole.found import NO_ANSWER, Found
from solver.engines.whole.problem import WholeProblem
from solver.engines.whole.quadratic import Floats, Ints
from solver.engines.whole.relaxation import Relaxation

FIRST_SECONDS: Final = 0.15
"""How long a box is tried at first."""
LONGER: Final = 2.5
"""By how much longer boxes are tried once all have failed."""
AIMS: Final = (0.35, 0.75)
"""Where the next box is, from the bound (0) to the best answer (1)."""
REACH: Final = 1.02
"""Largest reach of a box centre that is tried: its box has no answers if it is far outside."""


def closest_exact(
    problem: WholeProblem,
    seconds: float,
    seed: int = 0,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Found]:
    """Ever closer exact answers, each with the bound on T*; the last may be proved the closest.

    The found ``value`` is the largest change of its widths. Nothing found is one result, without
    widths: proved, if congruences or the relaxation rule all answers out.
    """
    search = _ShrinkingBoxes(problem, seed, clock, clock() + seconds)
    if search.bound is None:
        yield NO_ANSWER
        return
    is_any = False
    for found in search.improvements():
        is_any = True
        yield found
    if not is_any:
        yield Found(None, bound=search.bound)


def smallest_sum_exact(
    problem: WholeProblem,
    known: Ints,
    seconds: float,
    seed: int = 0,
    clock: Callable[[], float] = time.monotonic,
) -> Found:
    """The least sum of squared log ratios among exact answers little farther than the known one.

    Answers may change by up to 1.05 times the known largest change. The found ``value`` is the
    sum; it is the best of those that were seen in the time, and never proved.
    """
    box = problem.near(SLACK * float(problem.changes(known)))
    search, best, least = ExactSearch(box, seed, clock), known, squared_changes(problem, known)
    for rows in search.batches(seconds):
        sums = (np.log(rows / problem.original) ** 2).sum(axis=1)
        if sums.min() < least:
            best, least = rows[int(sums.argmin())], float(sums.min())
    return Found(best, least)


class _ShrinkingBoxes:
    """A search in boxes around the original, between the bound and the best answer."""

    def __init__(
        self, problem: WholeProblem, seed: int, clock: Callable[[], float], deadline: float
    ) -> None:
        self._problem, self._clock, self._deadline = problem, clock, deadline
        self._search = ExactSearch(problem, seed, clock)
        self._changes = possible_changes(problem)
        self._relaxation = Relaxation(problem)
        self._first = self._first_possible()
        self._centres: dict[int, Floats | None] = {}

    @property
    def bound(self) -> float | None:
        """No exact answer has a smaller largest change; ``None`` if there is none at all."""
        return None if self._first is None else float(self._changes[self._first])

    def improvements(self) -> Iterator[Found]:
        """Answers with smaller and smaller largest changes, until proved or the time is up."""
        if self._first is None or self.bound is None:
            return
        best, failed, seconds = len(self._changes), set[int](), FIRST_SECONDS
        while best > self._first and self._clock() < self._deadline:
            aim = self._aim(best, failed)
            if aim is None:
                failed, seconds = set(), seconds * LONGER
                continue
            widths = self._in_box(aim, seconds)
            if widths is None:
                failed.add(aim)
                continue
            change, failed = float(self._problem.changes(widths)), set()
            best = int(np.searchsorted(self._changes, change - 1e-9))
            yield Found(widths, change, self.bound, is_proved=best <= self._first)

    def _aim(self, best: int, failed: set[int]) -> int | None:
        """The next box to try: none if all that are wider than the last failure have failed."""
        low = max(failed) + 1 if failed else self._first or 0
        if best == len(self._changes):
            return best - 1 if not failed else None
        if low >= best:
            return None
        ends = np.log(self._changes[[self._first or 0, best]])
        share = AIMS[len(failed) % len(AIMS)]
        wanted = np.exp(ends[0] + share * (ends[1] - ends[0]))
        return int(np.clip(np.searchsorted(self._changes, wanted), low, best - 1))

    def _in_box(self, place: int, seconds: float) -> Ints | None:
        """An answer whose largest change is at most the one at this place."""
        box = self._search.residues.box(self._problem.near(self._changes[place]))
        if place not in self._centres:
            self._centres[place] = self._middle(box, is_whole=place == len(self._changes) - 1)
        around = self._centres[place]
        if around is None:
            return None
        left = min(seconds, self._deadline - self._clock())
        return next((rows[0] for rows in self._search.batches(left, box, around)), None)

    def _middle(self, box: WholeProblem, is_whole: bool) -> Floats | None:
        """The widths that answers are sought around: in small boxes those with the most slack."""
        if box.is_empty:
            return None
        if is_whole:
            return centre(box)
        middle = box_centre(box)
        return None if middle is None or middle.reach > REACH else middle.widths

    def _first_possible(self) -> int | None:
        """The place of the smallest change that neither residues nor the relaxation rule out."""
        last = len(self._changes) - 1
        if self._search.residues.impossible or last < 0 or not self._may(last):
            return None
        return bisect_left(range(last), True, key=self._may)

    def _may(self, place: int) -> bool:
        box = self._search.residues.box(self._problem.near(self._changes[place]))
        return not box.is_empty and self._relaxation.feasible(box.low, box.high)
