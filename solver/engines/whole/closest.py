"""The widths that change least within a tolerance: smallest largest change, then smallest sum."""

import time
from bisect import bisect_left
from typing import Final

import numpy as np

from solver.engines.progress import Progress, Tell, silent
from solver.engines.whole.centre import centre
from solver.engines.whole.found import NO_ANSWER, Found
from solver.engines.whole.model import WholeModel
from solver.engines.whole.problem import WholeProblem
from solver.engines.whole.quadratic import Floats, Ints
from solver.engines.whole.relaxation import Relaxation
from solver.engines.whole.witness import amid_bands, roundings, witness

SHARE: Final = 4
"""One change may take a quarter of the seconds left."""
SLACK: Final = 1.05
"""Among answers with at most so many times the smallest largest change, the sum decides."""
UNITS: Final = 1_000_000
"""Units of a squared log ratio, for sums in integers."""


def possible_changes(problem: WholeProblem) -> Floats:
    """Every largest change that widths of the box can have, in ascending order."""
    changes = []
    ends = zip(problem.original, problem.steps, problem.low, problem.high, strict=True)
    for original, step, low, high in ends:
        widths = np.arange(low, high + 1) * step
        changes.append(np.maximum(widths / original, original / widths))
    return np.unique(np.concatenate(changes))


def least_change(problem: WholeProblem) -> float | None:
    """The smallest largest change that the relaxation does not rule out, or ``None``."""
    changes = possible_changes(problem)
    if problem.is_empty or not Relaxation(problem).is_feasible:
        return None
    return float(changes[_first_possible(problem, changes)])


def _first_possible(problem: WholeProblem, changes: Floats) -> int:
    """The place of the smallest change that the relaxation does not rule out."""
    relaxation = Relaxation(problem)

    def may(place: int) -> bool:
        box = problem.near(changes[place])
        return relaxation.feasible(box.low, box.high)

    return bisect_left(range(len(changes) - 1), True, key=may)


def closest(problem: WholeProblem, seconds: float, tell: Tell = silent) -> Found:
    """The widths with the smallest largest change T*; the found ``value`` is T*.

    The relaxation bounds T* from below. From that bound on, boxes are tried at growing distances
    until one has an answer, and then between the last without and the smallest with one.
    """
    ends = time.monotonic() + seconds
    if problem.is_empty or not Relaxation(problem).is_feasible:
        return NO_ANSWER
    changes = possible_changes(problem)
    ruled_out, stride, is_proved = _first_possible(problem, changes) - 1, 1, True
    bound = float(changes[ruled_out + 1])
    best, reached = None, len(changes)
    while ruled_out + 1 < reached and time.monotonic() < ends:
        if best is None:
            place, stride = min(ruled_out + stride, len(changes) - 1), stride * 2
        else:
            place = (ruled_out + reached) // 2
        tell(_progress(problem, best, bound))
        solved = witness(problem.near(changes[place]), (ends - time.monotonic()) / SHARE)
        if solved.widths is None:
            ruled_out, is_proved = place, is_proved and solved.is_proved
            bound = float(changes[min(place + 1, len(changes) - 1)]) if is_proved else bound
        else:
            best = solved.widths
            reached = int(np.searchsorted(changes, problem.changes(best)))
    if best is None:
        return NO_ANSWER if is_proved and ruled_out + 1 >= reached else Found(None, bound=bound)
    tell(_progress(problem, best, bound))
    is_least = is_proved and ruled_out + 1 >= reached
    return Found(best, float(problem.changes(best)), bound, is_least)


def _progress(problem: WholeProblem, best: Ints | None, bound: float) -> Progress:
    if best is None:
        return Progress(0, None, bound)
    return Progress(1, float(problem.changes(best)), bound)


def squared_changes(problem: WholeProblem, widths: Ints) -> float:
    """The sum of the squared log ratios of widths, shape ``(n,)``."""
    return float((np.log(widths / problem.original) ** 2).sum())


def smallest_sum(problem: WholeProblem, known: Ints, seconds: float, tell: Tell = silent) -> Found:
    """The smallest sum of squared log ratios among answers that change little more than the known.

    The found ``value`` is the sum. Answers may change by up to 1.05 times the known largest change.

    Parameters
    ----------
    known
        An answer with the smallest largest change, shape ``(n,)``.
    """
    box = problem.near(SLACK * float(problem.changes(known)))
    start = _start(box, known)
    model = WholeModel(box)
    model.hint(start)
    costs = [model.table(group, _costs(box, group)) for group in range(len(box.names))]
    model.cp.minimize(sum(costs[1:], start=costs[0]))
    solved = model.solve(
        seconds, lambda best, bound: tell(Progress(1, best / UNITS, bound / UNITS))
    )
    widths = start if solved.widths is None else solved.widths
    value = squared_changes(box, widths)
    bound = value if solved.is_proved else min(value, max(0.0, solved.bound / UNITS))
    return Found(widths, value, bound, solved.is_proved)


def _start(box: WholeProblem, known: Ints) -> Ints:
    """The best of the known answer and roundings of the box's least-squares centre."""
    middle = centre(amid_bands(box))
    answers = [known] if middle is None else [known, *roundings(box, middle)]
    return min(answers, key=lambda widths: squared_changes(box, widths))


def _costs(problem: WholeProblem, group: int) -> list[int]:
    """The squared log ratio of each width of a group, in units."""
    steps = np.arange(problem.low[group], problem.high[group] + 1)
    ratios = steps * problem.steps[group] / problem.original[group]
    costs: list[int] = np.rint(np.log(ratios) ** 2 * UNITS).astype(np.int64).tolist()
    return costs
