"""Solving approach V: widths of a whole network, each answer recounted."""

import time
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from solver.answers.check import verified
from solver.answers.measures import tabled
from solver.answers.variants import Answer, Explanation, Outcome, SolverReport
from solver.approaches import APPROACHES
from solver.engines.progress import Tell
from solver.engines.whole.engine import Whole, WholeAnswer
from solver.problem import Problem, Settings, suited
from solver.variation.numbers import Columns

SECONDS_BEYOND: Final = 1.2
"""For an explanation after the time limit: the child process is ended soon after."""
LEAST_SECONDS: Final = 0.2
"""For an explanation where loading the solver took those seconds."""


def solve_whole(problem: Problem, settings: Settings, tell: Tell, ends: float) -> Answer:
    """Find variants of a whole network, the best first, and recount each.

    Parameters
    ----------
    ends
        When the time limit is over, by the monotonic clock; it began before OR-Tools was loaded.

    Raises
    ------
    solver.answers.check.WrongAnswerError
        An answer does not satisfy the problem.
    """
    started = time.monotonic()
    found = Whole(problem, suited(problem, settings)).answer(tell)
    symbols = problem.template.assigned
    chosen = Columns(problem.template, _columns(symbols, found.rows))
    checked = verified(APPROACHES[problem.approach].constraints(problem), chosen)
    table = tabled(chosen, checked, count_pooling=problem.count_pooling)
    outcome, spent = _outcome(found), time.monotonic() - started
    explanation = _explained(problem, outcome, ends - time.monotonic())
    return Answer(
        outcome=outcome,
        found=found.found,
        symbols=symbols,
        table=table,
        solver=SolverReport(
            status=_status(found),
            wall_time=spent,
            branches=0,
            conflicts=0,
            proved=found.is_proved if found.rows else None,
            bound=None if found.bound is None else found.bound + 0.0,  # no -0.0
        ),
        explanation=explanation,
    )


def _columns(
    symbols: Sequence[str], rows: Sequence[Mapping[str, int]]
) -> Mapping[str, "np.typing.NDArray[np.int64]"]:
    return {symbol: np.array([row[symbol] for row in rows], np.int64) for symbol in symbols}


def _outcome(found: WholeAnswer) -> Outcome:
    """Solutions are never all there: those that are there are some of many."""
    if found.rows:
        return "truncated"
    return "infeasible" if found.is_proved else "timed_out"


def _status(found: WholeAnswer) -> str:
    """What CP-SAT calls an answer like this."""
    if found.rows:
        return "OPTIMAL" if found.is_proved else "FEASIBLE"
    return "INFEASIBLE" if found.is_proved else "UNKNOWN"


def _explained(problem: Problem, outcome: Outcome, left: float) -> Explanation | None:
    """Why there is no solution or, if time ran out, what is known.

    It takes the time that is left, and some beyond the limit.
    """
    if outcome == "truncated":
        return None
    from solver.explain.so_far import known_so_far
    from solver.explain.whole import SECONDS, explain

    seconds = min(SECONDS, max(left + SECONDS_BEYOND, LEAST_SECONDS))
    return (explain if outcome == "infeasible" else known_so_far)(problem, seconds)
