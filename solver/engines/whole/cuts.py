"""The least value of a quadratic function over a box, bounded from below by a minimum cut."""

from dataclasses import dataclass

import numpy as np
from ortools.graph.python.max_flow import SimpleMaxFlow

from solver.engines.whole.quadratic import Floats, Ints


@dataclass(frozen=True, eq=False)
class BoxForm:
    """``constant + linear · x + Σ products · x_i · x_j`` for ``x`` in ``[0, 1]``, ``i ≤ j``.

    Attributes
    ----------
    constant
        The value at the box's low corner.
    linear
        One coefficient for each of the ``n`` coordinates.
    pairs
        Places of the two coordinates of each product, shape ``(m, 2)``.
    products
        The coefficient of each product, shape ``(m,)``.
    """

    constant: int
    linear: Ints
    pairs: Ints
    products: Ints

    def priced(self, other: "BoxForm", prices: tuple[int, int]) -> "BoxForm":
        """``prices[0] · self − prices[1] · other``; both have the same pairs."""
        mine, others = prices
        return BoxForm(
            mine * self.constant - others * other.constant,
            mine * self.linear - others * other.linear,
            self.pairs,
            mine * self.products - others * other.products,
        )

    def at(self, point: Floats, products: Floats) -> float:
        """The value if the products of coordinates had these values, shape ``(m,)``."""
        return float(self.constant + self.linear @ point + self.products @ products)

    def envelope(self, point: Floats) -> Floats:
        """McCormick's values of the products, shape ``(m,)``: each as cheap as it can be."""
        first, second = point[self.pairs[:, 0]], point[self.pairs[:, 1]]
        dear = np.maximum(first + second - 1, 0)
        return np.where(self.products > 0, dear, np.minimum(first, second))

    def least(self) -> tuple[int, Floats]:
        """Twice a lower bound on the value, and the point where the envelopes reach it.

        The coordinates of the point are 0, 1/2 or 1. The sum of the absolute coefficients must be
        below ``2**61``.

        Notes
        -----
        With complements ``x̄ = 1 − x`` the form becomes a constant and a sum of literals and of
        products of two literals, all with positive coefficients. A product ``c·u·v`` becomes the
        arcs ``u → v̄`` and ``v → ū``, a literal ``c·u`` the arcs ``u → 0`` and ``1 → ū``. Every
        flow from 1 to 0 is at most twice the sum, and a largest one reaches the least value of the
        envelopes (roof duality).
        """
        n = len(self.linear)
        one, zero, plain = 2 * n, 2 * n + 1, np.arange(n)
        first, second = self.pairs.T
        is_dear = self.products > 0
        literals = self.linear.copy()
        np.add.at(literals, first[~is_dear], self.products[~is_dear])  # −c·u·v = c·u·v̄ − c·u
        is_plain = literals > 0
        paid, other = plain + n * ~is_plain, plain + n * is_plain
        costs, prices = np.abs(literals), np.abs(self.products)
        arcs = np.hstack([
            [paid, np.full(n, zero), costs],
            [np.full(n, one), other, costs],
            [first, second + n * is_dear, prices],
            [second + n * ~is_dear, first + n, prices],
        ])  # fmt: skip
        tails, heads, capacities = arcs[:, (arcs[2] > 0) & (arcs[0] != arcs[1])]
        flow = SimpleMaxFlow()
        flow.add_arcs_with_capacity(tails.astype(np.int32), heads.astype(np.int32), capacities)
        status = flow.solve(one, zero)
        assert status == flow.OPTIMAL, f"a cut ended as {status}"
        is_true = np.zeros(2 * n + 2, np.bool_)
        is_true[flow.get_source_side_min_cut()] = True
        point = (is_true[:n] + 1.0 - is_true[n : 2 * n]) / 2
        constant = self.constant + int(literals[literals < 0].sum())
        return 2 * constant + int(flow.optimal_flow()), point
