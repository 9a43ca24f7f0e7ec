"""The answer that changes the fewest widths, and of those the one with the smallest change."""

import time
from typing import Final

import numpy as np
from ortools.sat.python import cp_model

from solver.engines.progress import Progress, Tell, silent
from solver.engines.whole.found import NO_ANSWER, Found
from solver.engines.whole.model import WholeModel
from solver.engines.whole.problem import WholeProblem
from solver.engines.whole.quadratic import Ints
from solver.engines.whole.witness import witness

SHARE: Final = 4
"""The search for any answer may take a quarter of the seconds."""
UNITS: Final = 1_000_000
"""Units of a change, for a largest change in integers."""


def fewest_changes(problem: WholeProblem, seconds: float, tell: Tell = silent) -> Found:
    """The widths of which the fewest differ from the original; the found ``value`` is their number.

    Among those, the largest change is the smallest that CP-SAT finds in the time that is left.
    ``is_proved`` is about the number.
    """
    ends = time.monotonic() + seconds
    known = witness(problem, seconds / SHARE)
    if known.widths is None and known.is_proved:
        return NO_ANSWER
    model = WholeModel(problem)
    model.hint(problem.original)
    changed = _number_of_changes(model)
    model.cp.minimize(changed)
    solved = model.solve(
        (ends - time.monotonic()) / 2, lambda best, bound: tell(Progress(1, best, bound))
    )
    if solved.widths is None and solved.is_proved:
        return NO_ANSWER
    widths = known.widths if solved.widths is None else solved.widths
    if widths is None:
        return Found(None)
    number = int((widths != problem.original).sum())
    widths = _least_changed(problem, widths, number, ends - time.monotonic())
    bound = float(number) if solved.is_proved else float(np.ceil(solved.bound - 1e-6))
    return Found(widths, float(number), bound, solved.is_proved)


def _number_of_changes(model: WholeModel) -> cp_model.LinearExprT:
    """How many groups have another width than the original."""
    return sum(_is_changed(model, group) for group in range(len(model.places)))


def _is_changed(model: WholeModel, group: int) -> cp_model.LinearExprT:
    """1 if a group has another width than the original."""
    problem = model.problem
    steps, rest = divmod(int(problem.original[group]), int(problem.steps[group]))
    if rest or not problem.low[group] <= steps <= problem.high[group]:
        return 1
    place, own = model.places[group], steps - int(problem.low[group])
    is_changed = model.cp.new_bool_var("")
    model.cp.add(place == own).only_enforce_if(~is_changed)
    return is_changed


def _least_changed(problem: WholeProblem, known: Ints, number: int, seconds: float) -> Ints:
    """The answer with the smallest largest change among those that change so few widths."""
    box = problem.near(float(problem.changes(known)))
    model = WholeModel(box)
    model.hint(known)
    model.cp.add(_number_of_changes(model) <= number)
    changes = [model.table(group, _changes(box, group)) for group in range(len(box.names))]
    largest = model.cp.new_int_var(UNITS, 2**40, "largest change")
    model.cp.add_max_equality(largest, changes)
    model.cp.minimize(largest)
    solved = model.solve(seconds)
    return known if solved.widths is None else solved.widths


def _changes(problem: WholeProblem, group: int) -> list[int]:
    """The change of each width of a group, in units."""
    ratios = np.arange(problem.low[group], problem.high[group] + 1) * (
        problem.steps[group] / problem.original[group]
    )
    changes: list[int] = np.rint(np.maximum(ratios, 1 / ratios) * UNITS).astype(np.int64).tolist()
    return changes
