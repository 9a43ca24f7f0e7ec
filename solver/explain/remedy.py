"""The changes of a request that open a solution, if no single one is enough."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from math import floor
from typing import Final, NamedTuple

from solver.constraints.base import Constraint, Relaxable
from solver.constraints.budget import EqualBudget
from solver.constraints.coverage import MinCoverage
from solver.constraints.maps import LargerKernel
from solver.constraints.ranges import WithinRange
from solver.engines.full.model import Optimum
from solver.explain.inquiry import Inquiry, excess_of
from solver.explain.nearest import Nearest
from solver.network.counting import coverage
from solver.variation.template import Assignment
from solver.variation.tolerance import Tolerance
from solver.variation.unknown import Range

TOLERANCE: Final = "tolerance"
"""The name of the change that lets all budgets deviate."""
KERNEL_MAY_STAY: Final = "kernel_grows"
"""The name of the change that lets the first kernel be as large as the original's."""
SMALL: Final = 0.1
"""Largest tolerance together with other changes; a larger one is the last resort."""
SHARES: Final = 8
"""Each question gets one part of this many of the time that is left."""


class Remedy(NamedTuple):
    """Changes that open a solution if all of them are made, but not if one is missing.

    Attributes
    ----------
    words
        The changes in words: ``kernel_size 3..4``, ``tolerance 0.05``.
    assignment
        A solution of the request with these changes.
    constraints
        The constraints with the changes of ranges and coverage, but not of the tolerance.
    """

    words: Sequence[str]
    assignment: Assignment
    constraints: Sequence[Constraint]


class Remedies:
    """Looks for the fewest changes of a request that open a solution.

    A request can change its ranges, its least coverage, its tolerance, and whether the first kernel
    must grow. It cannot change the other requirements of an approach.
    """

    def __init__(self, inquiry: Inquiry) -> None:
        self._inquiry = inquiry
        self._widest = 1.0
        self._members: dict[str, list[Relaxable]] = {}
        for item in inquiry.constraints:
            if change := change_of(item):
                assert isinstance(item, Relaxable)
                self._members.setdefault(change, []).append(item)

    def find(self) -> tuple[Remedy | None, bool]:
        """Changes that open a solution; or ``None``, and whether it is proved that none do."""
        every = list(self._members)
        budgets = [it for it in every if it == TOLERANCE]
        for changes, self._widest in ((budgets, 1.0), (every, SMALL), (every, 1.0)):
            found = self._ask(changes)
            if found.assignment is not None:
                return self._advised(self._fewest(changes)), False
        return None, found.is_proved

    def _fewest(self, every: Sequence[str]) -> list[str]:
        """As few of the changes as possible that together open a solution."""
        needed = [it for it in every if self._is_closed([other for other in every if other != it])]
        others = [it for it in every if it not in needed]
        others.sort(key=lambda it: it != TOLERANCE)
        for chosen in [(), *((it,) for it in others)]:
            if self._is_open([*needed, *chosen]):
                return [it for it in every if it in (*needed, *chosen)]
        left = list(every)
        for change in reversed(others):
            fewer = [it for it in left if it != change]
            left = fewer if self._is_open(fewer) else left
        return left

    def _is_open(self, changes: Collection[str]) -> bool:
        return self._ask(changes).assignment is not None

    def _is_closed(self, changes: Collection[str]) -> bool:
        found = self._ask(changes)
        return found.assignment is None and found.is_proved

    def _ask(self, changes: Collection[str]) -> Optimum:
        return self._inquiry.ask(self._with(changes, {}), SHARES)

    def _advised(self, changes: Sequence[str]) -> Remedy | None:
        """The least size of each change in turn, given those before; the tolerance comes last."""
        advised: dict[str, list[Constraint]] = {}
        words: list[str] = []
        constraints = self._with((), {})
        for place, change in enumerate(changes):
            if change == TOLERANCE:
                advice = self._tolerance(constraints)
            else:
                advice = self._least(change, self._with(changes[place:], advised))
            if advice is None:
                return None
            word, advised[change] = advice
            words.append(word)
            if change != TOLERANCE:
                constraints = self._with((), advised)
        found = self._inquiry.ask(self._with((), advised), SHARES)
        return Remedy(words, found.assignment, constraints) if found.assignment else None

    def _least(
        self, change: str, constraints: Sequence[Constraint]
    ) -> tuple[str, list[Constraint]] | None:
        """The least size of one change other than the tolerance, in words and as constraints."""
        members = self._members[change]
        if change == KERNEL_MAY_STAY:
            return f"{change} false", [_may_stay(it) for it in members]
        found = self._inquiry.ask(constraints, SHARES, lambda model: excess_of(members, model))
        if found.assignment is None:
            return None
        first = members[0]
        if isinstance(first, MinCoverage):
            share = floor(coverage(first.template.architecture(found.assignment)) * 10_000) / 10_000
            return f"min_coverage {share}", [replace(first, share=share)]
        assert isinstance(first, WithinRange)
        low = first.bounds.low - found.assignment[f"{first.name} down"]
        high = first.bounds.high + found.assignment[f"{first.name} up"]
        ranges: list[Constraint] = [
            replace(it, bounds=Range(low, high)) for it in members if isinstance(it, WithinRange)
        ]
        return f"{first.unknown.range} {low}..{high}", ranges

    def _tolerance(self, constraints: Sequence[Constraint]) -> tuple[str, list[Constraint]] | None:
        """The smallest tolerance, in words and as constraints."""
        nearest = Nearest(self._inquiry.about(constraints))
        share = nearest.tolerance(nearest.neighbours().nearest)
        if share is None:
            return None
        band = Tolerance(below=share, above=share)
        members = self._members[TOLERANCE]
        return (
            f"tolerance {share}",
            [replace(it, tolerance=band) for it in members if isinstance(it, EqualBudget)],
        )

    def _with(
        self, loosened: Collection[str], advised: Mapping[str, Sequence[Constraint]]
    ) -> list[Constraint]:
        """The constraints with some changes as advised, and others as large as possible."""
        left = {change: iter(items) for change, items in advised.items()}
        kept: list[Constraint | None] = []
        for item in self._inquiry.constraints:
            change = change_of(item)
            if change in left:
                kept.append(next(left[change]))
            else:
                kept.append(self._loosened(item) if change in loosened else item)
        return [item for item in kept if item is not None]

    def _loosened(self, item: Constraint) -> Constraint | None:
        if isinstance(item, EqualBudget):
            low, high = item.tolerance.below, item.tolerance.above
            wide = Tolerance(below=max(low, self._widest), above=max(high, self._widest))
            return replace(item, tolerance=wide)
        if isinstance(item, LargerKernel):
            return _may_stay(item)
        assert isinstance(item, Relaxable)
        return self._inquiry.relaxed(item)


def change_of(item: Constraint) -> str | None:
    """The change of a request that affects a requirement; ``None`` if there is none."""
    if isinstance(item, EqualBudget):
        return TOLERANCE
    if isinstance(item, LargerKernel) and not item.may_stay:
        return KERNEL_MAY_STAY
    return item.name if isinstance(item, WithinRange | MinCoverage) else None


def _may_stay(item: Constraint) -> Constraint:
    assert isinstance(item, LargerKernel)
    return replace(item, may_stay=True)
