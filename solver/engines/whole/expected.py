"""About how many widths have exactly the original's counts: too few, or plenty."""

from math import log

import numpy as np

from solver.engines.whole.centre import centres
from solver.engines.whole.congruence import Monomials, index
from solver.engines.whole.density import tilted
from solver.engines.whole.equations import Equations
from solver.engines.whole.problem import WholeProblem
from solver.engines.whole.quadratic import Floats


def expected_answers(problem: WholeProblem, around: Floats | None = None) -> float:
    """The decimal logarithm of the expected number of answers; below 0 there is probably none.

    The counts are made linear around widths that meet them. Of all widths in the box, the share
    that meets the targets then is the density of a sum of independent numbers. Counts reach only
    every ``index``-th point, all as likely as each other.

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
        around = next(centres(problem), None)
    if around is None or problem.is_empty:
        return -np.inf
    steps, middle = around / problem.steps, (problem.low + problem.high) / 2
    slopes = np.stack([count.gradient(steps) for count in equations.counts])
    sizes, goal = problem.high - problem.low + 1, slopes @ (steps - middle)
    found = tilted(slopes[None], sizes, goal[None])
    number = found.entropy + found.probability(index(Monomials.of(problem)))
    return float(number[0]) / log(10)
