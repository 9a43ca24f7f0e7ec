"""The highest resolution at which some widths have exactly the original's counts."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from solver.engines.progress import Progress, Tell, silent
from solver.engines.whole.centre import box_centre
from solver.engines.whole.closest_exact import REACH
from solver.engines.whole.exact import ExactSearch
from solver.engines.whole.expected import expected_answers
from solver.engines.whole.found import NO_ANSWER, Found
from solver.engines.whole.largest import At, highest_possible
from solver.engines.whole.quadratic import Ints
from solver.engines.whole.relaxation import Relaxation
from solver.variation.unknown import Range

EACH: Final = 2.0
"""Most seconds that one resolution is tried."""
BRIEF: Final = 0.1
"""Most seconds if less than one answer is to be expected."""
SHARE: Final = 8
"""One resolution may take an eighth of the seconds left."""


@dataclass(frozen=True, eq=False)
class LargestExact:
    """The highest resolution with an exact answer, and what is known about those above.

    Attributes
    ----------
    found
        Its ``value`` is the resolution. It is proved if every higher resolution is ruled out.
    ruled_out
        Higher resolutions that the relaxation allows within a tolerance, and why they have no
        exact answer.
    open
        Higher resolutions where none was found, and none is ruled out.
    """

    found: Found
    ruled_out: dict[int, str]
    open: tuple[int, ...]


def largest_exact(
    at: At,
    resolutions: Range,
    seconds: float,
    seed: int = 0,
    tell: Tell = silent,
    clock: Callable[[], float] = time.monotonic,
) -> LargestExact:
    """Try one resolution after another, from the highest that the relaxation allows downwards.

    A resolution is ruled out by congruences, or by the relaxation in the box of the widths that
    congruences leave. Where nothing is found, strides double until there is an answer; then the
    stride before it is bisected, and the time that is left goes to the next higher ones: what is
    possible is not monotone.
    """
    top = highest_possible(at, resolutions)
    if top is None:
        return LargestExact(NO_ANSWER, {}, ())
    scan = _Scan(at, seed, clock, clock() + seconds)
    best, widths = scan.search(top, resolutions.low, tell)
    left = range(top, resolutions.low - 1 if best is None else best, -1)
    why_not = scan.known if best is None else scan.reason  # few are above one with an answer
    open_ = tuple(it for it in left if why_not(it) is None)
    bound = open_[0] if open_ else best
    if best is None:
        found = Found(None, bound=bound) if open_ else NO_ANSWER
    else:
        tell(Progress(1, best, bound))
        found = Found(widths, best, bound, is_proved=not open_)
    return LargestExact(found, {it: why for it in left if (why := why_not(it))}, open_)


class _Scan:
    """Resolutions that were looked at."""

    def __init__(self, at: At, seed: int, clock: Callable[[], float], deadline: float) -> None:
        self._at, self._seed, self._clock, self._deadline = at, seed, clock, deadline
        self._reasons: dict[int, str | None] = {}

    def search(self, top: int, least: int, tell: Tell) -> tuple[int | None, Ints | None]:
        """The highest resolution with an answer that was found in the time, and its widths."""
        tried, stride, best, widths = top + 1, 1, None, None
        while self._clock() < self._deadline and (place := self._next(tried, stride, best, least)):
            tell(Progress(int(best is not None), best, top))
            answer = None if self.reason(place) else self._find(place)
            if answer is not None:
                best, widths = place, answer
            elif best is None and self.reason(place) is None:
                tried, stride = place, stride * 2
            else:
                tried = place
        return self._climbed(best, widths, top, tell)

    def _climbed(
        self, best: int | None, widths: Ints | None, top: int, tell: Tell
    ) -> tuple[int | None, Ints | None]:
        """Try what is above the best one, the nearest first, for as long as there is time."""
        for place in range(top if best is None else best, top):
            if self._clock() >= self._deadline:
                break
            answer = None if self.reason(place + 1) else self._find(place + 1)
            if answer is not None:
                best, widths = place + 1, answer
                tell(Progress(1, best, top))
        return best, widths

    @staticmethod
    def _next(tried: int, stride: int, best: int | None, least: int) -> int | None:
        """The resolution to try below the last one without an answer; ``None`` if none is left."""
        if best is None:
            return max(tried - stride, least) if tried > least else None
        return (tried + best) // 2 if tried - best > 1 else None

    def known(self, resolution: int) -> str | None:
        """Why there is no exact answer, if that was looked at and found."""
        return self._reasons.get(resolution)

    def reason(self, resolution: int) -> str | None:
        """Why there is no exact answer, or ``None`` if there may be some."""
        if resolution not in self._reasons:
            self._reasons[resolution] = _ruled_out(ExactSearch(self._at(resolution)))
        return self._reasons[resolution]

    def _find(self, resolution: int) -> Ints | None:
        search = ExactSearch(self._at(resolution), self._seed, self._clock)
        return _find(search, min(EACH, (self._deadline - self._clock()) / SHARE))


def _ruled_out(search: ExactSearch) -> str | None:
    """Why there is no exact answer, or ``None`` if there may be some."""
    residues, problem = search.residues, search.problem
    if residues.impossible:
        return residues.impossible
    box = residues.box(problem)
    if not box.is_empty and Relaxation(problem).feasible(box.low, box.high):
        return None
    return " ".join([*residues.facts, "No widths within their limits meet the budgets."])


def _find(search: ExactSearch, seconds: float) -> Ints | None:
    """An answer near the widths with the most slack: at the edge there is little."""
    box = search.residues.box(search.problem)
    middle = box_centre(box)
    around = None if middle is None or middle.reach > REACH else middle.widths
    if around is None or expected_answers(box, around) < 0:
        seconds = min(seconds, BRIEF)
    batches = search.batches(seconds, around=around)
    return next((rows[0] for rows in batches), None)
