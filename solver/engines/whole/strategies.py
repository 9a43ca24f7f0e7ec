"""The strategy for each objective of approach V, at one resolution or over all."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np

from solver.engines.progress import Progress, Tell
from solver.engines.whole.closest import SLACK, closest, smallest_sum
from solver.engines.whole.closest_exact import closest_exact, smallest_sum_exact
from solver.engines.whole.exact import SMALL
from solver.engines.whole.fewest import fewest_changes
from solver.engines.whole.found import NO_ANSWER, Found
from solver.engines.whole.largest import largest as largest_tolerant
from solver.engines.whole.largest_exact import largest_exact
from solver.engines.whole.pool import Pool, Value
from solver.engines.whole.posing import Posing
from solver.engines.whole.problem import LinearForm, WholeProblem
from solver.engines.whole.quadratic import Floats, Ints
from solver.engines.whole.residues import Residues
from solver.engines.whole.smallest_activations import smallest_activations
from solver.problem import ObjectiveName
from solver.variation.unknown import Range

Live = Sequence[LinearForm]
"""The elements alive while each layer runs."""

FIRST_SHARE: Final = 0.5
"""The share of the time in which the first objective is looked for, where there is a second."""
EXACT_SHARE: Final = 0.8
MOST_SUM_SECONDS: Final = 3.0
"""Most seconds for the least sum once the smallest largest change is known."""
POOL: Final = 200
"""Exactly equal answers of which the best is taken where CP-SAT finds none."""


def best(
    objective: ObjectiveName, problem: WholeProblem, live: Live, seconds: float, tell: Tell
) -> Found:
    """The best answer at one resolution."""
    is_exact = problem.has_equality
    if problem.is_fixed:
        return _the_only(value_of(objective, problem, live), problem)
    if problem.is_empty or (is_exact and Residues.of(problem).impossible):
        return NO_ANSWER
    if objective == "closest":
        needs_lattices = is_exact and len(problem.names) > SMALL
        return (_closest_exactly if needs_lattices else _closest)(problem, seconds, tell)
    found = _by_model(objective, problem, live, seconds * (FIRST_SHARE if is_exact else 1), tell)
    if found.widths is not None or found.is_proved or not is_exact:
        return found
    return _of_pool(value_of(objective, problem, live), problem, seconds * (1 - FIRST_SHARE), found)


def _the_only(value: Value, problem: WholeProblem) -> Found:
    """The one answer of a problem whose widths are all fixed, if it is one."""
    widths = problem.low * problem.steps
    if not problem.accepts(widths):
        return NO_ANSWER
    found = float(value(widths[None])[0])
    return Found(widths, found, found, is_proved=True)


def _closest(problem: WholeProblem, seconds: float, tell: Tell) -> Found:
    """The smallest largest change, then the smallest sum; ``value`` and ``bound`` are the first."""
    found = closest(problem, seconds * FIRST_SHARE, tell)
    if found.widths is None:
        return found
    left = min(seconds * (1 - FIRST_SHARE), MOST_SUM_SECONDS)
    tidied = smallest_sum(problem, found.widths, left)
    return Found(tidied.widths, found.value, found.bound, found.is_proved)


def _closest_exactly(problem: WholeProblem, seconds: float, tell: Tell) -> Found:
    """As :func:`_closest`, for equalities: lattices find ever closer answers.

    Where lattices find none, CP-SAT may find one, or prove that there is none.
    """
    ends = time.monotonic() + seconds
    found = NO_ANSWER
    for number, found in enumerate(closest_exact(problem, seconds * EXACT_SHARE), start=1):
        tell(Progress(number, found.value, found.bound))
    if found.widths is None:
        return found if found.is_proved else _closest(problem, ends - time.monotonic(), tell)
    left = min(ends - time.monotonic(), MOST_SUM_SECONDS)
    tidied = smallest_sum_exact(problem, found.widths, left)
    return Found(tidied.widths, found.value, found.bound, found.is_proved, found.others)


def _by_model(
    objective: ObjectiveName, problem: WholeProblem, live: Live, seconds: float, tell: Tell
) -> Found:
    if objective == "fewest_changes":
        return fewest_changes(problem, seconds, tell)
    return smallest_activations(problem, live, seconds, tell)


def _of_pool(value: Value, problem: WholeProblem, seconds: float, known: Found) -> Found:
    """The best of some exact answers."""
    pool = Pool(problem)
    if pool.fill(POOL, seconds, seed=0):
        return NO_ANSWER
    if not len(pool):
        return Found(None, bound=known.bound)
    widths = pool.sorted(value)[0]
    return Found(widths, float(value(widths[None])[0]), known.bound)


def largest(posing: Posing, seconds: float, tell: Tell) -> Found:
    """The highest resolution with an answer, and widths at it; ``value`` is the resolution."""
    sides = posing.resolutions
    resolutions = Range(sides[0], sides[-1])
    lowest = posing.at(resolutions.low)
    if lowest.is_fixed:
        return _largest_as_it_is(posing, sides)
    if lowest.has_equality:
        return largest_exact(posing.at, resolutions, seconds, tell=tell).found
    return largest_tolerant(posing.at, resolutions, seconds, tell)


def _largest_as_it_is(posing: Posing, sides: Sequence[int]) -> Found:
    """As :func:`largest`, for a network whose widths are all fixed."""
    for side in reversed(sides):
        problem = posing.at(side)
        widths = problem.low * problem.steps
        if problem.is_fixed and problem.accepts(widths):
            return Found(widths, side, side, is_proved=True)
    return NO_ANSWER


def value_of(
    objective: ObjectiveName, problem: WholeProblem, live: Live, least: float = math.inf
) -> Value:
    """A function that gives the objective's value, smaller is better, for rows of widths.

    Of ``closest`` all that change at most 1.05 times as much as the ``least`` are equal.
    """

    def exceeds(rows: Ints) -> Floats:
        return (problem.changes(rows) > SLACK * least).astype(float)

    def changes(rows: Ints) -> Floats:
        found: Floats = (rows != problem.original).sum(axis=1).astype(float)
        return found

    def peak(rows: Ints) -> Floats:
        return np.array([max(form(row) for form in live) for row in rows], float)

    values: Mapping[str, Callable[[Ints], Floats]] = {
        "fewest_changes": changes,
        "min_activations": peak,
    }
    return values.get(objective, exceeds)
