"""Whether a problem of approach V has an answer at all."""

from typing import Final

from solver.engines.whole.exact import SMALL, ExactSearch
from solver.engines.whole.model import Solved
from solver.engines.whole.problem import WholeProblem
from solver.engines.whole.relaxation import Relaxation
from solver.engines.whole.residues import Residues
from solver.engines.whole.witness import witness

SHARE: Final = 4
"""One try of many may take a quarter of the seconds left."""


def some_answer(problem: WholeProblem, seconds: float) -> Solved:
    """Widths that satisfy all equations, if found in time, or the proof that there are none."""
    if is_out_of_reach(problem):
        return Solved(None, is_proved=True)
    if not problem.names:
        return Solved(problem.original, is_proved=True)
    if not problem.has_equality:
        return witness(problem, seconds)
    search = ExactSearch(problem)
    if search.residues.impossible:
        return Solved(None, is_proved=True)
    if len(problem.names) > SMALL:
        widths = search.find(seconds / 2)
        if widths is not None:
            return Solved(widths, is_proved=True)
    return witness(search.residues.box(problem), seconds / 2)


def is_out_of_reach(problem: WholeProblem) -> bool:
    """Whether it is proved that the counts in the bands are out of the widths' reach."""
    return problem.is_empty or not Relaxation(problem).is_feasible


def is_ruled_out(problem: WholeProblem) -> bool:
    """Whether the relaxation or congruences prove, in milliseconds, that there is no answer."""
    if is_out_of_reach(problem):
        return True
    return problem.has_equality and Residues.of(problem).impossible is not None
