"""The best solutions by CP-SAT on the full model, for problems with tables too large."""

import time
from collections.abc import Callable, Sequence

import numpy as np
from ortools.sat.python import cp_model

from solver.constraints.base import Constraint
from solver.engines.factored.arrays import Ints
from solver.engines.full.model import Model
from solver.engines.objectives import Objective
from solver.engines.progress import Progress, Tell, silent
from solver.variation.unknown import RESOLUTION


def optima(
    constraints: Sequence[Constraint],
    symbols: Sequence[str],
    objective: Objective,
    number: int,
    distance: int,
    time_limit: float,
    tell: Tell = silent,
) -> tuple[Ints, bool]:
    """The ``number`` best solutions, the best first, and whether they are proved to be the best.

    They are found one by one. For each, CP-SAT maximises the objective, then the resolution, then
    minimises the unknowns in order, and keeps every optimum on the way. A solution must differ from
    all earlier ones in at least ``distance`` unknowns. ``tell`` hears how the search for the first
    goes, and then how many are found.
    """
    ends = time.monotonic() + time_limit
    rows: list[list[int]] = []
    of_first = _OfFirst(objective, tell)
    while len(rows) < number:
        model = Model()
        for constraint in constraints:
            constraint.post(model)
        for known in rows:
            _post_distance(model, symbols, known, distance)
        row, is_proved = _best(model, symbols, objective, ends, None if rows else of_first.improved)
        if row is not None:
            rows.append(row)
        if row is None or not is_proved:
            return _array(rows, symbols), is_proved
        of_first.found(len(rows))
    return _array(rows, symbols), True


class _OfFirst:
    """Tells the best value of all solutions and its bound, and how many solutions are found."""

    def __init__(self, objective: Objective, tell: Tell) -> None:
        self._objective, self._tell = objective, tell
        self._known = Progress()

    def improved(self, best: float | None, bound: float) -> None:
        """Tell how the search for the very best goes."""
        values = [
            None if value is None else self._objective.shown(value) for value in (best, bound)
        ]
        self._known = Progress(int(best is not None), *values)
        self._tell(self._known)

    def found(self, number: int) -> None:
        """Tell how many are found; the first of them is the very best."""
        best = self._known.best
        self._tell(Progress(number, best, best))


def _array(rows: list[list[int]], symbols: Sequence[str]) -> Ints:
    return np.array(rows, np.int64).reshape(len(rows), len(symbols))


def _post_distance(model: Model, symbols: Sequence[str], known: list[int], distance: int) -> None:
    differs = []
    for symbol, value in zip(symbols, known, strict=True):
        is_other = model.cp.new_bool_var(f"another {symbol}")
        model.cp.add(model[symbol] != value).only_enforce_if(is_other)
        model.cp.add(model[symbol] == value).only_enforce_if(~is_other)
        differs.append(is_other)
    model.cp.add(sum(differs[1:], start=differs[0]) >= distance)


def _best(
    model: Model,
    symbols: Sequence[str],
    objective: Objective,
    ends: float,
    improved: Callable[[float | None, float], None] | None,
) -> tuple[list[int] | None, bool]:
    """The best solution, if there is one, and whether that is proved.

    ``improved`` hears of the objective's value and bound, not of what breaks ties.
    """
    variables = [model[symbol] for symbol in symbols]
    first = objective.expression(model)
    wishes = [first] if isinstance(first, cp_model.LinearExpr) else []  # a constant needs no search
    wishes += [model[RESOLUTION], *(-1 * variable for variable in variables)]
    row: list[int] | None = None
    for wish in wishes:
        heard = improved if wish is first else None
        values, status = model.maximise(wish, [*variables, wish], ends - time.monotonic(), heard)
        if values is None:
            return row, status == "INFEASIBLE"
        *row, reached = values
        if status != "OPTIMAL":
            return row, False
        model.cp.add(wish == reached)
    return row, True
