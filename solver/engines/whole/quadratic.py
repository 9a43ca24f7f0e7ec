"""Counts as quadratic functions of a network's widths, with exact integers (Eqs. 21, 22)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from solver.variation.polynomial import Polynomial

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Quadratic:
    """``constant + linear · w + Σ factors · w_i · w_j`` over the pairs ``i ≤ j``.

    Attributes
    ----------
    constant
        The part that no width changes.
    linear
        One coefficient for each of the ``n`` widths.
    pairs
        Places of the two widths of each product, shape ``(m, 2)``, the smaller place first.
    factors
        The coefficient of each product, shape ``(m,)``.
    """

    constant: int
    linear: Ints
    pairs: Ints
    factors: Ints

    @classmethod
    def of(cls, polynomial: Polynomial, symbols: Sequence[str]) -> "Quadratic":
        """The same function of the widths with these symbols, in this order.

        Raises
        ------
        ValueError
            The polynomial has a product of three widths or more.
        """
        places = {symbol: place for place, symbol in enumerate(symbols)}
        linear, products, constant = np.zeros(len(symbols), np.int64), {}, 0
        for monomial, factor in polynomial:
            match sorted(places[symbol] for symbol in monomial):
                case []:
                    constant = factor
                case [place]:
                    linear[place] = factor
                case [first, second]:
                    products[first, second] = factor
                case _:
                    raise ValueError(f"{monomial} is a product of more than two widths")
        pairs = np.array(sorted(products), np.int64).reshape(-1, 2)
        factors = np.array([products[i, j] for i, j in pairs.tolist()], np.int64)
        return cls(constant, linear, pairs, factors)

    def __call__(self, widths: Any) -> Any:
        """The count for widths of shape ``(n,)``, or a column for widths ``(rows, n)``.

        Whole numbers give exact whole numbers while counts stay below ``2**62``; floats give
        floats.
        """
        first, second = widths[..., self.pairs[:, 0]], widths[..., self.pairs[:, 1]]
        return self.constant + widths @ self.linear + (first * second) @ self.factors

    def in_steps(self, steps: Ints) -> "Quadratic":
        """The same count as a function of the numbers of steps that widths have."""
        factors = self.factors * steps[self.pairs].prod(axis=1)
        return Quadratic(self.constant, self.linear * steps, self.pairs, factors)

    def gradient(self, widths: Any) -> Any:
        """The derivative by each width, in the shape of ``widths``."""
        return self.linear + widths @ self.hessian

    @cached_property
    def hessian(self) -> Ints:
        """Second derivatives, shape ``(n, n)``: a square's coefficient counts twice."""
        found = np.zeros((len(self.linear), len(self.linear)), np.int64)
        first, second = self.pairs.T
        np.add.at(found, (first, second), self.factors)
        np.add.at(found, (second, first), self.factors)
        return found
