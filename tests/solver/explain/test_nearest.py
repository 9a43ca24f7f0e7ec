"""The smallest tolerance with a solution; what is nearest is held in ``test_explain.py``."""

from decimal import Decimal
from fractions import Fraction

import pytest

from solver.answers.search import solve
from solver.explain import blocking
from solver.explain.nearest import one_less, written
from solver.problem import Settings
from tests import exhaustive
from tests.solver.explain.factories import KEPT, assert_nearest, explained
from tests.solver.factories import (
    FLATTEN,
    PATIENCE,
    RELU,
    conv,
    linear,
    network,
    problem,
    two_convs,
)


@pytest.mark.parametrize(
    ("share", "targets", "expected"),
    [
        (Fraction(1, 18), [18], "0.0556"),
        (Fraction(28, 292), [292], "0.0959"),
        (Fraction(1, 1), [18], "1"),
        (Fraction(999_999, 1_000_000), [1_000_000], "0.999999"),
        (Fraction(9_999_999, 10_000_000), [10_000_000], "1"),
        (Fraction(1, 8), [8], "0.125"),
        (Fraction(1, 2**40), [2**40], "9.1E-13"),
        (Fraction(123_457, 10**6), [10**6], "0.123457"),
        (Fraction(123_456_789, 10**9), [10**9], "0.123457"),
        (Fraction(1, 300), [300, 10**6], "0.0033334"),
    ],
)
def test_a_tolerance_is_rounded_up_to_as_few_digits_as_widen_no_band(
    share: Fraction, targets: list[int], expected: str
) -> None:
    decimal = written(share, targets)
    assert str(decimal) == expected
    assert Fraction(one_less(decimal)) < share <= Fraction(decimal)
    assert Decimal(repr(float(decimal))) == decimal


@pytest.mark.slow
@pytest.mark.parametrize("budget", ["params", "flops", "both"])
@pytest.mark.parametrize("scope", ["network", "paper"])
@pytest.mark.parametrize("approach", ["I", "III", "IV"])
def test_a_search_with_the_smallest_tolerance_has_a_solution(
    approach: str, scope: str, budget: str
) -> None:
    original = network(
        conv(7, 3, bias=True), RELU, conv(5, 3, bias=True), FLATTEN, linear(11), RELU, linear(3),
        channels=2,
    )  # fmt: skip
    asked = {"approach": approach, "budget": budget, "scope": scope}
    tolerance = blocking.explain(problem(original, **asked), PATIENCE).tolerance
    assert tolerance is not None
    less = float(max(Decimal(0), one_less(Decimal(repr(tolerance)))))
    assert solve(problem(original, tolerance=tolerance, **asked), Settings()).found
    assert not tolerance or not solve(problem(original, tolerance=less, **asked), Settings()).found


def test_the_smallest_tolerance_of_two_counts_is_that_of_the_worse() -> None:
    """240 of 292 parameters and 3,456 of 3,600 FLOPs; 320 and 4,608 are nearer in the first."""
    found = explained(two_convs(), budget="both", tolerance=0.1, ranges=KEPT)
    assert found.tolerance == 0.1781
    assert (1781 * 292 // 10_000, 1780 * 292 // 10_000) == (52, 51)
    assert found.below == found.nearest
    assert found.above is not None
    assert (found.above.delta.params, found.above.delta.flops) == (28, 1_008)


def test_a_tolerance_for_two_counts_may_be_that_of_another_network() -> None:
    """Asked for as an objective, this one was not found in minutes."""
    original = network(
        conv(3, 2, stride=2, padding=1, dilation=3, bias=True), FLATTEN, linear(3, bias=True), RELU,
        linear(5), resolution=4,
    )  # fmt: skip
    ranges = {
        "resolution": (5, 10), "kernel_size": (2, 3), "stride": (1, 3), "padding": (0, 1),
        "pool_kernel_size": (1, 3), "pool_stride": (1, 2), "pool_padding": (0, 2),
        "out_channels": (3, 4),
    }  # fmt: skip
    assert_nearest(
        exhaustive.Asked(original, "both", ranges=ranges, count_pooling=False, approach="III")
    )


def test_counts_near_2_to_the_53_are_explained_too() -> None:
    original = network(conv(2**15, 3), conv(2**15, 3), channels=3, resolution=960)
    ranges = {
        "resolution": (962, 962), "kernel_size": (3, 4), "stride": (1, 1), "padding": (0, 1),
        "out_channels": (2**14, 2**14 + 3),
    }  # fmt: skip
    for budget in ("params", "flops", "both"):
        assert_nearest(exhaustive.Asked(original, budget, ranges=ranges))
