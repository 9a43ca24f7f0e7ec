"""Why a problem has no solution, in its numbers, and what would open one."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeVar

from solver.answers import check
from solver.answers.variants import Describer, Explanation, Variant
from solver.approaches import APPROACHES
from solver.constraints.base import Constraint, Evidence, Relaxable
from solver.constraints.ranges import WithinRange
from solver.engines.full.model import Optimum
from solver.explain.inquiry import Inquiry, excess_of
from solver.explain.limits import Limits, another_network
from solver.explain.nearest import Nearest
from solver.explain.remedy import TOLERANCE, Remedies, Remedy, change_of
from solver.problem import Problem
from solver.variation.template import Assignment
from solver.variation.unknown import Range

T = TypeVar("T")

SECONDS = 1.0
"""Time limit of an explanation, unless another one is given."""
BEHIND: Final = 4
"""Number of later questions for which the first ones must leave time."""
MOST_CASES: Final = 100
"""Largest number of cases that a reason considers."""
RESOLUTIONS: Final = "ranges.resolution"
OPENS: Final = "would leave one"
NOT_ALONE: Final = "Leaving out one requirement alone opens no solution"
NO_WAY: Final = (
    "Wider ranges, a lower min_coverage and a tolerance up to 1 open none, not even all together"
)
ALONE: Final = "The one named cannot hold even where all others are left out."
EXCLUSIVE: Final = "Those named exclude one another even where all others are left out."


def explain(problem: Problem, seconds: float | None = None) -> Explanation:
    """Explain an infeasible problem within some seconds; parts that take longer are left out.

    Requirements are dropped one at a time from the model, since CP-SAT's assumption cores are not
    minimal, and slow to prove. A requirement is blocking if dropping it alone opens a solution. If
    none is, or none that a request can change, the explanation names the fewest changes that
    together open a solution, or else a minimal set of requirements that exclude one another.
    """
    return _Explainer(problem, SECONDS if seconds is None else seconds).explanation()


class _Explainer:
    """Asks the most important questions first, until time runs out."""

    def __init__(self, problem: Problem, seconds: float) -> None:
        approach = APPROACHES[problem.approach]
        self._unknowns = approach.symbols
        constraints = approach.constraints(problem)
        other = another_network(approach.template(problem.architecture))
        limits = Limits(problem, constraints)
        self._inquiry = Inquiry([*constraints, *other], seconds, limits.relaxed)
        self._nearest = Nearest(self._inquiry)
        self._describer = Describer(problem)

    def explanation(self) -> Explanation:
        """Everything that is found in time."""
        alone = self._alone()
        blocking = [group for group, found in alone.items() if found.assignment is not None]
        nearest, below, above = self._nearest.neighbours()
        tolerance = self._nearest.tolerance(nearest)
        reasons = list(self._reasons(blocking, nearest))
        is_told = tolerance is not None or any(OPENS in reason for reason in reasons)
        if not blocking or not is_told:
            together, told = self._together(blocking)
            blocking = blocking or together
            reasons = [*self._not_alone(alone), *reasons, *told]
        return Explanation(
            blocking=blocking,
            reasons=reasons,
            nearest=self._variant(nearest),
            below=self._variant(below),
            above=self._variant(above),
            tolerance=tolerance,
        )

    def _alone(self) -> dict[str, Optimum]:
        """A solution, if any, with each group dropped alone."""
        inquiry = self._inquiry
        return {
            group: inquiry.ask(inquiry.without({group}), of=left + BEHIND)
            for left, group in _countdown(tuple(inquiry.groups))
        }

    def _together(self, alone: Sequence[str]) -> tuple[list[str], list[str]]:
        """The groups that block together, and what to change, or that no change helps."""
        remedy, is_none = Remedies(self._inquiry).find()
        if remedy:
            broken = [
                group
                for group, items in self._inquiry.groups.items()
                if check.violations(items, remedy.assignment)
            ]
            told = [it for it in broken if it in self._nearest.dropped and it not in alone]
            return broken, [self._advice(remedy), *self._misfits(remedy, told)]
        told = [self._no_way()] if is_none else []
        conflict = [] if alone else self._conflict()
        if conflict:
            told += [ALONE if len(conflict) == 1 else EXCLUSIVE, *self._facts(conflict)]
        return conflict, told

    def _not_alone(self, alone: Mapping[str, Optimum]) -> Iterator[str]:
        """Yield the sentence that no requirement blocks alone, if that is proved."""
        if all(it.assignment is None and it.is_proved for it in alone.values()):
            low, high = self._resolutions
            yield f"{NOT_ALONE}, nor does any resolution from {low} to {high}."

    def _no_way(self) -> str:
        """The sentence that no request has a solution."""
        low, high = self._resolutions
        return f"{NO_WAY}; resolutions from {low} to {high} were looked at."

    @property
    def _resolutions(self) -> Range:
        """The resolutions that explanations consider."""
        (resolution,) = self._inquiry.groups[RESOLUTIONS]
        widest = self._inquiry.relaxed(resolution)
        assert isinstance(widest, WithinRange)
        return widest.bounds

    def _advice(self, remedy: Remedy) -> str:
        """The sentence on a remedy: its changes, and a solution that they open."""
        *others, last = remedy.words
        together = f"Together, {', '.join(others)} and {last}" if others else last
        found = ", ".join(f"{it}' = {remedy.assignment[it]}" for it in self._unknowns)
        return f"{together} {OPENS}, with {found}."

    def _misfits(self, remedy: Remedy, budgets: Sequence[str]) -> Iterator[str]:
        """Yield why budgets need a tolerance even after all other changes."""
        changed = [word for word in remedy.words if not word.startswith(TOLERANCE)]
        kept = [item for item in remedy.constraints if item.name not in budgets]
        for left, name in _countdown(budgets):
            for reason in self._reason(name, kept, left + 1):
                yield f"With {' and '.join(changed)}: {reason}" if changed else reason

    def _conflict(self) -> list[str]:
        """A minimal set of groups that exclude one another, found by deletion.

        The set is empty if there is no proof. Each question may take half of the time that is left.
        """
        inquiry, dropped = self._inquiry, set[str]()
        for group in inquiry.groups:
            found = inquiry.ask(inquiry.without({group, *dropped}), of=2)
            if found.assignment is None:
                if not found.is_proved:
                    return []
                dropped.add(group)
        return [group for group in inquiry.groups if group not in dropped]

    def _reasons(self, blocking: Sequence[str], nearest: Assignment | None) -> Iterator[str]:
        """Yield why each group that blocks alone does so."""
        for left, group in _countdown(blocking):
            is_known = nearest is not None and self._nearest.dropped == {group}
            found = Optimum(nearest, is_proved=True, objective=1) if is_known else None
            yield from self._reason(group, self._inquiry.without({group}), left + 1, found)

    def _facts(self, conflict: Sequence[str]) -> Iterator[str]:
        """Yield why each group of a conflict excludes the others, except for ranges."""
        others = set(self._inquiry.groups) - set(conflict)
        for left, group in _countdown(conflict):
            if change_of(self._inquiry.groups[group][0]) in (None, TOLERANCE):
                yield from self._reason(group, self._inquiry.without({group, *others}), left + 1)

    def _reason(
        self, name: str, constraints: Sequence[Constraint], of: int, found: Optimum | None = None
    ) -> Iterator[str]:
        """Yield why a group blocks beside these constraints, if a network exceeds it."""
        group = self._inquiry.groups[name]
        if found is None:
            found = self._inquiry.ask(constraints, of, lambda model: excess_of(group, model))
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
        """The variant; ``None`` if there is none, or if its counts are too large."""
        if found is None:
            return None
        try:
            return self._describer.variant({symbol: found[symbol] for symbol in self._unknowns})
        except OverflowError:
            return None


def _countdown(items: Sequence[T]) -> Iterator[tuple[int, T]]:
    """Yield each item with the number of items that are left, including itself."""
    yield from zip(range(len(items), 0, -1), items, strict=True)
