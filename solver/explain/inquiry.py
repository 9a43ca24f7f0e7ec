"""Small questions about one problem, each answered by a model of its own, within one time."""

import time
from collections.abc import Callable, Collection, Sequence
from typing import TypeAlias

from ortools.sat.python import cp_model

from solver.answers import check
from solver.constraints.base import Constraint, Relaxable
from solver.engines.full.model import UNKNOWN, Model, Optimum
from solver.variation.template import Assignment

Minimand: TypeAlias = Callable[[Model], cp_model.LinearExprT]
"""What to minimise; it may add variables and constraints of its own."""
Relaxation: TypeAlias = Callable[[Relaxable], Constraint | None]
"""What is left of a requirement that is dropped."""


class Inquiry:
    """Asks for networks that satisfy some of a problem's constraints.

    ``seconds`` are for all questions together. ``of`` tells each question among how many the time
    that is left is to be shared, itself included: what one does not use is left to the others.
    """

    def __init__(
        self,
        constraints: Sequence[Constraint],
        seconds: float,
        relaxed: Relaxation = lambda item: item.relaxed(),
    ) -> None:
        self.constraints = constraints
        self.relaxed = relaxed
        self._end = time.monotonic() + seconds
        self.groups: dict[str, list[Relaxable]] = {}
        for item in constraints:
            if isinstance(item, Relaxable):
                self.groups.setdefault(item.name, []).append(item)

    def without(self, dropped: Collection[str]) -> list[Constraint]:
        """The constraints without some groups; what keeps a model finite stays."""
        kept = [
            self.relaxed(item) if isinstance(item, Relaxable) and item.name in dropped else item
            for item in self.constraints
        ]
        return [item for item in kept if item is not None]

    def about(self, constraints: Sequence[Constraint]) -> "Inquiry":
        """An inquiry about other constraints, in the time that is left of this one."""
        return Inquiry(constraints, self._end - time.monotonic(), self.relaxed)

    def ask(
        self, constraints: Sequence[Constraint], of: int, objective: Minimand | None = None
    ) -> Optimum:
        """A network that satisfies them, the least by the objective if there is one.

        What is costly to post is left out at first: that may show that there is none, or find one
        that satisfies it all the same.
        """
        deadline = self._deadline(of)
        cheap = [item for item in constraints if not item.is_costly]
        found = self._find(cheap, deadline, objective)
        if len(cheap) == len(constraints) or found.assignment is None:
            return found
        costly = [item for item in constraints if item.is_costly]
        if not check.violations(costly, found.assignment):
            return found
        return self._find(constraints, deadline, objective)

    def cases(
        self, constraints: Sequence[Constraint], symbols: Sequence[str], most: int, of: int
    ) -> tuple[list[Assignment], bool]:
        """Networks that differ in these symbols, and whether there are no more."""
        try:
            return self._model(constraints, self._deadline(of)).distinct(symbols, most)
        except (OverflowError, TimeoutError):
            return [], False

    def _find(
        self, constraints: Sequence[Constraint], deadline: float, objective: Minimand | None
    ) -> Optimum:
        """Post and solve; what is too large to be posted, or takes too long, is not known."""
        try:
            model = self._model(constraints, deadline)
            return model.find(objective(model) if objective else None)
        except (OverflowError, TimeoutError):
            return UNKNOWN

    def _model(self, constraints: Sequence[Constraint], deadline: float) -> Model:
        if time.monotonic() >= deadline:
            raise TimeoutError("no time is left")
        model = Model(deadline)
        for constraint in constraints:
            constraint.post(model)
        return model

    def _deadline(self, of: int) -> float:
        now = time.monotonic()
        return now + (self._end - now) / of


def excess_of(group: Sequence[Relaxable], model: Model) -> cp_model.LinearExprT:
    """By how much a group is exceeded: its members share it."""
    *_, excess = [item.excess(model) for item in group]
    return excess
