"""What a network that is looked for may cost: the constraint of Eq. 1."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction
from typing import Final

from app.cli.option_values import flag
from app.errors import Fault
from solver.network.counting import Counts
from solver.problem import Budget
from solver.variation.tolerance import Tolerance

BYTES_PER_ELEMENT: Final = 4
"""Size of an activation in single precision."""
COSTS: Final[Mapping[str, Callable[[Counts], int]]] = {
    "params": lambda counts: counts.params,
    "flops": lambda counts: counts.flops,
    "activation_bytes": lambda counts: BYTES_PER_ELEMENT * counts.activations,
}
"""Costs that can be bounded, each with how it follows from the counts of a network."""


@dataclass(frozen=True)
class Bound:
    """The least and the most that a network may have of one cost."""

    cost: str
    low: int
    high: int

    def excess(self, counts: Counts) -> Fraction:
        """The amount by which a network misses the bound, as a share of ``high``; 0 if it keeps it.

        ``high`` is at least 1.
        """
        value = COSTS[self.cost](counts)
        return Fraction(max(self.low - value, value - self.high, 0), self.high)

    @property
    def option(self) -> str:
        """The option of the command that sets it."""
        return flag(f"max_{self.cost}")


@dataclass(frozen=True)
class Bounds:
    """All bounds on a network's costs.

    Attributes
    ----------
    budget
        What the network must come close to: parameters, FLOPs or both.
    near
        The bounds of the budget's costs.
    others
        Those of other costs, which have no least.
    """

    budget: Budget
    near: tuple[Bound, ...]
    others: tuple[Bound, ...]

    @classmethod
    def of(
        cls, own: Counts, budget: Budget, most: Mapping[str, int | None], within: float
    ) -> "Bounds":
        """The bounds that a user asks for.

        Parameters
        ----------
        own
            The original's counts. Where the user gives no most of a cost of the budget, it is the
            original's.
        most
            The most that the network may have of each cost; ``None`` where the user gives none.
        within
            The share by which a cost of the budget may stay below its most.
        """
        near = ("params", "flops") if budget == "both" else (budget,)
        return cls(
            budget,
            tuple(
                Bound(cost, Tolerance(below=within).band(high).low, high)
                for cost in near
                for high in [most[cost] or COSTS[cost](own)]
            ),
            tuple(
                Bound(cost, 0, high)
                for cost, high in most.items()
                if cost not in near and high is not None
            ),
        )

    @property
    def all(self) -> tuple[Bound, ...]:
        """The bounds of all costs that have one."""
        return self.near + self.others

    @property
    def view(self) -> dict[str, tuple[int, int]]:
        """The least and the most of each cost that has a bound."""
        return {bound.cost: (bound.low, bound.high) for bound in self.all}

    def excess(self, counts: Counts) -> Fraction:
        """The largest share by which a network misses a bound; 0 if it keeps all of them."""
        return max(bound.excess(counts) for bound in self.all)

    def exceeded(self, counts: Counts) -> list[Bound]:
        """The bounds of which a network has more than the most."""
        return [bound for bound in self.all if COSTS[bound.cost](counts) > bound.high]

    def faults(self, own: Counts) -> Iterator[Fault]:
        """Yield a fault for each bound that a tolerance around the original cannot reach."""
        for bound in self.near:
            if bound.high > (most := 2 * COSTS[bound.cost](own)):
                reason = f"{bound.high:,} is more than twice what the original has"
                yield Fault(bound.option, f"{reason}; give at most {most:,}")

    def tolerance(self, own: Counts) -> Tolerance:
        """The narrowest tolerance around the original's costs that leaves out no allowed network.

        It may let others in, since a tolerance is the same for all costs.
        """
        costs = [(bound, COSTS[bound.cost](own)) for bound in self.near]
        below = max(Fraction(value - bound.low, value) for bound, value in costs)
        above = max(Fraction(bound.high - value, value) for bound, value in costs)
        return Tolerance(below=_rounded_up(below), above=_rounded_up(above))


def _rounded_up(share: Fraction) -> float:
    """A share as a decimal fraction of six places that is not less; 0 if it is negative."""
    exact = Decimal(max(share, Fraction(0)).numerator) / share.denominator
    return float(exact.quantize(Decimal("1e-6"), ROUND_CEILING))
