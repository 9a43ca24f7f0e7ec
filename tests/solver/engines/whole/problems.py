"""Small random problems of approach V, and their answers by trying all widths."""

from itertools import product

import numpy as np
from hypothesis import strategies as st

from solver.engines.whole.problem import Budgeted, LinearBound, LinearForm, WholeProblem
from solver.engines.whole.quadratic import Ints, Quadratic
from solver.variation.unknown import Range


def all_widths(problem: WholeProblem) -> Ints:
    """Every row of widths in the box, shape ``(rows, n)``."""
    spans = [range(low, high + 1) for low, high in zip(problem.low, problem.high, strict=True)]
    return np.array(list(product(*spans)), np.int64) * problem.steps


def answers(problem: WholeProblem) -> Ints:
    """The rows that satisfy all equations."""
    rows = all_widths(problem)
    is_answer = np.ones(len(rows), np.bool_)
    for budget in problem.budgets:
        counts = budget.count(rows)
        is_answer &= (counts >= budget.band.low) & (counts <= budget.band.high)
    for bound in problem.linear_bounds:
        is_answer &= bound.form.constant + rows @ bound.form.coefficients <= bound.most
    return rows[is_answer]


numbers = st.integers(0, 9)


@st.composite
def quadratics(draw: st.DrawFn, n: int) -> Quadratic:
    """A count with coefficients of 0 and more; some products, squares among them."""
    pairs = [(i, j) for i in range(n) for j in range(i, n)]
    chosen = draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=5, unique=True))
    factors = draw(st.lists(st.integers(1, 40), min_size=len(chosen), max_size=len(chosen)))
    linear = draw(st.lists(numbers, min_size=n, max_size=n))
    return Quadratic(
        draw(st.integers(0, 50)),
        np.array(linear, np.int64),
        np.array(sorted(chosen), np.int64),
        np.array(factors, np.int64),
    )


@st.composite
def problems(draw: st.DrawFn, tolerance: float | None = None) -> WholeProblem:
    """Up to four groups with a few widths each, and one budget or two.

    The counts of some widths in or near the box are the targets.
    """
    n = draw(st.integers(1, 4))
    column = st.lists(st.integers(1, 6), min_size=n, max_size=n)
    low = np.array(draw(column), np.int64)
    high = low + np.array(draw(st.lists(st.integers(0, 4), min_size=n, max_size=n)), np.int64)
    steps = np.array(draw(st.lists(st.integers(1, 3), min_size=n, max_size=n)), np.int64)
    original = steps * np.array(draw(column), np.int64)
    share = draw(st.sampled_from([0.0, 0.01, 0.1])) if tolerance is None else tolerance
    budgets = []
    for name in draw(st.sampled_from([["params"], ["flops"], ["params", "flops"]])):
        count = draw(quadratics(n))
        target = int(count(steps * (low + np.array(draw(column), np.int64) // 2)))
        slack = int(share * target)
        budgets.append(Budgeted(name, count, target, Range(target - slack, target + slack)))
    names = tuple(f"group{place}" for place in range(n))
    bounds = []
    if draw(st.booleans()):
        coefficients = np.array(draw(st.lists(numbers, min_size=n, max_size=n)), np.int64)
        bounds = [LinearBound(LinearForm(3, coefficients), draw(st.integers(0, 300)))]
    return WholeProblem(24, names, original, steps, low, high, budgets, bounds)


def chain(original: Ints, *, tolerance: float, resolution: int = 32) -> WholeProblem:
    """A network of 3×3 convolutions that halve the map, for images of 24 pixels, and a classifier.

    All widths may halve or double.
    """
    n = len(original)
    linear = np.array([27] + [0] * (n - 2) + [10])
    pairs = np.array([(place, place + 1) for place in range(n - 1)])
    params = Quadratic(10, linear, pairs, np.full(n - 1, 9))

    def macs(side: int) -> Quadratic:
        pixels = [(side >> place) ** 2 for place in range(n)]
        weights = np.array([27 * pixels[0]] + [0] * (n - 2) + [10])
        return Quadratic(0, weights, pairs, 9 * np.array(pixels[1:]))

    budgets = []
    for name, count, at_first in (("params", params, params), ("macs", macs(resolution), macs(24))):
        target = int(at_first(original))
        slack = int(tolerance * target)
        budgets.append(Budgeted(name, count, target, Range(target - slack, target + slack)))
    names = tuple(f"conv{place + 1}" for place in range(n))
    low, high = original // 2, original * 2
    return WholeProblem(resolution, names, original, np.ones(n, np.int64), low, high, budgets)
