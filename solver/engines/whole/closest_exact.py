"""The exact answer with the smallest largest change: lattices in boxes that shrink."""

import time
from bisect import bisect_left
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import chain
from typing import Final

import numpy as np

from solver.engines.whole.centre import box_centre, centre
from solver.engines.whole.closest import SLACK, possible_changes, squared_changes
from solver.engines.whole.exact import ExactSearch
from solver.engines.whole.expected import expected_answers
from solver.engines.whole.found import NO_ANSWER, Found
from solver.engines.whole.problem import WholeProblem
from solver.engines.whole.quadratic import Floats, Ints
from solver.engines.whole.relaxation import Relaxation
from solver.engines.whole.tight import TightSearch
from solver.engines.whole.typical import TypicalWidths

FIRST_SECONDS: Final = 0.3
"""How long a box is tried at first."""
LONGER: Final = 2.5
"""By how much longer boxes are tried once all have failed."""
AIMS: Final = (0.35, 0.75)
"""Where the next box is, from what has failed (0) to the best answer (1)."""
WIDE_SHARE: Final = 0.1
"""The share of a box's time in which answers are sought around its centre."""
HOPEFUL: Final = 1.0
"""Decimal logarithm of how many answers are expected in boxes that are worth more than one try."""
REACH: Final = 1.02
"""Largest reach of a box centre that is tried: its box has no answers if it is far outside."""


def closest_exact(
    problem: WholeProblem,
    seconds: float,
    seed: int = 0,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Found]:
    """Ever closer exact answers, each with the bound on T*; the last may be proved the closest.

    The found ``value`` is the largest change of its widths; ``others`` may change more. Nothing
    found is one result, without widths: proved, if congruences or the relaxation rule all answers
    out.
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
        self._wide = ExactSearch(problem, seed, clock)
        self._residues = self._wide.residues
        self._tight = TightSearch(problem, self._residues, seed, clock)
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
        best, low, fails, seconds = len(self._changes), self._first, 0, FIRST_SECONDS
        while best > self._first and self._clock() < self._deadline:
            aim = self._aim(low, best, AIMS[fails % len(AIMS)])
            rows = self._in_box(aim, seconds)
            if rows is not None:
                change = float(self._problem.changes(rows[0]))
                best = int(np.searchsorted(self._changes, change - 1e-9))
                yield Found(rows[0], change, self.bound, best <= self._first, others=rows[1:])
            else:
                low, fails = max(aim + 1, min(self._hopeful, best - 1)), fails + 1
            if low >= best:
                low, fails, seconds = min(self._hopeful, best - 1), 0, seconds * LONGER

    def _aim(self, low: int, best: int, share: float) -> int:
        """The next box to try: some way from the narrowest that has not failed to the best."""
        if best == len(self._changes):
            return best - 1
        ends = np.log(self._changes[[low, best]])
        wanted = np.exp(ends[0] + share * (ends[1] - ends[0]))
        return int(np.clip(np.searchsorted(self._changes, wanted), low, best - 1))

    def _in_box(self, place: int, seconds: float) -> Ints | None:
        """Answers whose largest change is at most the one at this place, the closest first."""
        box = self._residues.box(self._problem.near(self._changes[place]))
        is_whole = place == len(self._changes) - 1
        left = min(seconds, self._deadline - self._clock())
        if place not in self._centres:
            self._centres[place] = self._middle(box, is_whole=is_whole)
        around = self._centres[place]
        if around is None:
            return None
        wide = self._wide.batches(left if is_whole else left * WIDE_SHARE, box, around)
        tight = self._tight.batches(box, around, 0.0 if is_whole else left * (1 - WIDE_SHARE))
        return next(chain(wide, tight), None)

    def _middle(self, box: WholeProblem, *, is_whole: bool) -> Floats | None:
        """The widths that answers are sought around: in small boxes those with the most slack."""
        if box.is_empty:
            return None
        if is_whole:
            return centre(box)
        middle = box_centre(box)
        return None if middle is None or middle.reach > REACH else middle.widths

    @cached_property
    def _hopeful(self) -> int:
        """The place of the smallest change with which there probably are answers."""
        places = range(self._first or 0, len(self._changes) - 1)
        return places.start + bisect_left(places, True, key=self._is_hopeful)

    def _is_hopeful(self, place: int) -> bool:
        box = self._residues.box(self._problem.near(self._changes[place]))
        typical = None if box.is_empty else TypicalWidths.of(box)
        if typical is None:
            return False
        return expected_answers(box, typical.mean * box.steps) >= HOPEFUL

    def _first_possible(self) -> int | None:
        """The place of the smallest change that neither residues nor the relaxation rule out."""
        last = len(self._changes) - 1
        if self._residues.impossible or last < 0 or not self._may(last):
            return None
        return bisect_left(range(last), True, key=self._may)

    def _may(self, place: int) -> bool:
        box = self._residues.box(self._problem.near(self._changes[place]))
        return not box.is_empty and self._relaxation.feasible(box.low, box.high)
