"""About how many widths have exactly the original's counts: too few, or plenty."""

from math import log, pi
from typing import Final

import numpy as np

from solver.engines.whole.centre import box_centre, centre
from solver.engines.whole.congruence import Monomials, index
from solver.engines.whole.equations import Equations
from solver.engines.whole.problem import WholeProblem
from solver.engines.whole.quadratic import Floats

STEPS: Final = 60
CLOSE: Final = 1e-6
"""Gap of the mean, relative to the counts' reach in the box, at which steps end."""


def expected_answers(problem: WholeProblem, around: Floats | None = None) -> float:
    """The decimal logarithm of the expected number of answers; below 0 there is probably none.

    The counts are made linear around widths that meet them, and widths are drawn so that their mean
    meets the targets; the number of answers then is a local limit of a sum of independent variables
    (saddle-point approximation: Daniels 1954). Counts reach only every ``index``-th point, all as
    likely as each other.

    Parameters
    ----------
    around
        Real-valued widths that meet the budgets; found if left out.

    Returns
    -------
    float
        Minus infinity if no real-valued widths in the box meet the budgets.
    """
    equations = Equations.of(problem)
    if around is None:
        found = centre(problem)
        around = found if found is not None else getattr(box_centre(problem), "widths", None)
    if around is None or problem.is_empty:
        return -np.inf
    middle, half = (problem.low + problem.high) / 2, (problem.high - problem.low + 1) / 2
    slopes = np.stack([count.gradient(around / problem.steps) for count in equations.counts])
    reach = slopes * half
    unit = np.abs(reach).sum(axis=1)
    goal = slopes @ (around / problem.steps - middle) / unit
    saddle = _saddle(reach / unit[:, None], goal)
    if saddle is None:
        return -np.inf
    exponent, spread = saddle
    volume = np.log(2 * half).sum() - np.log(unit).sum()
    density = -0.5 * (np.linalg.slogdet(spread)[1] + len(unit) * log(2 * pi))
    return float(exponent + volume + density + log(index(Monomials.of(problem)))) / log(10)


def _saddle(reach: Floats, goal: Floats) -> tuple[float, Floats] | None:
    """The exponent and the covariance where the tilted mean is the goal (Newton's method)."""
    tilt = np.zeros(len(goal))
    for _ in range(STEPS):
        value, mean, variance = _moments(tilt @ reach)
        gap = reach @ mean - goal
        spread = (reach * variance) @ reach.T
        if np.abs(gap).max() < CLOSE:
            return float(value.sum() - tilt @ goal), spread
        step = np.linalg.lstsq(spread, gap, rcond=None)[0]
        before = value.sum() - tilt @ goal
        for _ in range(30):
            after = _moments((tilt - step) @ reach)[0].sum() - (tilt - step) @ goal
            if after <= before + 1e-12 * abs(before):
                break
            step = step / 2
        tilt = tilt - step
        if np.abs(tilt @ reach).max() > 1e8:
            return None
    return None


def _moments(tilt: Floats) -> tuple[Floats, Floats, Floats]:
    """Log of the mean of ``exp(tilt · x)`` for ``x`` uniform in -1..1, and its derivatives."""
    size = np.abs(tilt).clip(1e-3)
    decay = np.exp(-2 * size)
    value = size + np.log((1 - decay) / (2 * size))
    mean = np.sign(tilt) * ((1 + decay) / (1 - decay) - 1 / size)
    variance = 1 / size**2 - 4 * decay / (1 - decay) ** 2
    is_small = np.abs(tilt) < 1e-3
    return (
        np.where(is_small, tilt**2 / 6, value),
        np.where(is_small, tilt / 3, mean),
        np.where(is_small, 1 / 3, variance),
    )
