"""About how many widths have exactly the original's counts: too few, or plenty."""

from math import log

import numpy as np

from solver.engines.whole.centre import centres
from solver.engines.whole.congruence import Monomials, index
from solver.engines.whole.density import log_density
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
    middle, half = (problem.low + problem.high) / 2, (problem.high - problem.low + 1) / 2
    slopes = np.stack([count.gradient(around / problem.steps) for count in equations.counts])
    goal = slopes @ (around / problem.steps - middle)
    density = log_density((slopes * half)[None], goal[None])[0]
    volume = np.log(2 * half).sum()
    return float(volume + density + log(index(Monomials.of(problem)))) / log(10)
