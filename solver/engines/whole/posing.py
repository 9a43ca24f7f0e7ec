"""Approach V's problem at one resolution, from what was asked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

import numpy as np

from solver.approaches import APPROACHES
from solver.constraints.budget import EqualBudget, EqualParams
from solver.constraints.ranges import WithinRange
from solver.engines.whole.problem import Budgeted, LinearBound, LinearForm, WholeProblem
from solver.engines.whole.quadratic import Ints, Quadratic
from solver.problem import Problem
from solver.variation.groups import WidthGroups
from solver.variation.polynomial import Polynomial
from solver.variation.template import MisfitError
from solver.variation.unknown import RESOLUTION, Range
from solver.variation.whole import WholeTemplate

KEPT: Final = 64
"""Resolutions whose problems are remembered."""


class Posing:
    """A problem of approach V, resolution by resolution.

    Groups with one width left are constants: the problems do not have them, unless all are.
    """

    def __init__(self, problem: Problem) -> None:
        template = problem.template
        assert isinstance(template, WholeTemplate)
        self.problem = problem
        self.template = template
        self.at = lru_cache(KEPT)(self._at)
        self._groups = lru_cache(KEPT)(template.at)
        self._most = problem.max_activations
        constraints = APPROACHES[problem.approach].constraints(problem)
        self._budgets = [it for it in constraints if isinstance(it, EqualBudget)]
        (self.range,) = [it.bounds for it in constraints if isinstance(it, WithinRange)]
        left = {name: widths.only for name, widths in template.widths.items()}
        self._fixed = {name: only for name, only in left.items() if only is not None}
        if len(self._fixed) == len(left):  # a problem has at least one width
            self._fixed.popitem()

    @property
    def resolutions(self) -> Sequence[int]:
        """The resolutions that may be answered: not the original's, unless it is the only one."""
        low, high = self.range
        own = self.problem.architecture.resolution
        return [side for side in range(low, high + 1) if side != own or low == high]

    @property
    def names(self) -> tuple[str, ...]:
        """The groups that may change."""
        return tuple(name for name in self.template.widths if name not in self._fixed)

    def _at(self, resolution: int) -> WholeProblem:
        """The problem at a resolution; its box is empty if a window does not fit its map."""
        try:
            groups = self._groups(resolution)
        except MisfitError:
            own = self._at(self.problem.architecture.resolution)
            return replace(own, resolution=resolution, low=own.high + 1)
        names = self.names
        widths = [self.template.widths[name] for name in names]
        sizes = dict(zip(groups.names, groups.sizes, strict=True))
        bounds = [it.in_steps for it in widths]
        return WholeProblem(
            resolution=resolution,
            names=names,
            original=_ints(sizes[name] for name in names),
            steps=_ints(it.step for it in widths),
            low=_ints(it.low for it in bounds),
            high=_ints(it.high for it in bounds),
            budgets=self._budgeted(groups),
            linear_bounds=[LinearBound(form, self._most) for form in self.live(resolution)]
            if self._most is not None
            else (),
        )

    def _budgeted(self, groups: WidthGroups) -> list[Budgeted]:
        """The counts with their bands; the bound on parameters narrows theirs."""
        bands = {budget.name.removeprefix("equal "): budget for budget in self._budgets}
        found = [
            Budgeted(
                name, self._quadratic(self._count(name, groups)), budget.target, self._band(budget)
            )
            for name, budget in bands.items()
        ]
        most = self.problem.max_params
        if most is not None and "params" not in bands:
            own = int(self.template.original_walk.params)
            count = self._quadratic(self._count("params", groups))
            found.append(Budgeted("params", count, own, Range(0, most)))
        return found

    def _band(self, budget: EqualBudget) -> Range:
        low, high = budget.band
        most = self.problem.max_params
        if most is not None and isinstance(budget, EqualParams):
            high = min(high, most)
        return Range(low, high)

    def _count(self, name: str, groups: WidthGroups) -> Polynomial:
        if name == "params":
            return groups.params()
        if name == "macs":
            return groups.macs()
        return groups.flops(count_pooling=self.problem.count_pooling)

    def live(self, resolution: int) -> Sequence[LinearForm]:
        """The elements alive while each layer runs, without forms that others never fall below.

        Raises
        ------
        MisfitError
            A layer does not fit at this resolution.
        """
        polynomials = self._groups(resolution).alive()
        forms = {self._linear(it.given(self._fixed)) for it in polynomials}
        rows = np.array(sorted(forms, key=sum, reverse=True), np.int64)
        kept: list[Ints] = []
        for row in rows:
            if not any((row <= other).all() for other in kept):
                kept.append(row)
        return [LinearForm(int(row[0]), row[1:]) for row in kept]

    def _linear(self, polynomial: Polynomial) -> tuple[int, ...]:
        """The constant and the coefficients of a linear polynomial."""
        terms = polynomial.terms
        return (terms.get((), 0), *(terms.get((name,), 0) for name in self.names))

    def _quadratic(self, polynomial: Polynomial) -> Quadratic:
        return Quadratic.of(polynomial.given(self._fixed), self.names)

    def row(self, resolution: int, widths: Ints) -> Mapping[str, int]:
        """The assignment for widths at a resolution, frozen groups included, in their order."""
        found = dict(zip(self.names, widths.tolist(), strict=True))
        own = {**self._fixed, **found}
        return {RESOLUTION: resolution, **{name: own[name] for name in self.template.widths}}


def _ints(numbers: Iterable[int]) -> Ints:
    return np.array([*numbers], np.int64)
