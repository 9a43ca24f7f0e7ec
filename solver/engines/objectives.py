"""Objectives for ``find.best``.

An objective is one class: its formula, its value for many variants at once, and its encoding for
CP-SAT. Larger values are better. Ties go to the higher resolution, then to the solution that comes
first in the order of the unknowns.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, ClassVar, Final

from solver.constraints.base import Constraint
from solver.constraints.budget import EqualBudget
from solver.problem import ObjectiveName, Problem
from solver.variation.coverage import Coverage
from solver.variation.numbers import Columns, Numbers
from solver.variation.polynomial import Polynomial
from solver.variation.template import Template
from solver.variation.unknown import RESOLUTION

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

    from solver.engines.full.model import Model

MOST_COUNTED: Final = 2**58
"""Largest value that is encoded for an objective's terms."""
WHOLE: Final = 2**40
"""Units of a whole count, for sums of shares in integers."""


class Reads(Enum):
    """The parts of a solution that an objective depends on, for bounds on groups of solutions."""

    FIRST = auto()
    """The resolution and the first window."""
    COSTS = auto()
    """The symbols of the budgets; apart from them, a lower resolution is better."""
    SPANS = auto()
    """Kernels, strides and dilations; larger values are better."""


@dataclass(frozen=True)
class Objective(ABC):
    """A measure of how good a solution is.

    Attributes
    ----------
    template
        The network with its unknowns.
    problem
        The problem.
    constraints
        The constraints of the problem.
    """

    template: Template
    problem: Problem
    constraints: Sequence[Constraint]

    reads: ClassVar[Reads]

    @abstractmethod
    def value(self, rows: Columns) -> Numbers:
        """The value of each row."""

    def shown(self, value: float) -> float:
        """A value in the unit that users think in, for reports while a search runs."""
        return value

    @property
    def is_encodable(self) -> bool:
        """Whether the objective can be encoded for CP-SAT."""
        return True

    @abstractmethod
    def expression(self, model: "Model") -> "cp_model.LinearExprT":
        """The value of a model's solution."""


class MaxResolution(Objective):
    """``N'``."""

    reads = Reads.FIRST

    def value(self, rows: Columns) -> Numbers:
        """The side of the input."""
        return rows[RESOLUTION]

    def expression(self, model: "Model") -> "cp_model.LinearExprT":
        """The unknown itself."""
        return model[RESOLUTION]


class MaxCoverage(Objective):
    """The share of the input's rows that conv1 reads."""

    reads = Reads.FIRST

    def value(self, rows: Columns) -> Numbers:
        """Counted row by row."""
        return Coverage(self.template).shares(rows)

    @property
    def is_encodable(self) -> bool:
        """It is no polynomial."""
        return False

    def expression(self, model: "Model") -> "cp_model.LinearExprT":
        """There is none: :attr:`is_encodable` is false."""
        raise NotImplementedError


class NearestBudget(Objective):
    """``− Σ |D' − D| / D`` over the budgets, in integers."""

    reads = Reads.COSTS

    @property
    def _budgets(self) -> list[tuple[EqualBudget, int]]:
        """Each budget with the weight of one unit of its deviation."""
        budgets = [item for item in self.constraints if isinstance(item, EqualBudget)]
        if len(budgets) == 1:
            return [(budgets[0], 1)]
        return [(budget, max(1, WHOLE // max(1, budget.target))) for budget in budgets]

    def value(self, rows: Columns) -> Numbers:
        """Recounted for each row."""
        missed = rows[RESOLUTION] * 0
        for budget, weight in self._budgets:
            missed = missed + abs(budget.counts(rows) - budget.target) * weight
        return -missed

    def shown(self, value: float) -> float:
        """The sum of the shares by which the counts deviate."""
        budgets = self._budgets
        return -value / (max(1, budgets[0][0].target) if len(budgets) == 1 else WHOLE)

    def expression(self, model: "Model") -> "cp_model.LinearExprT":
        """The weighted sum of the deviations."""
        return -1 * sum((b.deviation(model) * weight for b, weight in self._budgets), start=0)


class MinParams(Objective):
    """``− D'``, the parameters of the whole network (Eqs. 2, 3)."""

    reads = Reads.COSTS

    def value(self, rows: Columns) -> Numbers:
        """Recounted for each row."""
        return rows[RESOLUTION] * 0 - rows.params

    def shown(self, value: float) -> float:
        """The number of parameters."""
        return -value

    def expression(self, model: "Model") -> "cp_model.LinearExprT":
        """The negated sum over all layers."""
        return -1 * _linear(model, self.template.symbols.params)


class MinFlops(Objective):
    """``− D'``, the FLOPs of the whole network (Eq. 5)."""

    reads = Reads.COSTS

    def value(self, rows: Columns) -> Numbers:
        """Recounted for each row."""
        return rows[RESOLUTION] * 0 - rows.flops(count_pooling=self.problem.count_pooling)

    def shown(self, value: float) -> float:
        """The number of FLOPs."""
        return -value

    def expression(self, model: "Model") -> "cp_model.LinearExprT":
        """The negated sum over all layers."""
        flops = self.template.symbols.flops(count_pooling=self.problem.count_pooling)
        return -1 * _linear(model, flops)


class MaxReceptiveField(Objective):
    """The receptive field of the last layer before the first linear one, in input pixels.

    ``1 + Σ d(c − 1)·j`` over the windows, where ``j`` is the product of the strides before each. A
    global pool spans its map.
    """

    reads = Reads.SPANS

    def value(self, rows: Columns) -> Numbers:
        """Computed layer by layer."""
        return rows[RESOLUTION] * 0 + rows.receptive_field

    @property
    def is_encodable(self) -> bool:
        """Whether it is a polynomial: no branch sees more in some variants and less in others."""
        return self.template.symbols.receptive_field is not None

    def expression(self, model: "Model") -> "cp_model.LinearExprT":
        """A polynomial of kernels, strides, dilations and sides."""
        field = self.template.symbols.receptive_field
        assert field is not None, "whoever asks has looked whether it can be encoded"
        return _linear(model, field)


def _linear(model: "Model", polynomial: Polynomial) -> "cp_model.LinearExprT":
    """A polynomial over a model's variables; values too large for any network are cut off."""
    return model.linear(polynomial, MOST_COUNTED)


OBJECTIVES: Final[dict[ObjectiveName, type[Objective]]] = {
    "nearest_budget": NearestBudget,
    "max_resolution": MaxResolution,
    "max_receptive_field": MaxReceptiveField,
    "max_coverage": MaxCoverage,
    "min_flops": MinFlops,
    "min_params": MinParams,
}
"""Every objective by its name in requests."""
