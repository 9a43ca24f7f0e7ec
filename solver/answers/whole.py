"""Solving approach V: widths of a whole network, each answer recounted."""

import time
from collections.abc import Mapping, Sequence

import numpy as np

from solver.answers.check import verified
from solver.answers.measures import tabled
from solver.answers.variants import Answer, Explanation, Outcome, SolverReport
from solver.approaches import APPROACHES
from solver.engines.progress import Tell
from solver.engines.whole.engine import Whole, WholeAnswer
from solver.problem import Problem, Settings, suited
from solver.variation.numbers import Columns


def solve_whole(problem: Problem, settings: Settings, tell: Tell) -> Answer:
    """Find variants of a whole network, the best first, and recount each.

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
    outcome = _outcome(found)
    return Answer(
        outcome=outcome,
        found=found.found,
        symbols=symbols,
        table=table,
        solver=SolverReport(
            status=_status(found),
            wall_time=time.monotonic() - started,
            branches=0,
            conflicts=0,
            proved=found.is_proved if found.rows else None,
            bound=None if found.bound is None else found.bound + 0.0,  # no -0.0
        ),
        explanation=_explained(problem) if outcome == "infeasible" else None,
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


def _explained(problem: Problem) -> Explanation:
    from solver.explain.whole import explain

    return explain(problem)
