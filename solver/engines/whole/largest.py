"""The highest resolution at which some widths keep the budgets (tolerance above 0)."""

import time
from bisect import bisect_left
from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np

from solver.engines.progress import Progress, Tell, silent
from solver.engines.whole.found import NO_ANSWER, Found
from solver.engines.whole.problem import WholeProblem
from solver.engines.whole.relaxation import Relaxation
from solver.engines.whole.witness import witness
from solver.variation.unknown import Range

SHARE: Final = 4
"""One resolution may take a quarter of the seconds left."""
LEAST_SECONDS: Final = 0.1
GROWING: Final = ("flops", "macs")
"""Budgets that grow with the resolution at the same widths."""

At: TypeAlias = Callable[[int], WholeProblem]
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
    for resolution in reversed(range(resolutions.low, top + 1)):
        tell(Progress(0, None, bound))
        left = ends - time.monotonic()
        solved = witness(at(resolution), max(left / SHARE, LEAST_SECONDS))
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
    if Relaxation(at(resolutions.high)).is_feasible:
        return resolutions.high
    if not is_monotone(at, resolutions):
        return next(
            (
                it
                for it in reversed(range(resolutions.low, resolutions.high))
                if Relaxation(at(it)).is_feasible
            ),
            None,
        )
    low, high = resolutions
    return low + bisect_left(
        range(low + 1, high), True, key=lambda it: not Relaxation(at(it)).is_feasible
    )


def is_monotone(at: At, resolutions: Range) -> bool:
    """Whether all resolutions above one that is ruled out are ruled out too.

    Maps never shrink as images grow. So FLOPs grow with them, and what is possible at the lowest
    resolution stops at one point, if only FLOPs differ: parameters do where a linear layer reads a
    map's pixels, and activations bound the widths more at each resolution.
    """
    ends = [at(resolutions.low), at(resolutions.high)]
    if any(end.linear_bounds for end in ends):
        return False
    of_ends = [[it.count for it in end.budgets if it.name not in GROWING] for end in ends]
    is_same = all(
        mine.constant == other.constant
        and np.array_equal(mine.linear, other.linear)
        and np.array_equal(mine.factors, other.factors)
        for mine, other in zip(*of_ends, strict=True)
    )
    return is_same and Relaxation(ends[0]).is_feasible
