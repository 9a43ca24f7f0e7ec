"""Every answer is recounted before it leaves the solver, by code that never sees the encoding."""

from collections.abc import Iterable, Sequence

from solver.constraints.base import Constraint
from solver.template import Assignment


class WrongAnswerError(RuntimeError):
    """CP-SAT returned what the truth tests refuse; nothing of it may be shown."""


def violations(constraints: Sequence[Constraint], assignment: Assignment) -> list[str]:
    """Everything that an assignment violates, in words."""
    return [reason for constraint in constraints for reason in constraint.violations(assignment)]


def verify(constraints: Sequence[Constraint], assignments: Iterable[Assignment]) -> None:
    """Hold every assignment against every constraint.

    Raises
    ------
    WrongAnswerError
        One of them does not hold, or stands there twice.
    """
    seen = set()
    for assignment in assignments:
        if reasons := violations(constraints, assignment):
            raise WrongAnswerError(f"{dict(assignment)}: {'; '.join(reasons)}")
        key = tuple(assignment.values())
        if key in seen:
            raise WrongAnswerError(f"{dict(assignment)} was found twice")
        seen.add(key)
