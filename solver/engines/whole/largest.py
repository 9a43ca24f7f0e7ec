"""The highest resolution at which some widths keep the budgets (tolerance above 0)."""

import time
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from solver.engines.progress import Progress, Tell, silent
from solver.engines.whole.centre import box_centre
from solver.engines.whole.found import NO_ANSWER, Found
from solver.engines.whole.model import Solved, solve_in_box
from solver.engines.whole.problem import WholeProblem
from solver.engines.whole.relaxation import Relaxation
from solver.engines.whole.repair import rounded
from solver.variation.unknown import Range

TRIES: Final = 20
"""Roundings of a box's centre before CP-SAT searches the box."""
SHARE: Final = 4
"""One resolution, or one change, may take one in so many of the seconds left."""

At = Callable[[int], WholeProblem]
"""The problem at a resolution."""


def largest(at: At, resolutions: Range, seconds: float, tell: Tell = silent) -> Found:
    """The highest resolution that has an answer; the found ``value`` is the resolution.

    The relaxation bounds the resolution from above. From there down, each is tried until one has an
    answer. It is proved if every higher one is ruled out.
    """
    ends = time.monotonic() + seconds
    top = highest_possible(at, resolutions)
    if top is None:
        return NO_ANSWER
    bound, is_proved = top, True
    for resolution in range(top, resolutions.low - 1, -1):
        tell(Progress(0, None, bound))
        left = ends - time.monotonic()
        solved = witness(at(resolution), max(left / SHARE, min(left, 0.1)))
        if solved.widths is not None:
            tell(Progress(1, resolution, bound))
            return Found(solved.widths, resolution, bound, is_proved)
        is_proved = is_proved and solved.is_proved
        bound = resolution - 1 if is_proved else bound
        if time.monotonic() > ends:
            return Found(None, bound=bound)
    return NO_ANSWER if is_proved else Found(None, bound=bound)


def highest_possible(at: At, resolutions: Range) -> int | None:
    """The highest resolution that the relaxation does not rule out, or ``None``."""
    if _may(at(resolutions.high)):
        return resolutions.high
    if not _is_monotone(at, resolutions):
        return next((it for it in _downwards(resolutions) if _may(at(it))), None)
    low, high = resolutions
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _may(at(middle)) else (low, middle)
    return low


def _is_monotone(at: At, resolutions: Range) -> bool:
    """Whether all resolutions above one that is ruled out are ruled out too.

    Maps never shrink as images grow, so FLOPs grow, and then what is possible at the lowest
    resolution ceases to be at one point. Parameters must be the same at all resolutions: they grow
    only where a linear layer reads a map's pixels.
    """
    ends = [at(resolutions.low), at(resolutions.high)]
    of_ends = [[it for it in end.budgets if it.name == "params"] for end in ends]
    is_same = all(
        mine.count.constant == other.count.constant
        and np.array_equal(mine.count.linear, other.count.linear)
        and np.array_equal(mine.count.factors, other.count.factors)
        for mine, other in zip(*of_ends, strict=True)
    )
    return is_same and _may(ends[0])


def _downwards(resolutions: Range) -> Iterator[int]:
    return iter(range(resolutions.high, resolutions.low - 1, -1))


def _may(problem: WholeProblem) -> bool:
    return Relaxation(problem).feasible(problem.low, problem.high)


def witness(problem: WholeProblem, seconds: float) -> Solved:
    """Any answer in a problem's box: a rounding of its centre, or what CP-SAT finds."""
    if not _may(problem):
        return Solved(None, is_proved=True)
    middle = box_centre(problem)
    if middle is not None:
        widths = rounded(problem, middle.widths, np.random.default_rng(0), TRIES)
        if widths is not None:
            return Solved(widths, is_proved=True)
    return solve_in_box(problem, None if middle is None else middle.widths, seconds)
