"""The budgets that are equalities, as functions of whole numbers of steps."""

from dataclasses import dataclass

import numpy as np

from solver.engines.whole.problem import WholeProblem
from solver.engines.whole.quadratic import Ints, Quadratic


@dataclass(frozen=True, eq=False)
class Equations:
    """``counts[k](steps) == targets[k]`` for the ``m`` budgets whose tolerance is 0.

    Attributes
    ----------
    counts
        Counts as functions of the ``n`` groups' numbers of steps.
    targets
        The numbers that they must equal.
    """

    counts: tuple[Quadratic, ...]
    targets: tuple[int, ...]

    @classmethod
    def of(cls, problem: WholeProblem) -> "Equations":
        """The equalities among a problem's budgets."""
        exact = [budget for budget in problem.budgets if budget.is_exact]
        return cls(
            counts=tuple(budget.count.in_steps(problem.steps) for budget in exact),
            targets=tuple(budget.band.low for budget in exact),
        )

    def __len__(self) -> int:
        return len(self.counts)

    def gaps(self, steps: Ints) -> Ints:
        """What is missing from each target; shape ``(rows, m)`` for steps ``(rows, n)``."""
        missing = [t - count(steps) for t, count in zip(self.targets, self.counts, strict=True)]
        return np.stack(missing, axis=-1)

    def slopes(self, steps: Ints) -> Ints:
        """The counts' derivatives; shape ``(rows, m, n)`` for steps ``(rows, n)``."""
        return np.stack([count.gradient(steps) for count in self.counts], axis=-2)
