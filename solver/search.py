"""Solving: every solution of a problem, or the proof that there is none."""

from collections.abc import Callable

from solver.approaches import APPROACHES
from solver.check import verify
from solver.explain import explain
from solver.model import Model, Report
from solver.problem import Problem, Settings
from solver.table import Table
from solver.variants import COSTS, Answer, Describer, Outcome, SolverReport

MOST_ROWS = 2_000_000
"""Solutions that are held in memory before a search is cut off; above every ``limit``."""


def solve(
    problem: Problem, settings: Settings, progress: Callable[[int], None] = lambda _: None
) -> Answer:
    """Enumerate the solutions of a problem and check each of them.

    The answer keeps the first ``limit`` solutions in the order of the approach's unknowns (``N``
    first), never those that the search happened on first.

    Raises
    ------
    OverflowError
        The sizes are so large that their products could leave 64 bits.
    solver.check.WrongAnswerError
        CP-SAT returned a network that does not satisfy the problem.
    """
    approach = APPROACHES[problem.approach]
    constraints = approach.constraints(problem)
    model = Model()
    for constraint in constraints:
        constraint.post(model)
    symbols = tuple(approach.unknowns)
    rows, report = model.enumerate(symbols, settings.time_limit, MOST_ROWS, progress)
    rows.sort()
    kept = rows[: settings.limit]
    verify(constraints, (dict(zip(symbols, row, strict=True)) for row in kept))
    outcome = _outcome(report, len(rows), settings)
    return Answer(
        outcome=outcome,
        found=len(rows),
        symbols=symbols,
        table=_table(problem, symbols, kept),
        solver=SolverReport(**report._asdict()),
        explanation=explain(problem) if outcome == "infeasible" else None,
    )


def _table(problem: Problem, symbols: tuple[str, ...], rows: list[tuple[int, ...]]) -> Table:
    describer = Describer(problem)
    counted = [describer.bare_counts(dict(zip(symbols, row, strict=True))) for row in rows]
    costs = [(counts.params, counts.flops) for counts in counted]
    whole = [(*row, *cost) for row, cost in zip(rows, costs, strict=True)]
    return Table.of((*symbols, *COSTS), whole)


def _outcome(report: Report, found: int, settings: Settings) -> Outcome:
    if report.status == "INFEASIBLE":
        return "infeasible"
    if report.status != "OPTIMAL" and found < MOST_ROWS:
        return "timed_out"
    return "truncated" if found > settings.limit else "complete"


def count(problem: Problem, time_limit: float = 30.0) -> int | None:
    """Number of solutions of a problem; ``None`` if the time ran out before all were counted.

    Raises
    ------
    OverflowError
        The sizes are so large that their products could leave 64 bits.
    """
    approach = APPROACHES[problem.approach]
    model = Model()
    for constraint in approach.constraints(problem):
        constraint.post(model)
    rows, report = model.enumerate(tuple(approach.unknowns), time_limit, MOST_ROWS)
    return len(rows) if report.status in ("OPTIMAL", "INFEASIBLE") else None
