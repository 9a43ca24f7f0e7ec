"""Explanations in sentences, on networks whose numbers are worked out by hand."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.approaches import APPROACHES
from solver.explain import blocking
from solver.explain.inquiry import Inquiry
from solver.problem import Problem
from tests.solver.explain.factories import KEPT, explained
from tests.solver.factories import (
    FLATTEN,
    PATIENCE,
    RELU,
    asked_of,
    conv,
    example,
    linear,
    network,
    pool,
    questions_of_two,
    two_convs,
)

LENET = network(
    conv(36, 3, padding=1), RELU, conv(20, 3, padding=1), FLATTEN, linear(10),
    channels=3, resolution=16,
)  # fmt: skip


def test_the_worked_case_of_the_documentation() -> None:
    """docs/model.md goes through these numbers by hand."""
    assert 36 * 3**2 * 3 == 972
    assert [divmod(972, 3 * C1**2) for C1 in (4, 5)] == [(20, 12), (12, 72)]
    found = explained(LENET, approach="III", scope="paper", ranges={"kernel_size": [4, 5]})
    assert found.blocking == ["ranges.kernel_size", "equal params (Eq. 9)"]
    assert found.reasons == [
        "kernel_size 4..5 leaves no solution; 4..6 would leave one, with C1' = 6.",
        "36 filters of 3×3×3 hold 972 weights. With all else kept, K1' = D/w, w what one filter "
        "costs, would be 972/75 = 12.96 with C1' = 5; 972/48 = 20.25 with C1' = 4: none is whole. "
        "The nearest count that all else leaves is 975, 3 more.",
    ]
    assert found.below is not None
    assert found.above is not None
    below, above = found.below.assignment, found.above.assignment
    assert (below["K1"], below["C1"], 20 * 48) == (20, 4, 972 - 12)
    assert (above["K1"], above["C1"], 13 * 75) == (13, 5, 972 + 3)
    assert found.nearest == found.above
    assert found.tolerance == 0.00309
    assert (309 * 972 // 100_000, 308 * 972 // 100_000) == (3, 2)
    assert divmod(972, 3 * 6**2) == (9, 0), "with C1' = 6 it would be whole"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked", "reasons"),
    [
        (
            {"ranges": {**KEPT, "resolution": [10, 10]}, "tolerance": 0.5},
            [
                "resolution 10..10 leaves no solution; 9..10 would leave one, with N' = 9.",
                "kernel_size 4..4 leaves no solution; 4..5 would leave one, with C1' = 5.",
                "The map after conv2 must stay 3×3; the nearest that all else leaves is 4×4, "
                "with N' = 10.",
            ],
        ),
        (
            {"ranges": {**KEPT, "out_channels": [100, 100]}, "tolerance": 0.5},
            [
                "out_channels 100..100 leaves no solution; 5..100 would leave one, with K1' = 5.",
                "The network has 292 parameters. With all else kept, K1' = D/w, w what one filter "
                "costs, would be 292/80 = 3.65 with C1' = 4, C2' = 4: all else rules it out. "
                "The nearest count that all else leaves is 8,000, 7,708 more.",
            ],
        ),
        (
            {"ranges": {**KEPT, "padding": [0, 3], "resolution": [9, 40], "stride": [5, 5]},
             "tolerance": 1.0, "min_coverage": 1.0},
            [
                "kernel_size 4..4 leaves no solution; 4..5 would leave one, with C1' = 5.",
                "stride 5..5 leaves no solution; 4..5 would leave one, with S1' = 4, S2' = 4.",
                "min_coverage 1.0 leaves no solution: conv1 reads 32 of 39 rows at most where all "
                "else holds; 0.8205 would leave one.",
            ],
        ),
        (
            {"ranges": {**KEPT, "kernel_size": [3, 3]}},
            [
                "Leaving out one requirement alone opens no solution, nor does any resolution from "
                "9 to 36.",
                "Together, kernel_size 3..4 and tolerance 0.0959 would leave one, with N' = 9, "
                "K1' = 4, C1' = 4, P1' = 0, S1' = 1, C2' = 4, P2' = 0, S2' = 1.",
                "With kernel_size 3..4: The network has 292 parameters. With all else kept, K1' = "
                "D/w, w what one filter costs, would be 292/80 = 3.65 with C1' = 4, C2' = 4: it is "
                "not whole. The nearest count that all else leaves is 320, 28 more.",
            ],
        ),
    ],
)  # fmt: skip
def test_each_reason_is_told_in_the_networks_own_numbers(
    asked: dict[str, Any], reasons: list[str]
) -> None:
    assert explained(two_convs(), **asked).reasons == reasons


def test_a_kernel_that_should_grow_and_groups_tell_what_is_nearest() -> None:
    ranges = {**KEPT, "resolution": [8, 8], "kernel_size": [3, 4]}
    original = network(conv(4, 4), conv(4, 3))
    assert explained(original, tolerance=0.5, ranges=ranges).reasons == [
        "kernel_size 3..4 leaves no solution; 2..5 would leave one, with C1' = 5, C2' = 2.",
        "C1' must be larger than C1 = 4; kernel_grows false would leave one, with C1' = 4.",
    ]
    original, ranges = network(conv(4, 3), conv(8, 4, groups=2)), {**KEPT, "out_channels": [3, 3]}
    assert explained(original, tolerance=0.5, ranges=ranges).reasons == [
        "out_channels 3..3 leaves no solution; 3..4 would leave one, with K1' = 4.",
        "K1' must be a multiple of 2, the groups of a convolution; the nearest to one that all "
        "else leaves is 3.",
    ]


def test_widths_that_would_be_whole_are_told_beside_what_rules_them_out() -> None:
    request = example(scope="paper", ranges={"resolution": (6, 8), "out_channels": (200, 300)})
    found = blocking.explain(request.problem)
    assert found.blocking == ["ranges.out_channels", "equal params (Eq. 15)"]
    assert found.reasons[1] == (
        "16 filters of 3×3×1 and 12 of 3×3×16 hold 1,872 weights. With all else kept, K1' = D/w, "
        "w what one filter costs, would be 1,872/144 = 13 with C1' = 6, C2' = 3; 1,872/468 = 4 "
        "with C1' = 6, C2' = 6; 1,872/624 = 3 with C1' = 6, C2' = 7; or one of 27 others: all else "
        "rules out those that would do. The nearest count that all else leaves is 24,800, 22,928 "
        "more."
    )
    assert (found.below, found.tolerance) == (None, None)


def test_what_is_left_for_filters_is_told_beside_the_band() -> None:
    """K1'·(3·C1'² + 16) + 505: none of 64, 91, 124, 163 and 208 divides 688."""
    original = network(conv(16, 3), RELU, conv(4, 2), FLATTEN, linear(5), channels=3)
    found = explained(original, approach="III", tolerance=0.001)
    assert found.reasons[1] == (
        "The network has 1,193 parameters. With all else kept, K1' = (D − rest)/w, w what one "
        "filter costs, would be (1,193 − 505)/163 = 4.22 with C1' = 7; (1,193 − 505)/64 = 10.75 "
        "with C1' = 4; (1,193 − 505)/208 = 3.31 with C1' = 8; or one of 2 others: none is near "
        "enough to a whole number, for 1,192..1,194. The nearest count that all else leaves is "
        "1,209, 16 more."
    )


def test_a_budget_that_nothing_pays_for_says_so() -> None:
    original = network(pool(2), conv(6, 3), FLATTEN, linear(5))
    assert explained(original, approach="II", budget="flops").reasons[0] == (
        "The network takes 405 FLOPs. No unknown pays for what a larger image costs. The nearest "
        "count that all else leaves is 422, 17 more."
    )


def test_more_geometries_than_can_be_gone_through_leave_the_nearest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(blocking, "MOST_CASES", 1)
    found = explained(LENET, approach="III", scope="paper", ranges={"kernel_size": [4, 5]})
    assert (
        "would be at the nearest 972/75 = 12.96 with C1' = 5: it is not whole."
        in (found.reasons[1])
    )


RANGE = re.compile(r"(\w+) (\d+)\.\.(\d+) leaves no solution; (\d+)\.\.(\d+) would leave one")


@pytest.mark.slow
@settings(deadline=None, max_examples=30)
@given(st.data())
def test_a_range_is_told_the_smallest_change_that_opens_a_solution(data: st.DataObject) -> None:
    asked = asked_of(data.draw(questions_of_two()))
    found = blocking.explain(asked, PATIENCE)
    if len(found.blocking) != len(found.reasons) or is_open(asked):
        return
    for reason in found.reasons:
        if told := RANGE.match(reason):
            field = told[1]
            low, high, lowest, highest = map(int, told.groups()[1:])
            assert is_open(asked, field, lowest, highest)
            shorter = low - lowest + highest - high - 1
            for down in range(min(shorter, low - lowest) + 1):
                assert not is_open(asked, field, low - down, high + shorter - down)


def is_open(asked: Problem, field: str = "", low: int = 0, high: int = 0) -> bool:
    """Whether there is a solution, with one range changed."""
    changed = {field: (low, high)} if field else {}
    ranges = {**asked.ranges.model_dump(exclude_none=True), **changed}
    problem = Problem.model_validate({**asked.model_dump(), "ranges": ranges})
    constraints = APPROACHES[asked.approach].constraints(problem)
    return Inquiry(constraints, PATIENCE).ask(constraints, of=1).assignment is not None
