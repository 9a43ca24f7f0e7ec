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
SHARE: Final = 4
"""One resolution may take a quarter of the seconds left."""


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
    congruences leave.
    """
    deadline = clock() + seconds
    top = highest_possible(at, resolutions)
    ruled_out: dict[int, str] = {}
    open_: list[int] = []
    if top is None:
        return LargestExact(NO_ANSWER, ruled_out, ())
    for resolution in range(top, resolutions.low - 1, -1):
        bound = open_[0] if open_ else resolution
        tell(Progress(0, None, bound))
        search = ExactSearch(at(resolution), seed, clock)
        if reason := _ruled_out(search):
            ruled_out[resolution] = reason
            continue
        left = deadline - clock()
        if left <= 0:
            return LargestExact(Found(None, bound=bound), ruled_out, (*open_, resolution))
        widths = _find(search, min(EACH, left / SHARE))
        if widths is not None:
            tell(Progress(1, resolution, bound))
            found = Found(widths, resolution, bound, is_proved=not open_)
            return LargestExact(found, ruled_out, tuple(open_))
        open_.append(resolution)
    found = Found(None, bound=open_[0]) if open_ else NO_ANSWER
    return LargestExact(found, ruled_out, tuple(open_))


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
