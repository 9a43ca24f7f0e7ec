"""Why a problem has no solution, in its own numbers, and what would open one."""

from collections.abc import Collection, Iterator, Sequence
from itertools import combinations
from typing import Final, TypeVar

from ortools.sat.python import cp_model

from solver.answers.variants import Describer, Explanation, Variant
from solver.approaches import APPROACHES
from solver.constraints.base import Constraint, Evidence, Relaxable
from solver.engines.full.model import Found, Model
from solver.explain.inquiry import Inquiry
from solver.explain.nearest import Nearest
from solver.problem import Problem
from solver.variation.template import Assignment

T = TypeVar("T")

SECONDS = 1.0
"""What an explanation takes at most, unless it is asked otherwise."""
BEHIND: Final = 4
"""Questions behind the first ones, which time is kept for."""
MOST_CASES: Final = 100
"""What a requirement is told by is not gone through further than that."""
NOT_ALONE: Final = "Leaving out one requirement alone opens no solution."
ALONE: Final = "The one named cannot hold even where all others are left out:"
EXCLUSIVE: Final = "Those named exclude one another even where all others are left out:"


def explain(problem: Problem, seconds: float | None = None) -> Explanation:
    """Explain an infeasible problem within some seconds; what takes longer is left out.

    Requirements are dropped one at a time from the model (CP-SAT's assumption cores are not
    minimal, and slow to prove); each that opens a solution when dropped alone is blocking.
    Where none does, a minimal set of requirements that exclude one another is named.
    """
    return _Explainer(problem, SECONDS if seconds is None else seconds).explanation()


class _Explainer:
    """Asks what matters most first, and as long as there is time."""

    def __init__(self, problem: Problem, seconds: float) -> None:
        approach = APPROACHES[problem.approach]
        self._unknowns = approach.symbols
        self._inquiry = Inquiry(approach.constraints(problem), seconds)
        self._nearest = Nearest(self._inquiry)
        self._describer = Describer(problem)

    def explanation(self) -> Explanation:
        """Everything that is found in time."""
        alone = self._alone()
        blocking = [group for group, found in alone.items() if found.assignment is not None]
        conflict = [] if blocking else self._conflict()
        nearest, below, above = self._nearest.neighbours()
        tolerance = self._nearest.tolerance(nearest)
        if not blocking and not conflict:
            conflict = self._conflict(at_leisure=True)
        if blocking:
            reasons = list(self._reasons(blocking, nearest))
        else:
            is_proved = all(found.is_proved for found in alone.values())
            reasons = [*([NOT_ALONE] if is_proved else []), *self._joint_reasons(conflict)]
        return Explanation(
            blocking=blocking or conflict,
            reasons=reasons,
            nearest=self._variant(nearest),
            below=self._variant(below),
            above=self._variant(above),
            tolerance=tolerance,
        )

    def _alone(self) -> dict[str, Found]:
        """What there is with each group dropped alone."""
        inquiry = self._inquiry
        return {
            group: inquiry.ask(inquiry.without({group}), of=left + BEHIND)
            for left, group in _countdown(tuple(inquiry.groups))
        }

    def _conflict(self, *, at_leisure: bool = False) -> list[str]:
        """A minimal set of groups that exclude one another, by deletion; none if not proved.

        At leisure, each question may take half of the time that is left.
        """
        inquiry, dropped = self._inquiry, set[str]()
        for left, group in _countdown(tuple(inquiry.groups)):
            of = 2 if at_leisure else left + BEHIND
            found = inquiry.ask(inquiry.without({group, *dropped}), of)
            if found.assignment is None:
                if not found.is_proved:
                    return []
                dropped.add(group)
        return [group for group in inquiry.groups if group not in dropped]

    def _reasons(self, blocking: Sequence[str], nearest: Assignment | None) -> Iterator[str]:
        """Yield why each of the groups that block alone does."""
        for left, group in _countdown(blocking):
            is_known = nearest is not None and self._nearest.dropped == {group}
            found = Found(nearest, is_proved=True, objective=1) if is_known else None
            yield from self._reason(group, {group}, left + 1, found)

    def _joint_reasons(self, conflict: Sequence[str]) -> Iterator[str]:
        """Yield why two groups block together, or else why those of a conflict do."""
        if pair := self._pair(conflict):
            both = " and ".join(pair)
            yield f"Leaving out {both} together opens a solution. With one of them left out:"
            for left, group in _countdown(pair):
                yield from self._reason(group, pair, left + 1)
        elif conflict:
            yield ALONE if len(conflict) == 1 else EXCLUSIVE
            others = set(self._inquiry.groups) - set(conflict)
            for left, group in _countdown(conflict):
                yield from self._reason(group, {group, *others}, left + 1)

    def _pair(self, conflict: Sequence[str]) -> tuple[str, str] | None:
        """Two groups that open a solution when dropped together; one of a conflict must go."""
        budgets = self._nearest.dropped
        pairs = [
            pair
            for pair in combinations(self._inquiry.groups, 2)
            if set(pair) & set(conflict) or set(pair) == budgets
        ]
        pairs.sort(key=lambda pair: -len(set(pair) & budgets))
        for left, pair in _countdown(pairs):
            found = self._inquiry.ask(self._inquiry.without(pair), of=left + BEHIND)
            if found.assignment is not None:
                return pair
        return None

    def _reason(
        self, name: str, dropped: Collection[str], of: int, found: Found | None = None
    ) -> Iterator[str]:
        """Yield why a group blocks, from the network that exceeds it least."""
        group, constraints = self._inquiry.groups[name], self._inquiry.without(dropped)
        if found is None:
            found = self._inquiry.ask(constraints, of, lambda model: _excess(group, model))
        if found.assignment is not None and found.is_proved and found.objective > 0:
            evidence = self._evidence(group, constraints, found.assignment, of)
            yield evidence.exceeded[0].reason(evidence)

    def _evidence(
        self,
        group: Sequence[Relaxable],
        constraints: Sequence[Constraint],
        nearest: Assignment,
        of: int,
    ) -> Evidence:
        exceeded = [item for item in group if any(item.violations(nearest))] or group
        cases, is_complete = [nearest], True
        if symbols := group[0].told_by:
            cases, is_complete = self._inquiry.cases(constraints, symbols, MOST_CASES, of)
        return Evidence(nearest, exceeded, cases if is_complete else [nearest], is_complete)

    def _variant(self, found: Assignment | None) -> Variant | None:
        """The network, if its counts can be shown."""
        if found is None:
            return None
        try:
            return self._describer.variant({symbol: found[symbol] for symbol in self._unknowns})
        except OverflowError:
            return None


def _excess(group: Sequence[Relaxable], model: Model) -> cp_model.LinearExprT:
    """By how much a group is exceeded: its members share it."""
    *_, excess = [item.excess(model) for item in group]
    return excess


def _countdown(items: Sequence[T]) -> Iterator[tuple[int, T]]:
    """Yield items, each with how many are left, itself included."""
    yield from zip(range(len(items), 0, -1), items, strict=True)
