"""Every answer is recounted before it leaves the solver, by code that never sees the encoding."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from solver.constraints.base import Constraint
from solver.variation.numbers import Columns
from solver.variation.template import Assignment


class WrongAnswerError(RuntimeError):
    """CP-SAT returned what the truth tests refuse; nothing of it may be shown."""


def violations(constraints: Sequence[Constraint], assignment: Assignment) -> list[str]:
    """Everything that an assignment violates, in words."""
    return [reason for constraint in constraints for reason in constraint.violations(assignment)]


def verify_one(constraints: Sequence[Constraint], assignment: Assignment) -> None:
    """Hold one assignment against every constraint.

    Raises
    ------
    WrongAnswerError
        It does not hold.
    """
    if reasons := violations(constraints, assignment):
        raise WrongAnswerError(f"{dict(assignment)}: {'; '.join(reasons)}")


def verified(constraints: Sequence[Constraint], rows: Columns) -> Iterator[Columns]:
    """Yield the rows, some at a time, once they were held against every constraint.

    Whoever counts them goes on with the maps that the check has followed already.

    Raises
    ------
    WrongAnswerError
        One of them does not hold, or stands there twice.
    """
    for chunk in rows.chunks():
        for constraint in constraints:
            holds = constraint.holds(chunk)
            if not holds.all():
                wrong = _assignment(chunk, int(np.argmin(holds)))
                reasons = violations(constraints, wrong) or [f"{constraint.name} does not hold"]
                raise WrongAnswerError(f"{wrong}: {'; '.join(reasons)}")
        yield chunk
    if (twice := _first_repeated(rows)) is not None:
        raise WrongAnswerError(f"{_assignment(rows, twice)} was found twice")


def _assignment(rows: Columns, place: int) -> dict[str, int]:
    return {symbol: int(column[place]) for symbol, column in rows.values.items()}


def _first_repeated(rows: Columns) -> int | None:
    """A row that is like another one."""
    columns = list(rows.values.values())
    if _is_strictly_ascending(columns):
        return None
    order = np.lexsort(columns[::-1])
    is_same = np.ones(max(0, len(order) - 1), bool)
    for column in columns:
        in_order = column[order]
        is_same &= in_order[1:] == in_order[:-1]
    return int(order[np.argmax(is_same)]) if is_same.any() else None


def _is_strictly_ascending(columns: Sequence[Any]) -> bool:
    """Whether each row comes behind the one before it, in the order of the columns."""
    is_ahead = np.zeros(max(0, len(columns[0]) - 1), bool)
    for column in columns:
        if np.any((column[1:] < column[:-1]) & ~is_ahead):
            return False
        is_ahead |= column[1:] > column[:-1]
        if is_ahead.all():
            return True
    return bool(is_ahead.all())
