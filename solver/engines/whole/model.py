"""Eqs. 21 to 24 as a CP-SAT model: one variable for each group's steps."""

import math
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from ortools.sat.python import cp_model

from solver.engines.full.model import LARGEST
from solver.engines.whole.problem import Budgeted, LinearForm, WholeProblem
from solver.engines.whole.quadratic import Floats, Ints

FOREVER: Final = 1e6
"""Seconds for what takes milliseconds."""
Improved: TypeAlias = Callable[[float, float], None]
"""Called with the value of each better answer, and the bound."""


class Solved(NamedTuple):
    """Widths that CP-SAT found, and whether its status proves them best, or proves that none exist.

    ``bound`` is the best value that an answer can have, where there is an objective.
    """

    widths: Ints | None
    is_proved: bool
    bound: float = 0.0


class WholeModel:
    """All equations of a problem, posted.

    Attributes
    ----------
    places
        The variables: how many steps each group's width has above the box's low end.
    """

    def __init__(self, problem: WholeProblem) -> None:
        self.problem = problem
        self.cp = cp_model.CpModel()
        room = (problem.high - problem.low).tolist()
        self.places = [self.cp.new_int_var(0, it, "") for it in room]
        self._steps = [it + low for it, low in zip(self.places, problem.low.tolist(), strict=True)]
        self._products: dict[tuple[int, int], cp_model.LinearExpr | int] = {}
        for budget in problem.budgets:
            self._post(budget)
        for bound in problem.linear_bounds:
            self.cp.add(self.linear(bound.form) <= bound.most)

    def _post(self, budget: Budgeted) -> None:
        """``low ≤ count(w) ≤ high``, with all divided by the divisor that all terms share.

        Raises
        ------
        OverflowError
            The count could exceed 64 bits.
        """
        count = budget.count.in_steps(self.problem.steps)
        most = int(count(self.problem.high.astype(object)))
        if most > LARGEST:
            raise OverflowError(f"the {budget.name} are too many for 64 bits: up to {most:,}")
        coefficients = np.concatenate([count.linear, count.factors])
        divisor = math.gcd(*coefficients.tolist()) or 1
        terms = [*self._steps, *(self._product(i, j) for i, j in count.pairs.tolist())]
        weights = coefficients // divisor
        total = cp_model.LinearExpr.weighted_sum(terms, weights.tolist())
        low, high = (end - count.constant for end in budget.band)
        self.cp.add_linear_constraint(total, -(-low // divisor), high // divisor)

    def _product(self, first: int, second: int) -> cp_model.LinearExpr | int:
        """The product of two groups' steps; linear if the box leaves one of them no choice."""
        if (first, second) not in self._products:
            self._products[first, second] = self._new_product(first, second)
        return self._products[first, second]

    def _new_product(self, first: int, second: int) -> cp_model.LinearExpr | int:
        low, high = self.problem.low, self.problem.high
        for fixed, other in ((first, second), (second, first)):
            if low[fixed] == high[fixed]:
                return cp_model.LinearExpr.term(self._steps[other], int(low[fixed]))
        least, most = (int(it[first] * it[second]) for it in (low, high))
        product = self.cp.new_int_var(least, most, "")
        self.cp.add_multiplication_equality(product, [self._steps[first], self._steps[second]])
        return product

    def linear(self, form: LinearForm) -> cp_model.LinearExpr:
        """A linear form of the widths."""
        weights = (form.coefficients * self.problem.steps).tolist()
        return cp_model.LinearExpr.weighted_sum(self._steps, weights) + form.constant

    def table(self, group: int, values: Sequence[int]) -> cp_model.IntVar:
        """A variable with one of these values: one for each width of a group in the box."""
        cost = self.cp.new_int_var(min(values), max(values), "")
        self.cp.add_element(self.places[group], list(values), cost)
        return cost

    def hint(self, widths: Ints | Floats) -> None:
        """Widths to start the search from; they need not be an answer."""
        nearest = np.rint(widths / self.problem.steps).astype(np.int64)
        for place, value in zip(self.places, self._inside(nearest), strict=True):
            self.cp.add_hint(place, value)

    def _inside(self, steps: Ints) -> list[int]:
        inside: list[int] = (
            steps.clip(self.problem.low, self.problem.high) - self.problem.low
        ).tolist()
        return inside

    def solve(self, seconds: float, improved: Improved | None = None) -> Solved:
        """The best answer that CP-SAT finds in time; any answer if there is no objective."""
        solver = cp_model.CpSolver()
        solver.parameters.max_time_in_seconds = max(0.0, seconds)
        solver.parameters.num_workers = 1
        solver.parameters.catch_sigint_signal = False
        status = solver.solve(self.cp, _Watch(improved) if improved else None)
        if status == cp_model.INFEASIBLE:
            return Solved(None, is_proved=True)
        bound = solver.best_objective_bound
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return Solved(None, is_proved=False, bound=bound)
        steps = np.array([solver.value(it) for it in self.places], np.int64) + self.problem.low
        return Solved(steps * self.problem.steps, status == cp_model.OPTIMAL, bound)


class _Watch(cp_model.CpSolverSolutionCallback):
    """Passes on each better answer."""

    def __init__(self, improved: Improved) -> None:
        super().__init__()
        self._improved = improved

    def on_solution_callback(self) -> None:
        """Called by CP-SAT for each better answer."""
        self._improved(self.ObjectiveValue(), self.BestObjectiveBound())


def solve_in_box(
    problem: WholeProblem, hint: Ints | Floats | None = None, seconds: float = FOREVER
) -> Solved:
    """Any widths that satisfy all equations."""
    if problem.is_empty:
        return Solved(None, is_proved=True)
    model = WholeModel(problem)
    if hint is not None:
        model.hint(hint)
    return model.solve(seconds)


def accepts(problem: WholeProblem, widths: Ints) -> bool:
    """Whether CP-SAT accepts these widths, shape ``(n,)``, with all equations posted.

    It takes 2 to 10 ms, and shares nothing with :meth:`WholeProblem.accepts`.
    """
    steps, rest = np.divmod(widths, problem.steps)
    is_outside = (steps < problem.low) | (steps > problem.high)
    if rest.any() or is_outside.any():
        return False
    model = WholeModel(problem)
    for place, value in zip(model.places, (steps - problem.low).tolist(), strict=True):
        model.cp.add(place == value)
    return model.solve(FOREVER).widths is not None
