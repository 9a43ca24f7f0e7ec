"""Why a problem has no solution, and which network comes nearest."""

from collections.abc import Sequence

from solver.approaches import APPROACHES
from solver.constraints.base import Constraint, Relaxable
from solver.constraints.budget import EqualBudget
from solver.model import Model
from solver.problem import Problem
from solver.template import Assignment
from solver.variants import Describer, Explanation

GROUP_SECONDS = 0.5
"""Time for one relaxed model; some twenty must fit in what a search is granted at its end."""

WHOLE = 2**48
"""A whole count, where shares of counts are added up in integers."""


def explain(problem: Problem) -> Explanation:
    """Explain an infeasible problem.

    Requirements are dropped one at a time from the model (CP-SAT's assumption cores are not
    minimal, and slow to prove); each that opens a solution when dropped alone is blocking.
    Where none does, a minimal set of requirements that exclude one another is named.
    """
    approach = APPROACHES[problem.approach]
    constraints = approach.constraints(problem)
    groups = list(dict.fromkeys(item.name for item in constraints if isinstance(item, Relaxable)))
    blocking = [group for group in groups if _opens(constraints, {group})]
    nearest = _nearest(constraints, tuple(approach.unknowns))
    return Explanation(
        blocking=blocking or _conflict(constraints, groups),
        nearest=Describer(problem).variant(nearest) if nearest else None,
    )


def _relax(constraints: Sequence[Constraint], dropped: set[str]) -> list[Constraint]:
    """The constraints without some groups; what keeps the model finite stays."""
    kept: list[Constraint | None] = [
        item.relaxed() if isinstance(item, Relaxable) and item.name in dropped else item
        for item in constraints
    ]
    return [item for item in kept if item is not None]


def _opens(constraints: Sequence[Constraint], dropped: set[str]) -> bool:
    model = Model()
    for constraint in _relax(constraints, dropped):
        constraint.post(model)
    return model.is_feasible(GROUP_SECONDS)


def _conflict(constraints: Sequence[Constraint], groups: Sequence[str]) -> list[str]:
    """A minimal set of groups that cannot hold together, by deletion."""
    conflict = set(groups)
    dropped: set[str] = set()
    for group in groups:
        if not _opens(constraints, dropped | {group}):
            dropped.add(group)
            conflict.discard(group)
    return [group for group in groups if group in conflict]


def _nearest(constraints: Sequence[Constraint], symbols: tuple[str, ...]) -> Assignment | None:
    """The assignment whose counts deviate least, all else kept; in shares of the counts."""
    budgets = [item for item in constraints if isinstance(item, EqualBudget)]
    if not budgets:
        return None
    model = Model()
    for constraint in constraints:
        if not isinstance(constraint, EqualBudget):
            constraint.post(model)
    deviations = [
        budget.deviation(model) * max(1, WHOLE // max(1, budget.target)) for budget in budgets
    ]
    return model.minimise(sum(deviations[1:], start=deviations[0]), symbols, GROUP_SECONDS)
