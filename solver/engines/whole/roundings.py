"""Roundings of all groups but independent ones, which leave a linear system in these."""

from typing import NamedTuple

import numpy as np

from solver.engines.whole.equations import Equations
from solver.engines.whole.problem import WholeProblem
from solver.engines.whole.quadratic import Floats, Ints
from solver.engines.whole.systems import expected, is_solvable, shortest


class Rounding(NamedTuple):
    """Widths of all groups but the independent ones, and the linear system that these must solve.

    Attributes
    ----------
    steps
        A starting point for all groups, shape ``(n,)``.
    matrix
        Coefficients of the ``k`` independent groups in the ``m`` equations, shape ``(m, k)``.
    gaps
        What is missing at the starting point, shape ``(m,)``.
    middle
        The least change of the independent groups that solves the system in real numbers.
    """

    steps: Ints
    matrix: Ints
    gaps: Ints
    middle: Floats


def rounded(
    problem: WholeProblem,
    centre: Floats,
    free: Ints,
    noise: float,
    rows: int,
    random: np.random.Generator,
) -> Ints:
    """Random roundings of a centre to whole numbers of steps in the box, without repetitions.

    Each width is rounded up or down, on average to itself; ``noise`` is a further relative
    spread. The independent groups ``free`` are rounded to the nearest.
    """
    exact = np.repeat((centre / problem.steps)[None], rows, axis=0)
    if noise:
        exact *= np.exp(random.normal(0, noise, exact.shape))
    below = np.floor(exact)
    steps = below + (random.random(exact.shape) < exact - below)
    steps[:, free] = np.rint(centre / problem.steps)[free]
    return np.unique(steps.astype(np.int64).clip(problem.low, problem.high), axis=0)


def solvable(
    problem: WholeProblem, equations: Equations, steps: Ints, free: Ints
) -> list[tuple[float, Rounding]]:
    """The roundings whose linear system has whole solutions, the most promising first.

    Returns
    -------
    list of (promise, rounding)
        The promise is the natural logarithm of the expected number of solutions in the box.
    """
    matrix, gaps = equations.slopes(steps)[:, :, free], equations.gaps(steps)
    passes = is_solvable(matrix, gaps)
    steps, matrix, gaps = steps[passes], matrix[passes], gaps[passes]
    if not len(steps):
        return []
    middle = shortest(matrix, gaps, steps[:, free].astype(float))
    low, high = (problem.low - steps)[:, free], (problem.high - steps)[:, free]
    number = expected(matrix, gaps, low, high)
    return [
        (float(number[row]), Rounding(steps[row], matrix[row], gaps[row], middle[row]))
        for row in np.argsort(-number, kind="stable").tolist()
    ]
