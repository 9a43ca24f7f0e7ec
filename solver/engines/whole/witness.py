"""Any answer in a box: the real centre, rounded and repaired, or what CP-SAT finds."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from solver.engines.whole.centre import box_centre
from solver.engines.whole.model import Solved, solve_in_box
from solver.engines.whole.problem import WholeProblem
from solver.engines.whole.quadratic import Floats, Ints
from solver.engines.whole.relaxation import Relaxation
from solver.variation.unknown import Range

TRIES: Final = 20
"""Roundings of a point before CP-SAT searches the box."""
MOVES: Final = np.array([-2, -1, 1, 2])
"""By how many steps one repair changes a width."""
MOST_REPAIRS: Final = 80
SPREAD: Final = 0.02
"""Standard deviation of the log ratios by which later tries differ from the point."""


def witness(problem: WholeProblem, seconds: float) -> Solved:
    """Widths that satisfy all equations, or whether it is proved that there are none."""
    if problem.is_empty or not Relaxation(problem).is_feasible:
        return Solved(None, is_proved=True)
    middle = box_centre(amid_bands(problem))
    point = None if middle is None else middle.widths
    if point is not None:
        widths = next(roundings(problem, point), None)
        if widths is not None:
            return Solved(widths, is_proved=True)
    return solve_in_box(problem, point, seconds)


def amid_bands(problem: WholeProblem) -> WholeProblem:
    """The same problem with equalities to the middle of each band, for real-valued centres.

    Widths near a point amid the bands still are within them once they are rounded. What is only
    bounded from above, by a band from 0, is left out.
    """
    budgets = [
        replace(budget, band=Range(middle, middle))
        for budget in problem.budgets
        for middle in [sum(budget.band) // 2]
        if budget.band.low
    ]
    return replace(problem, budgets=budgets or problem.budgets)


def roundings(problem: WholeProblem, point: Floats, tries: int = TRIES) -> Iterator[Ints]:
    """Yield widths near the point, shape ``(n,)``, that satisfy all equations.

    The first try rounds to the nearest step, the others at random; not every try gives an answer.
    """
    random = np.random.default_rng(0)
    steps = point / problem.steps
    for attempt in range(tries):
        near = steps * np.exp(random.normal(0, SPREAD, len(steps))) if attempt else steps
        shift = random.random(len(steps)) if attempt else 0.5
        start = np.floor(near + shift).astype(np.int64).clip(problem.low, problem.high)
        widths = _repaired(problem, start)
        if widths is not None and problem.accepts(widths):
            yield widths


def _repaired(problem: WholeProblem, steps: Ints) -> Ints | None:
    """Change one width at a time, always the one that leaves the smallest misfit."""
    limits = np.array([_half_width(it.band) for it in problem.budgets])
    middles = np.array([sum(it.band) / 2 for it in problem.budgets])
    for _ in range(MOST_REPAIRS):
        widths = steps * problem.steps
        counts = np.array([it.count(widths) for it in problem.budgets])
        misfits = (counts - middles) / limits
        worst = np.abs(misfits).max()
        if worst <= 1:
            return widths
        slopes = [it.count.gradient(widths) * problem.steps for it in problem.budgets]
        scaled = np.array(slopes) / limits[:, None]
        after = np.abs(misfits[:, None, None] + scaled[:, :, None] * MOVES).max(axis=0)
        moved = steps[:, None] + MOVES
        is_out = (moved < problem.low[:, None]) | (moved > problem.high[:, None])
        after[is_out] = np.inf
        group, move = np.unravel_index(after.argmin(), after.shape)
        if after[group, move] >= worst:
            return None
        steps = steps.copy()
        steps[group] = moved[group, move]
    return None


def _half_width(band: tuple[int, int]) -> float:
    """Half a band's width; of an equality, the half that only the target itself is within."""
    return max(band[1] - band[0], 0.5) / 2
