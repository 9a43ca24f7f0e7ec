"""The CP-SAT model that constraints are posted to."""

import math
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from math import prod
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from ortools.sat.python import cp_model

from solver.engines.report import Report
from solver.variation.polynomial import Monomial, Polynomial
from solver.variation.template import Assignment
from solver.variation.unknown import Range

LARGEST: Final = 2**60
"""Largest bound of a domain: CP-SAT refuses models with sums that may exceed 64 bits."""

ENUMERATION: Final = {
    "num_workers": 1,  # with more, OR-Tools 9.15 silently loses solutions
    "enumerate_all_solutions": True,
    "linearization_level": 0,  # several times faster than the default, see docs/model.md
    "cp_model_presolve": False,
    "symmetry_level": 0,
    "use_sat_inprocessing": False,
    "cp_model_probing_level": 0,
}
TELL_EVERY: Final = 256
"""Solutions between two checks of the clock."""
TELL_SECONDS: Final = 0.5
"""Seconds between two progress reports."""
OPTIMISATION: Final = {"num_workers": 1, "linearization_level": 0}
LINEAR: Final = {"num_workers": 1}
"""With the linear relaxation: usually slower, but needed to minimise some deviations."""
FIRST_SECONDS: Final = 0.02
"""Seconds for an optimisation without the linear relaxation, before one with it."""
ONE_BY_ONE: Final = {**ENUMERATION, "enumerate_all_solutions": False}
"""For many small solves in a row."""


class _Model(cp_model.CpModel):
    """CP-SAT's model without the old names of its methods, which are slow to add."""

    def _add_pre_pep8_methods(self) -> None:
        """Add no old names."""


class Optimum(NamedTuple):
    """The best solution, with the values of all declared variables, and whether it is proved.

    If there is no assignment, a proof means that there is no solution; without one, time ran out.
    """

    assignment: Assignment | None
    is_proved: bool
    objective: int = 0


UNKNOWN: Final = Optimum(None, is_proved=False)


class Model:
    """Unknowns, the sides of maps, and products of them as integer variables.

    Every other variable is a function of the unknowns. Otherwise an enumeration would list
    solutions more than once.

    Attributes
    ----------
    deadline
        The monotonic time at which :meth:`find`, :meth:`distinct` and costly constraints give up.
    """

    def __init__(self, deadline: float = math.inf) -> None:
        self.cp: cp_model.CpModel = _Model()
        self.deadline = deadline
        self._variables: dict[str, cp_model.IntVar] = {}
        self._products: dict[Monomial, cp_model.IntVar] = {}

    def declare(self, symbol: str, low: int, high: int) -> cp_model.IntVar:
        """Add an unknown, or the side of a map, with its inclusive bounds."""
        self._variables[symbol] = self.cp.new_int_var(low, high, symbol)
        return self._variables[symbol]

    def declare_values(self, symbol: str, values: Sequence[int]) -> cp_model.IntVar:
        """Add a variable that can take these values only."""
        domain = cp_model.Domain.from_values(values)
        self._variables[symbol] = self.cp.new_int_var_from_domain(domain, symbol)
        return self._variables[symbol]

    def __getitem__(self, symbol: str) -> cp_model.IntVar:
        return self._variables[symbol]

    def bounds(self, symbol: str) -> Range:
        """The declared bounds of a variable."""
        domain = list(self._variables[symbol].proto.domain)
        return Range(domain[0], domain[-1])

    def high(self, polynomial: Polynomial) -> int:
        """Upper bound of a polynomial with positive coefficients."""
        return sum(
            factor * prod(self.bounds(symbol).high for symbol in monomial)
            for monomial, factor in polynomial
        )

    def linear(self, polynomial: Polynomial, cap: int = LARGEST) -> cp_model.LinearExpr | int:
        """A polynomial over the variables, with a new variable for each of its products.

        ``cap`` is an upper bound of the polynomial. No term exceeds it, since all are positive.
        """
        products = [self._product(monomial, cap // abs(factor)) for monomial, factor in polynomial]
        return cp_model.LinearExpr.weighted_sum(products, [factor for _, factor in polynomial])

    def _product(self, monomial: Monomial, cap: int) -> cp_model.LinearExpr | int:
        """The product of a monomial's symbols, at most ``cap``."""
        if len(monomial) < 2:
            return self._variables[monomial[0]] if monomial else 1
        if monomial not in self._products:
            left = self._product(monomial[:-1], cap)
            right = self._variables[monomial[-1]]
            high = min(cap, self.high(Polynomial({monomial: 1})))
            product = self.cp.new_int_var(0, high, "*".join(monomial))
            self.cp.add_multiplication_equality(product, [left, right])
            self._products[monomial] = product
        return self._products[monomial]

    def total(self, polynomial: Polynomial, width: str | None, cap: int) -> cp_model.IntVar:
        """A variable, at most ``cap``, for ``width * w + rest``, or for ``rest`` without a width.

        One product with the collected weight ``w`` propagates better than a product for each term.

        Raises
        ------
        OverflowError
            The total could exceed 64 bits.
        """
        if cap > LARGEST:
            raise OverflowError(f"the sizes are too large for 64 bits: a count of up to {cap:,}")
        total = self.cp.new_int_var(0, cap, "total")
        if width is None:
            self.cp.add(total == self.linear(polynomial, cap))
            return total
        weight, rest = polynomial.collect(width)
        w = self.cp.new_int_var(0, cap, f"weight of {width}")
        self.cp.add(w == self.linear(weight, cap))
        product = self.cp.new_int_var(0, cap, f"{width} * weight")
        self.cp.add_multiplication_equality(product, [self._variables[width], w])
        self.cp.add(total == product + self.linear(rest, cap))
        return total

    def enumerate(
        self,
        symbols: Sequence[str],
        time_limit: float,
        most: int,
        progress: Callable[[int], None] = lambda _: None,
    ) -> tuple[NDArray[np.int64], Report]:
        """All solutions in any order: a row for each, with a column for each of these symbols.

        The status ``OPTIMAL`` means that these are all, and ``INFEASIBLE`` that there is none.
        ``FEASIBLE`` and ``UNKNOWN`` mean that the time limit or ``most`` solutions came first.
        """
        collector = _Collector([self._variables[symbol] for symbol in symbols], most, progress)
        solver = _solver(ENUMERATION, time_limit)
        solver.parameters.search_branching = solver.parameters.FIXED_SEARCH
        status = solver.status_name(self._run(solver, collector))
        report = Report(status, solver.wall_time, solver.num_branches, solver.num_conflicts)
        rows = np.frombuffer(collector.values, np.int64)
        return rows.reshape(collector.found, len(symbols)), report

    @property
    def seconds_left(self) -> float:
        """Seconds until the deadline."""
        return max(0.0, self.deadline - time.monotonic())

    def maximise(
        self,
        objective: cp_model.LinearExprT,
        wanted: Sequence[cp_model.LinearExpr],
        time_limit: float,
        improved: Callable[[float | None, float], None] | None = None,
    ) -> tuple[list[int] | None, str]:
        """Values of the ``wanted`` expressions in a best solution, and CP-SAT's status.

        Only ``OPTIMAL`` proves that none is better, and only ``INFEASIBLE`` that none exists.
        ``improved`` is called with the best value so far, if there is one, and its upper bound.
        """
        self.cp.maximize(objective)
        solver = _solver(OPTIMISATION, max(0.0, time_limit))
        status = self._run(solver, _watched(solver, improved) if improved else None)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None, solver.status_name(status)
        return [solver.value(it) for it in wanted], solver.status_name(status)

    def slack(self, name: str, most: int) -> cp_model.IntVar:
        """The variable for the excess of a requirement; there is one for each name."""
        if name not in self._variables:
            self.declare(name, 0, most)
        return self._variables[name]

    def find(self, objective: cp_model.LinearExprT | None = None) -> Optimum:
        """A solution with the least objective, or any solution if there is no objective."""
        if objective is None:
            return self._found(OPTIMISATION, self.seconds_left)
        self.cp.minimize(objective)
        found = UNKNOWN
        for parameters, seconds in self._attempts():
            again = self._found(parameters, seconds)
            found = again if again.is_proved or again.assignment else found
            if found.is_proved:
                break
        return found

    def _attempts(self) -> Iterator[tuple[dict[str, int | bool], float]]:
        """Yield the parameters of each attempt at an optimisation, with its seconds."""
        yield OPTIMISATION, min(FIRST_SECONDS, self.seconds_left)
        yield LINEAR, self.seconds_left / 2
        yield OPTIMISATION, self.seconds_left

    def _found(self, parameters: dict[str, int | bool], seconds: float) -> Optimum:
        solver = _solver(parameters, seconds)
        status = self._run(solver)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return Optimum(None, is_proved=status == cp_model.INFEASIBLE)
        best = round(solver.objective_value) if self.cp.has_objective() else 0
        return Optimum(self._values(solver), status == cp_model.OPTIMAL, best)

    def distinct(self, symbols: Sequence[str], most: int) -> tuple[list[Assignment], bool]:
        """At most ``most`` solutions that differ in these symbols, and whether these are all."""
        found: list[Assignment] = []
        while len(found) <= most:
            solver = _solver(ONE_BY_ONE, self.seconds_left)
            status = self._run(solver)
            if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
                return found, status == cp_model.INFEASIBLE
            found.append(self._values(solver))
            row = [found[-1][symbol] for symbol in symbols]
            self.cp.add_forbidden_assignments([self[symbol] for symbol in symbols], [row])
        return found[:most], False

    def _values(self, solver: cp_model.CpSolver) -> Assignment:
        return {symbol: solver.value(it) for symbol, it in self._variables.items()}

    def _run(
        self, solver: cp_model.CpSolver, callback: cp_model.CpSolverSolutionCallback | None = None
    ) -> cp_model.CpSolverStatus:
        status = solver.solve(self.cp, callback)
        if status == cp_model.MODEL_INVALID:
            raise OverflowError(f"the sizes are too large for 64 bits: {self.cp.validate()}")
        return status


class _Collector(cp_model.CpSolverSolutionCallback):
    """Keeps the values of some variables of every solution."""

    def __init__(
        self, variables: Sequence[cp_model.IntVar], most: int, progress: Callable[[int], None]
    ) -> None:
        super().__init__()
        self._most = most
        self._progress = progress
        self._told = time.monotonic()
        self._indices = [variable.index for variable in variables]
        self.values = array("q")
        self.found = 0

    def on_solution_callback(self) -> None:
        """Called by CP-SAT for each solution."""
        self.values.extend(map(self.SolutionIntegerValue, self._indices))
        self.found += 1
        if self.found >= self._most:
            self.stop_search()
        if self.found % TELL_EVERY == 0 and time.monotonic() > self._told + TELL_SECONDS:
            self._told = time.monotonic()
            self._progress(self.found)


def _watched(
    solver: cp_model.CpSolver, improved: Callable[[float | None, float], None]
) -> cp_model.CpSolverSolutionCallback:
    """Have an optimisation call ``improved`` for each better solution and each better bound."""
    watch = _Watch(improved)
    solver.best_bound_callback = watch.on_bound
    return watch


class _Watch(cp_model.CpSolverSolutionCallback):
    """Keeps the best value of an optimisation and its bound, and passes on each change."""

    def __init__(self, improved: Callable[[float | None, float], None]) -> None:
        super().__init__()
        self._improved = improved
        self._best: float | None = None

    def on_solution_callback(self) -> None:
        """Called by CP-SAT for each better solution."""
        self._best = self.ObjectiveValue()
        self._improved(self._best, self.BestObjectiveBound())

    def on_bound(self, bound: float) -> None:
        """Called by CP-SAT for each better bound."""
        self._improved(self._best, bound)


def _solver(parameters: dict[str, int | bool], time_limit: float) -> cp_model.CpSolver:
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = time_limit
    solver.parameters.catch_sigint_signal = False
    for name, value in parameters.items():
        setattr(solver.parameters, name, value)
    return solver
