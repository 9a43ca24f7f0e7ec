"""Approaches I, II and III against trying everything, and against figures known from elsewhere."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.answers.search import solve
from solver.approaches import APPROACHES
from solver.constraints.maps import ProperPool
from solver.engines.full.model import Model
from solver.network.architecture import Architecture
from solver.problem import ApproachName, Budget, Settings
from tests import exhaustive
from tests.exhaustive import Asked
from tests.solver.explain.factories import assert_nearest
from tests.solver.factories import (
    FLATTEN,
    GLOBAL_POOL,
    NORM,
    RELU,
    TOLERANCES,
    asked_of,
    assert_equivalent,
    conv,
    linear,
    network,
    pool,
    problem,
    questions_of_one,
    variants_hold,
)

NAMES: tuple[ApproachName, ...] = ("I", "II", "III")
SMALL = {
    "resolution": (6, 8), "kernel_size": (2, 3), "stride": (1, 2), "padding": (0, 1),
    "dilation": (1, 3), "pool_kernel_size": (1, 3), "pool_stride": (1, 2), "pool_padding": (0, 1),
}  # fmt: skip
HEAD = (FLATTEN, linear(5), RELU, linear(3))
NETWORKS = {
    "plain": network(conv(6, 2), RELU, conv(4, 2), *HEAD, resolution=5),
    "biases and norms": network(
        NORM, conv(6, 2, bias=True), NORM, RELU, conv(4, 2, bias=True), NORM, *HEAD, resolution=5
    ),
    "one convolution": network(conv(6, 2, bias=True), RELU, *HEAD, resolution=5),
    "one convolution, then a norm and a pool": network(
        conv(6, 2), RELU, pool(2), NORM, *HEAD, resolution=6
    ),
    "pool before": network(pool(2, stride=1), conv(6, 2), conv(4, 2), *HEAD, resolution=6),
    "pools behind": network(
        conv(6, 2), pool(2, stride=1), conv(4, 2), pool(2, kind="avg"), *HEAD, resolution=7
    ),
    "global pool": network(conv(6, 2), conv(4, 2), GLOBAL_POOL, RELU, *HEAD, resolution=5),
    "global pool, then a convolution": network(
        conv(6, 2), GLOBAL_POOL, conv(4, 2, padding=1), *HEAD, resolution=5
    ),
    "groups": network(
        conv(12, 2, groups=2), conv(6, 2, groups=3), *HEAD, channels=2, resolution=5
    ),
    "depthwise": network(conv(8, 2), conv(8, 2, groups=4), conv(9, 1), *HEAD, resolution=5),
    "dilated and strided": network(
        conv(6, 2, dilation=2, padding=1), conv(4, 2, stride=2), *HEAD, resolution=7
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("tolerance", TOLERANCES.values(), ids=TOLERANCES)
@pytest.mark.parametrize("scope", ["network", "paper"])
@pytest.mark.parametrize("budget", ["params", "flops", "both"])
@pytest.mark.parametrize("approach", NAMES)
def test_the_enumerated_set_is_the_exhaustive_one(
    approach: str, budget: str, scope: str, tolerance: tuple[str, str]
) -> None:
    asked = Asked(
        NETWORKS["biases and norms"], budget, scope, *tolerance, ranges=SMALL, approach=approach
    )
    answer = assert_equivalent(asked)
    assert answer.rows or tolerance != TOLERANCES["wide"]


@pytest.mark.slow
@pytest.mark.parametrize("original", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize("approach", NAMES)
def test_the_enumerated_set_is_the_exhaustive_one_whatever_stands_around(
    approach: str, original: Architecture
) -> None:
    for budget, scope, count_pooling in (
        ("params", "network", True),
        ("flops", "network", True),
        ("flops", "network", False),
        ("params", "paper", True),
        ("flops", "paper", True),
    ):
        asked = Asked(original, budget, scope, "1", "1", SMALL, count_pooling, approach=approach)
        answer = assert_equivalent(asked)
        assert answer.rows
        variants_hold(asked_of(asked), answer)


@pytest.mark.slow
@pytest.mark.parametrize("scope", ["network", "paper"])
@pytest.mark.parametrize("budget", ["params", "flops", "both"])
@pytest.mark.parametrize("approach", NAMES)
@settings(deadline=None, max_examples=15)
@given(data=st.data())
def test_the_enumerated_set_is_the_exhaustive_one_for_generated_networks(
    data: st.DataObject, approach: str, budget: str, scope: str
) -> None:
    asked = replace(data.draw(questions_of_one(approach)), budget=budget, scope=scope)
    answer = assert_equivalent(asked)
    if answer.rows:
        variants_hold(asked_of(asked), answer)


@pytest.mark.slow
@pytest.mark.parametrize("approach", NAMES)
@settings(deadline=None, max_examples=20)
@given(data=st.data())
def test_the_nearest_network_is_the_nearest_there_is(data: st.DataObject, approach: str) -> None:
    asked = data.draw(questions_of_one(approach))
    if exhaustive.sides_of_the_budget(asked):
        assert_nearest(replace(asked, below="0", above="0"))


def same_padded(resolution: int) -> Architecture:
    """72 filters of 3×3×3, the map as large as the image."""
    return network(conv(72, 3, padding=1), conv(36, 3), resolution=resolution, channels=3)


@pytest.mark.parametrize("resolution", [14, 16, 32, 112, 224])
def test_dilation_has_24_solutions_whatever_the_resolution(resolution: int) -> None:
    for budget in ("params", "flops", "both"):
        asked = problem(same_padded(resolution), approach="II", budget=budget)
        assert solve(asked, Settings()).found == 24


@pytest.mark.parametrize(
    ("budget", "tolerance", "proper", "any_padding"),
    [("params", 0.05, 2_084, 5_083), ("flops", 0.05, 1_256, 3_992), ("flops", 0.0, 0, 0)],
)
def test_the_pool_has_as_many_solutions_as_counted_elsewhere(
    budget: Budget, tolerance: float, proper: int, any_padding: int
) -> None:
    """With Section 4's ranges for the pool too; more of them if PyTorch took any padding."""
    asked = problem(
        same_padded(32),
        approach="III",
        budget=budget,
        scope="paper",
        tolerance=tolerance,
        ranges={"pool_kernel_size": (3, 8), "pool_padding": (1, 5)},
    )
    assert solve(asked, Settings()).found == proper
    model, approach = Model(), APPROACHES["III"]
    for constraint in approach.constraints(asked):
        if not isinstance(constraint, ProperPool):
            constraint.post(model)
    rows, _ = model.enumerate(approach.symbols, time_limit=60.0, most=10_000)
    assert len(rows) == any_padding
