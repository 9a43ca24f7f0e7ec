"""Small questions about one problem, each with its own model, within one time limit."""

import time
from collections.abc import Callable, Collection, Sequence
from typing import TypeAlias

from ortools.sat.python import cp_model

from solver.answers import check
from solver.constraints.base import Constraint, Relaxable
from solver.engines.full.model import UNKNOWN, Model, Optimum
from solver.variation.template import Assignment

Minimand: TypeAlias = Callable[[Model], cp_model.LinearExprT]
"""Makes the expression to minimise; it may add variables and constraints to the model."""
Relaxation: TypeAlias = Callable[[Relaxable], Constraint | None]
"""Gives the replacement of a requirement that is dropped, if any."""


class Inquiry:
    """Asks for networks that satisfy some of a problem's constraints.

    ``seconds`` is the time for all questions together. A question with ``of=n`` gets one n-th of
    the time that is left; time that it does not use is left for other questions.
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
        """The constraints without some groups; replacements keep the model finite."""
        kept = [
            self.relaxed(item) if isinstance(item, Relaxable) and item.name in dropped else item
            for item in self.constraints
        ]
        return [item for item in kept if item is not None]

    def about(self, constraints: Sequence[Constraint]) -> "Inquiry":
        """An inquiry about other constraints, within the time left for this one."""
        return Inquiry(constraints, self._end - time.monotonic(), self.relaxed)

    def ask(
        self, constraints: Sequence[Constraint], of: int, objective: Minimand | None = None
    ) -> Optimum:
        """A network that satisfies the constraints, and minimises the objective if there is one.

        The first attempt leaves out costly constraints. It may prove that there is no network, or
        find one that satisfies them anyway.
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
        """Networks that differ in these symbols, and whether these are all."""
        try:
            return self._model(constraints, self._deadline(of)).distinct(symbols, most)
        except (OverflowError, TimeoutError):
            return [], False

    def _find(
        self, constraints: Sequence[Constraint], deadline: float, objective: Minimand | None
    ) -> Optimum:
        """Post and solve; the result is unknown if the model is too large or takes too long."""
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
    """The excess of a group, which its members share."""
    *_, excess = [item.excess(model) for item in group]
    return excess
