"""The answer that needs the least memory for activations (Eq. 23)."""

import time
from collections.abc import Sequence
from typing import Final

from solver.engines.progress import Progress, Tell, silent
from solver.engines.whole.found import NO_ANSWER, Found
from solver.engines.whole.model import WholeModel
from solver.engines.whole.problem import LinearForm, WholeProblem
from solver.engines.whole.witness import witness

SHARE: Final = 4
"""The search for any answer may take a quarter of the seconds."""


def smallest_activations(
    problem: WholeProblem,
    live: Sequence[LinearForm],
    seconds: float,
    tell: Tell = silent,
) -> Found:
    """The widths with the smallest peak of live activations; the found ``value`` is that peak.

    Parameters
    ----------
    live
        The numbers of elements alive at each layer, as functions of the widths.
    """
    ends = time.monotonic() + seconds
    known = witness(problem, seconds / SHARE)
    if known.widths is None and known.is_proved:
        return NO_ANSWER
    model = WholeModel(problem)
    model.hint(problem.original if known.widths is None else known.widths)
    top = problem.high * problem.steps
    peak = model.cp.new_int_var(0, max(form(top) for form in live), "peak")
    for form in live:
        model.cp.add(model.linear(form) <= peak)
    model.cp.minimize(peak)
    left = ends - time.monotonic()
    solved = model.solve(left, lambda best, bound: tell(Progress(1, best, bound)))
    if solved.widths is None and solved.is_proved:
        return NO_ANSWER
    widths = known.widths if solved.widths is None else solved.widths
    bound = max(0.0, solved.bound)
    if widths is None:
        return Found(None, bound=bound)
    return Found(widths, float(max(form(widths) for form in live)), bound, solved.is_proved)
