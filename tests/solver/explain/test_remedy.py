"""What explanations say would leave a solution does: every piece of advice is followed."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.answers.search import solve
from solver.answers.variants import Explanation
from solver.approaches import APPROACHES
from solver.constraints.ranges import WithinRange
from solver.explain import blocking
from solver.explain.limits import Limits, another_network
from solver.network.architecture import Architecture
from solver.problem import ApproachName, Problem, Settings
from solver.variation.unknown import Range
from tests.solver.explain.factories import KEPT, assert_followed, ways_out
from tests.solver.factories import (
    FLATTEN,
    PATIENCE,
    RELU,
    asked_of,
    conv,
    held,
    linear,
    network,
    pool,
    posted,
    problem,
    questions_of_one,
    questions_of_two,
    template,
    two_convs,
)

MNIST = network(
    conv(6, 5, bias=True), RELU, pool(2), conv(16, 5, bias=True), RELU, pool(2), FLATTEN,
    linear(120), RELU, linear(10), resolution=28,
)  # fmt: skip
POOLED = network(pool(2), conv(6, 3), FLATTEN, linear(6), RELU, linear(5), resolution=28)
LARGE = network(conv(8, 50, stride=4), RELU, conv(4, 3), FLATTEN, linear(10), resolution=224)
NO_WAY = "open none, not even all together; resolutions from"


def explained(asked: Problem) -> Explanation:
    return blocking.explain(asked, PATIENCE)


def assert_honest(asked: Problem) -> None:
    """There is a way out that leads to variants, or it is said that there is none."""
    found = explained(asked)
    assert found.blocking
    assert assert_followed(asked, found) or any(NO_WAY in reason for reason in found.reasons)


@pytest.mark.slow
@pytest.mark.parametrize("ranges", [
    {},
    {"resolution": [225, 225]},
    {"kernel_size": [3, 3], "stride": [1, 1], "padding": [1, 1]},
    {"kernel_size": [8, 8], "stride": [5, 5], "pool_kernel_size": [2, 2], "dilation": [9, 9]},
    {"out_channels": [1000, 1000], "out_features": [1, 1]},
])  # fmt: skip
@pytest.mark.parametrize("original", [MNIST, POOLED, LARGE], ids=["mnist", "pooled", "large"])
@pytest.mark.parametrize("approach", ["I", "II", "III", "IV"])
def test_advice_leads_to_variants_when_it_is_followed(
    approach: ApproachName, original: Architecture, ranges: dict[str, Any]
) -> None:
    if APPROACHES[approach].misfit(original):
        return
    for budget in ("params", "flops"):
        asked = problem(original, approach=approach, budget=budget, ranges=ranges)
        if solve(asked, Settings()).outcome == "infeasible":
            assert_honest(asked)


@pytest.mark.slow
@settings(deadline=None, max_examples=40)
@given(st.data())
def test_advice_leads_to_variants_of_generated_networks(data: st.DataObject) -> None:
    approach = data.draw(st.sampled_from(["I", "II", "III", "IV"]))
    asked = asked_of(
        data.draw(questions_of_two() if approach == "IV" else questions_of_one(approach))
    )
    if solve(asked, Settings()).outcome == "infeasible":
        assert_honest(asked)


def test_the_originals_own_resolution_is_no_way_out() -> None:
    """A pool sees the larger image; only at 28 pixels would it cost what it did."""
    found = explained(problem(POOLED, approach="II", budget="flops"))
    assert found.blocking == ["equal flops"]
    assert not any("resolution" in reason for reason in found.reasons)
    assert found.tolerance is not None


@pytest.mark.parametrize("low", [26, 28, 29])
def test_a_resolution_is_widened_upwards_alone(low: int) -> None:
    """A dilated kernel makes 24 pixels of 32; undilated, 26 with padding would do, and 28."""
    asked = problem(MNIST, approach="II", ranges={
        "resolution": [low, 29], "padding": [0, 0], "stride": [1, 1],
    })  # fmt: skip
    reasons = [it for it in explained(asked).reasons if it.startswith("resolution")]
    assert reasons == [
        f"resolution {low}..29 leaves no solution; {low}..32 would leave one, with N' = 32."
    ]


@pytest.mark.parametrize(("low", "least"), [(26, 26), (28, 28), (29, 29), (31, 29)])
def test_no_resolution_is_looked_at_that_is_neither_higher_nor_asked_for(
    low: int, least: int
) -> None:
    asked = problem(MNIST, ranges={"resolution": [low, 40]})
    constraints = APPROACHES["IV"].constraints(asked)
    limits = Limits(asked, constraints)
    resolution, *_ = constraints
    assert isinstance(resolution, WithinRange)
    assert limits.relaxed(resolution) == replace(resolution, bounds=Range(least, 160))


def test_the_original_itself_is_no_way_out() -> None:
    """Undilated and at its own resolution, which is asked for, a network is what it was."""
    asked = problem(
        two_convs(), approach="II",
        ranges={"resolution": [8, 8], "stride": [1, 1], "padding": [0, 0], "dilation": [2, 2]},
    )  # fmt: skip
    found = explained(asked)
    assert assert_followed(asked, found)
    assert all(way.get("dilation") != "1..2" for way in ways_out(found))


def test_only_the_original_is_not_another_network() -> None:
    bounds = {"N": (7, 9), "K1": (4, 4), "C1": (3, 4), "P1": (0, 0), "S1": (1, 1), "C2": (4, 4),
              "P2": (0, 0), "S2": (1, 1)}  # fmt: skip
    constraints = another_network(template(two_convs()))
    rows = held(constraints, bounds)
    assert posted(constraints, bounds) == rows
    assert len(rows) == 3 * 2 - 1
    assert (8, 4, 3, 0, 1, 4, 0, 1) not in rows


def test_what_is_named_is_what_is_told_to_be_changed() -> None:
    found = explained(problem(two_convs(), ranges={**KEPT, "kernel_size": [3, 3]}))
    assert found.blocking == ["ranges.kernel_size", "equal params"]
    assert list(ways_out(found)) == [{"kernel_size": "3..4", "tolerance": "0.0959"}]


def test_where_no_two_changes_are_enough_three_are_told_together() -> None:
    asked = problem(two_convs(), ranges={**KEPT, "kernel_size": [3, 3], "stride": [5, 5]})
    found = explained(asked)
    assert found.blocking == ["ranges.kernel_size", "ranges.padding", "equal params"]
    (way,) = ways_out(found)
    assert way == {"kernel_size": "1..4", "padding": "0..4", "tolerance": "0.0274"}
    assert found.reasons[0] == (
        "Leaving out one requirement alone opens no solution, nor does any resolution from 9 to 36."
    )
    assert found.reasons[2].startswith("With kernel_size 1..4 and padding 0..4: The network has")


def test_a_tolerance_that_all_budgets_need_is_one_change() -> None:
    found = explained(problem(two_convs(), budget="both", tolerance=0.01, ranges=KEPT))
    assert found.blocking == ["equal params", "equal flops"]
    assert found.tolerance == 0.1781
    assert found.reasons[1] == (
        "tolerance 0.1781 would leave one, with N' = 9, K1' = 3, C1' = 4, P1' = 0, S1' = 1, "
        "C2' = 4, P2' = 0, S2' = 1."
    )
    assert [it.split(".")[0] for it in found.reasons[2:]] == [
        "The network has 292 parameters", "The network takes 3,600 FLOPs",
    ]  # fmt: skip


def test_a_large_tolerance_is_told_only_where_other_changes_open_nothing() -> None:
    """A feature costs 21 parameters; with one, 97 % of them would have to go."""
    original = network(conv(10, 3, stride=4), FLATTEN, linear(50), linear(10), resolution=12)
    ranges = {"resolution": [13, 24], "out_features": [1, 1]}
    asked = problem(original, approach="I", budget="both", min_coverage=1.0, ranges=ranges)
    found = explained(asked)
    assert found.blocking == [
        "ranges.out_features", "min_coverage", "equal params", "equal flops",
    ]  # fmt: skip
    assert list(ways_out(found)) == [
        {"out_features": "1..216", "min_coverage": "0.8", "tolerance": "0.09981"}
    ]
    assert assert_followed(asked, found) == 1


def test_a_kernel_may_stay_where_the_request_lets_it() -> None:
    """Of two weights none is left for a larger kernel; a stride of 3 makes 4 pixels of 10."""
    original = network(conv(1, 1), conv(1, 1), resolution=4)
    asked = problem(original, ranges={"kernel_size": [1, 8], "padding": [0, 5]})
    found = explained(asked)
    assert found.reasons[0] == (
        "C1' must be larger than C1 = 1; kernel_grows false would leave one, with C1' = 1."
    )
    assert assert_followed(asked, found)


def test_where_nothing_opens_a_solution_that_is_said() -> None:
    """One pixel costs 3 FLOPs, four cost 4 in the convolution, 4 in the pool and 2 behind it."""
    head = (FLATTEN, linear(1, bias=False), linear(1, bias=False))
    asked = problem(network(conv(1, 1), *head, resolution=1), approach="I", budget="flops")
    found = explained(asked)
    assert found.blocking == ["equal flops"]
    assert found.reasons[-1] == (
        "Wider ranges, a lower min_coverage and a tolerance up to 1 open none, not even all "
        "together; resolutions from 2 to 8 were looked at."
    )
    assert not list(ways_out(found))
