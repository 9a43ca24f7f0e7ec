"""The answer that needs the least memory for activations (Eq. 23)."""

from collections.abc import Sequence

from solver.engines.progress import Progress, Tell, silent
from solver.engines.whole.found import NO_ANSWER, Found
from solver.engines.whole.model import WholeModel
from solver.engines.whole.problem import LinearForm, WholeProblem


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
    if problem.is_empty:
        return NO_ANSWER
    model = WholeModel(problem)
    model.hint(problem.original)
    top = problem.high * problem.steps
    peak = model.cp.new_int_var(0, max(form(top) for form in live), "peak")
    for form in live:
        model.cp.add(model.linear(form) <= peak)
    model.cp.minimize(peak)
    solved = model.solve(seconds, lambda best, bound: tell(Progress(1, best, bound)))
    if solved.widths is None:
        return NO_ANSWER if solved.is_proved else Found(None, bound=max(0.0, solved.bound))
    value = float(max(form(solved.widths) for form in live))
    return Found(
        solved.widths, value, value if solved.is_proved else solved.bound, solved.is_proved
    )
