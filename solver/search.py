"""Solving: the solutions of a problem, or the proof that there is none."""

import time
from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from solver.approaches import APPROACHES
from solver.check import verify
from solver.columns import Columns
from solver.constraints.base import Constraint
from solver.explain import explain
from solver.factored import TooManyError, factor
from solver.factored.arrays import Ints
from solver.listed import Listed
from solver.model import Model, Report
from solver.problem import Best, Problem, Sample, Settings
from solver.table import TYPECODE, Table
from solver.variants import Answer, Outcome, SolverReport

MOST_ROWS: Final = 2_000_000
"""Solutions that CP-SAT lists before it is stopped; above every ``limit``."""
LIMIT_SEED: Final = 0
"""Of more solutions than ``limit``, those are answered that this seed draws."""
DONE: Final = ("OPTIMAL", "INFEASIBLE")


class Found(Protocol):
    """Solutions that were found, in whatever form."""

    @property
    def count(self) -> int:
        """How many."""

    def all(self) -> Mapping[str, Ints]:
        """All of them, in ascending order of the unknowns; a column for each."""

    def sample(self, number: int, seed: int) -> Mapping[str, Ints]:
        """Some of them, drawn uniformly, in ascending order."""


def solve(
    problem: Problem, settings: Settings, progress: Callable[[int], None] = lambda _: None
) -> Answer:
    """Find the solutions of a problem, and check each that is answered.

    Of more than ``limit`` solutions that many are answered, drawn uniformly from all; answers are
    in the order of the approach's unknowns, ``N`` first. ``progress`` is told now and then how many
    were found.

    Raises
    ------
    OverflowError
        The sizes, or the number of solutions, are too large to be handled exactly.
    solver.check.WrongAnswerError
        An answer does not satisfy the problem.
    """
    approach = APPROACHES[problem.approach]
    constraints = approach.constraints(problem)
    found, report = _find(problem, constraints, settings.time_limit, progress)
    chosen = Columns.exact(approach.template(problem.architecture), _choose(found, settings))
    verify(constraints, chosen)
    outcome = _outcome(report, found.count, len(chosen))
    return Answer(
        outcome=outcome,
        found=found.count,
        symbols=tuple(approach.unknowns),
        table=_table(chosen, problem),
        solver=SolverReport(**report._asdict()),
        explanation=explain(problem) if outcome == "infeasible" else None,
    )


def count(problem: Problem, time_limit: float = 30.0) -> int | None:
    """How many solutions a problem has, without listing them; ``None`` if time ran out.

    Raises
    ------
    OverflowError
        The sizes, or the number, are too large to be handled exactly.
    """
    constraints = APPROACHES[problem.approach].constraints(problem)
    found, report = _find(problem, constraints, time_limit, lambda _: None)
    return found.count if report.status in DONE else None


def _find(
    problem: Problem,
    constraints: Sequence[Constraint],
    time_limit: float,
    progress: Callable[[int], None],
) -> tuple[Found, Report]:
    """All solutions by the fast engine; where its tables would be too large, by the full model."""
    approach = APPROACHES[problem.approach]
    template = approach.template(problem.architecture)
    started = time.monotonic()
    found: Found
    try:
        found, report = factor(template, constraints, approach.width, time_limit)
    except TooManyError:
        model = Model()
        for constraint in constraints:
            constraint.post(model)
        symbols = tuple(approach.unknowns)
        left = max(0.0, started + time_limit - time.monotonic())
        rows, report = model.enumerate(symbols, left, MOST_ROWS, progress)
        found = Listed.of(symbols, rows)
    if report.status in DONE:
        report = report._replace(status="OPTIMAL" if found.count else "INFEASIBLE")
    return found, report


def _choose(found: Found, settings: Settings) -> Mapping[str, Ints]:
    """The solutions to answer."""
    match settings.find:
        case Sample(sample=number, seed=seed):
            return found.sample(min(number, settings.limit), seed)
        case Best():
            raise NotImplementedError
        case _ if found.count > settings.limit:
            return found.sample(settings.limit, LIMIT_SEED)
        case _:
            return found.all()


def _outcome(report: Report, found: int, answered: int) -> Outcome:
    if report.status == "INFEASIBLE":
        return "infeasible"
    if report.status != "OPTIMAL" and found < MOST_ROWS:
        return "timed_out"
    return "truncated" if found > answered else "complete"


def _table(chosen: Columns, problem: Problem) -> Table:
    """Unknowns and costs of the answers."""
    flops = chosen.flops(count_pooling=problem.count_pooling)
    columns = {**chosen.values, "params": chosen.params, "flops": flops}
    return Table({name: _column(values, len(chosen)) for name, values in columns.items()})


def _column(values: Ints | int, rows: int) -> "array[int]":
    """A column without numpy; a number that all rows share is repeated."""
    if isinstance(values, int):
        return array(TYPECODE, [values]) * rows
    column = array(TYPECODE)
    column.frombytes(values.astype("int64").tobytes())
    return column
