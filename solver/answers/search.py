"""Solving: the solutions of a problem, or the proof that there is none."""

import time
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from solver.answers.check import verified
from solver.answers.measures import tabled
from solver.answers.variants import MOST_ROWS, Answer, Explanation, Outcome, SolverReport
from solver.approaches import APPROACHES
from solver.constraints.base import Constraint
from solver.engines.apart import apart, share_of
from solver.engines.factored import NotFactoredError, TooManyError, factor
from solver.engines.factored.arrays import Ints
from solver.engines.full.enumerated import Listed
from solver.engines.objectives import OBJECTIVES, Objective
from solver.engines.progress import Progress, Tell, silent
from solver.engines.report import Report
from solver.problem import Best, ObjectiveName, Problem, Sample, Settings
from solver.variation.numbers import Columns

LIMIT_SEED: Final = 0
"""Seed of the sample that is answered if there are more solutions than ``limit``."""
MOST_RANKED: Final = 20_000
"""Diverse answers are chosen from up to this many of the best solutions."""
DONE: Final = ("OPTIMAL", "INFEASIBLE")


class SolutionSet(Protocol):
    """The solutions of a problem, in any representation."""

    @property
    def count(self) -> int:
        """Number of solutions."""

    def all(self) -> Mapping[str, Ints]:
        """All solutions in ascending order of the unknowns, as a column for each unknown."""

    def sample(self, number: int, seed: int) -> Mapping[str, Ints]:
        """A uniform sample of the solutions, in ascending order."""

    def best(self, objective: Objective, number: int, tell: Tell = silent) -> Mapping[str, Ints]:
        """The ``number`` best solutions, the best first."""


def solve(problem: Problem, settings: Settings, tell: Tell = silent) -> Answer:
    """Find the solutions of a problem, and check each one that is answered.

    If there are more than ``limit`` solutions, the answer is a uniform sample of ``limit`` of them.
    Solutions are sorted by the approach's unknowns, ``N`` first, or the best come first. Of
    approach V some are found, the best first.
    ``tell`` is called from time to time with how far the search is.

    Raises
    ------
    OverflowError
        The sizes, or the number of solutions, are too large to be handled exactly.
    solver.answers.check.WrongAnswerError
        An answer does not satisfy the problem.
    """
    ends = time.monotonic() + settings.time_limit
    if problem.is_whole:
        from solver.answers.whole import solve_whole  # most searches do not need it

        return solve_whole(problem, settings, tell, ends)
    search = _Search(problem)
    found, report = search.run(settings, tell)
    known, values = found.count, search.choose(found, settings, tell)
    if values is None:
        del found  # to free memory
        found, report = search.by_full_model(settings, ends, tell)
        values = search.choose(found, settings, tell)
    assert values is not None, "what is listed can be chosen from"
    chosen = Columns(search.template, values)
    checked = verified(search.constraints, chosen)
    table = tabled(chosen, checked, count_pooling=problem.count_pooling)
    outcome = _outcome(report, found, len(chosen))
    return Answer(
        outcome=outcome,
        found=max(known, found.count),
        symbols=search.symbols,
        table=table,
        solver=SolverReport(**report._asdict()),
        explanation=_explained(problem) if outcome == "infeasible" else None,
    )


def _explained(problem: Problem) -> Explanation:
    """Why there is no solution; OR-Tools is loaded here, unless it was needed before."""
    from solver.explain.blocking import explain

    return explain(problem)


class UncountableError(OverflowError):
    """The solutions of a problem cannot be counted."""


def find(problem: Problem, time_limit: float = 30.0) -> tuple[SolutionSet, Report]:
    """The solutions of a problem, unchecked.

    The status of the report is ``OPTIMAL`` if these are all, and ``INFEASIBLE`` if there is none.

    Raises
    ------
    OverflowError
        The sizes are too large to be handled exactly.
    """
    return _Search(problem).run(Settings(time_limit=time_limit), silent)


def tally(problem: Problem, time_limit: float = 30.0) -> int | None:
    """Number of solutions of a problem, without enumerating them; ``None`` if time ran out.

    Raises
    ------
    OverflowError
        The sizes, or the number of solutions, are too large to be handled exactly.
    UncountableError
        The approach has too many solutions to be counted.
    """
    if problem.is_whole:
        raise UncountableError(
            f"solutions of approach {problem.approach} are too many to be counted; ask for the "
            "closest, or a sample"
        )
    found, report = find(problem, time_limit)
    return found.count if report.status in DONE else None


class _Search:
    """A problem and what follows from it."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._approach = APPROACHES[problem.approach]
        self.symbols = self._approach.symbols
        self.template = problem.template
        self.constraints = self._approach.constraints(problem)

    def run(self, settings: Settings, tell: Tell) -> tuple[SolutionSet, Report]:
        """All solutions by the fast engine, or by CP-SAT if its tables would be too large."""
        found: SolutionSet
        ends = time.monotonic() + settings.time_limit
        try:
            found, report = factor(
                self.template, self.constraints, self._approach.width, settings.time_limit
            )
        except (NotFactoredError, TooManyError):
            found, report = self.by_full_model(settings, ends, tell)
        if report.status in DONE:
            report = report._replace(status="OPTIMAL" if found.count else "INFEASIBLE")
        return found, report

    def by_full_model(self, settings: Settings, ends: float, tell: Tell) -> tuple[Listed, Report]:
        """The solutions that CP-SAT finds in time: the best, one by one, or all in any order.

        Costly constraints are not posted; solutions that violate them are dropped.
        """
        from solver.engines.full.model import Model  # OR-Tools is loaded only if it is needed
        from solver.engines.full.optimum import optima

        time_limit = max(0.0, ends - time.monotonic())
        costly = [item for item in self.constraints if item.is_costly]
        match settings.find:
            case Best(best=name, top=top, diverse=diverse) if (
                not costly and self._objective(name).is_encodable
            ):
                started, apart = time.monotonic(), self.distance if diverse else 1
                wanted = (self._objective(name), top + 1, apart)  # one more: are there others?
                rows, is_proved = optima(self.constraints, self.symbols, *wanted, time_limit, tell)
                status = "OPTIMAL" if is_proved else "FEASIBLE"
                seconds = time.monotonic() - started
                return Listed(self.symbols, rows), Report(status, seconds, 0, 0)
            case _:
                model = Model()
                for constraint in self.constraints:
                    if constraint not in costly:
                        constraint.post(model)
                rows, report = model.enumerate(
                    self.symbols, time_limit, MOST_ROWS, lambda found: tell(Progress(found))
                )
                return Listed.of(self.symbols, self._satisfying(costly, rows)), report

    def _satisfying(self, constraints: Sequence[Constraint], rows: Ints) -> Ints:
        """The rows that satisfy these constraints."""
        for constraint in constraints:
            columns = dict(zip(self.symbols, rows.T, strict=True))
            rows = rows[constraint.holds(Columns(self.template, columns))]
        return rows

    def choose(
        self, found: SolutionSet, settings: Settings, tell: Tell
    ) -> Mapping[str, Ints] | None:
        """The solutions to answer; ``None`` if there are too many to find the best."""
        try:
            return self._chosen(found, settings, tell)
        except TooManyError:
            return None

    def _chosen(self, found: SolutionSet, settings: Settings, tell: Tell) -> Mapping[str, Ints]:
        match settings.find:
            case Sample(sample=number, seed=seed):
                return found.sample(min(number, settings.limit), seed)
            case Best(best=name, top=top, diverse=True):
                return self._diverse(found, self._objective(name), min(top, settings.limit))
            case Best(best=name, top=top):
                return found.best(self._objective(name), min(top, settings.limit), tell)
            case _ if found.count > settings.limit:
                return found.sample(settings.limit, LIMIT_SEED)
            case _:
                return found.all()

    def _objective(self, name: ObjectiveName) -> Objective:
        return OBJECTIVES[name](self.template, self._problem, self.constraints)

    @property
    def distance(self) -> int:
        """Least number of unknowns in which diverse answers differ: a third of them."""
        return share_of(len(self.symbols))

    def _diverse(self, found: SolutionSet, objective: Objective, top: int) -> Mapping[str, Ints]:
        """Take solutions from the best down, if they are far enough from all taken before."""
        ranked = 8 * top
        while True:
            columns = found.best(objective, ranked)
            taken = apart([columns[it] for it in self.symbols], self.distance, top)
            if len(taken) == top or ranked >= min(found.count, MOST_RANKED):
                return {symbol: column[taken] for symbol, column in columns.items()}
            ranked = min(8 * ranked, MOST_RANKED)


def _outcome(report: Report, found: SolutionSet, answered: int) -> Outcome:
    if report.status == "INFEASIBLE":
        return "infeasible"
    is_cut_off = isinstance(found, Listed) and found.count >= MOST_ROWS
    if report.status != "OPTIMAL" and not is_cut_off:
        return "timed_out"
    return "truncated" if found.count > answered else "complete"
