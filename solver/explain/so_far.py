"""What is known of approach V's answers where time ran out before one was found or ruled out."""

import time
from collections.abc import Iterator
from math import isinf
from typing import Final

from solver.answers.variants import Explanation
from solver.engines.whole.expected import expected_answers
from solver.engines.whole.largest import highest_possible, is_monotone
from solver.engines.whole.posing import Posing
from solver.engines.whole.problem import WholeProblem
from solver.engines.whole.residues import Residues
from solver.explain.existence import is_ruled_out
from solver.explain.neighbours import TO_THE_SIDES, Neighbours, described
from solver.explain.ways_out import WaysOut
from solver.explain.whole import explain
from solver.problem import Problem
from solver.variation.unknown import Range

OPEN: Final = 0.25
"""The share of the time in which the lowest resolution that is not ruled out is looked for."""
NEAREST: Final = 0.3
"""The share in which the nearest network is looked for."""
FOUND_LATE: Final = "The nearest network is an answer; a longer search would find more."


def known_so_far(problem: Problem, seconds: float) -> Explanation:
    """Tell what bounds the answers, how many are to be expected, and what comes nearest.

    Nothing is said to block: nothing is proved to. If all is ruled out after all, as short time
    limits leave it, the explanation says why.
    """
    ends = time.monotonic() + seconds
    posing = Posing(problem)
    asked = Range(posing.resolutions[0], posing.resolutions[-1])
    top = asked.high
    if is_monotone(posing.at, asked):
        top = highest_possible(posing.at, asked) or top
    lowest = _lowest_open(posing, top, OPEN * seconds)
    if lowest is None:
        return explain(problem, ends - time.monotonic())
    posed = posing.at(lowest)
    neighbours = Neighbours(posed)
    neighbours.look(NEAREST * seconds)
    nearest = neighbours.nearest
    if nearest is not None and posed.accepts(nearest.widths):
        near = described(problem, posing, neighbours) | {"tolerance": None}
        return Explanation(blocking=[], reasons=[FOUND_LATE], **near)
    ways = WaysOut(problem, posing, lowest, ends - TO_THE_SIDES * seconds)
    reasons = [*_outside(asked, Range(lowest, top)), *_expected(posed), *ways.resolutions()]
    neighbours.look_to_the_sides(ends - time.monotonic())
    return Explanation(blocking=[], reasons=reasons, **described(problem, posing, neighbours))


def _lowest_open(posing: Posing, top: int, seconds: float) -> int | None:
    """The lowest resolution up to ``top`` that is not ruled out, or was not looked at in time."""
    ends = time.monotonic() + seconds
    for side in posing.resolutions:
        if side > top:
            break
        if time.monotonic() > ends or not is_ruled_out(posing.at(side)):
            return side
    return None


def _outside(asked: Range, known: Range) -> Iterator[str]:
    """Yield which of the resolutions asked for are ruled out."""
    if known.low > asked.low:
        yield f"No resolution asked for below {known.low:,} px has an answer."
    if known.high < asked.high:
        yield f"No resolution asked for above {known.high:,} px has an answer."


def _expected(problem: WholeProblem) -> Iterator[str]:
    """Yield what congruences leave, and whether a longer search is likely to find an answer."""
    at = f"At {problem.resolution:,} px"
    if not problem.has_equality:
        yield f"{at} no answer was found, and the relaxation does not rule one out."
        return
    found = Residues.of(problem)
    yield from found.facts
    number = expected_answers(found.box(problem))
    if isinf(number):
        yield f"{at} not even widths that are no whole numbers were found to meet the budgets."
    elif number < 0:
        yield f"{at} about 10^{number:.1f} answers are to be expected: probably there is none."
    else:
        yield f"{at} about 10^{number:.1f} answers are to be expected: more time may find one."
