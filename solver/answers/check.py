"""The check of every answer before it leaves the solver; it does not use the encoding."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from solver.constraints.base import Constraint
from solver.variation.numbers import Columns
from solver.variation.template import Assignment


class WrongAnswerError(RuntimeError):
    """An answer fails the truth tests, so no answer may be shown."""


def violations(constraints: Sequence[Constraint], assignment: Assignment) -> list[str]:
    """Everything that an assignment violates, in words."""
    return [reason for constraint in constraints for reason in constraint.violations(assignment)]


def verify_one(constraints: Sequence[Constraint], assignment: Assignment) -> None:
    """Check one assignment against every constraint.

    Raises
    ------
    WrongAnswerError
        The assignment violates a constraint.
    """
    if reasons := violations(constraints, assignment):
        raise WrongAnswerError(f"{dict(assignment)}: {'; '.join(reasons)}")


def verified(constraints: Sequence[Constraint], rows: Columns) -> Iterator[Columns]:
    """Yield the rows in blocks, each after a check against every constraint.

    Callers can reuse the map sizes that the check has computed.

    Raises
    ------
    WrongAnswerError
        A row violates a constraint, or occurs twice.
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
    """Place of a row that equals another one; ``None`` if there is none."""
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
    """Whether the rows are strictly ascending, in the order of the columns."""
    is_ahead = np.zeros(max(0, len(columns[0]) - 1), bool)
    for column in columns:
        if np.any((column[1:] < column[:-1]) & ~is_ahead):
            return False
        is_ahead |= column[1:] > column[:-1]
        if is_ahead.all():
            return True
    return bool(is_ahead.all())
