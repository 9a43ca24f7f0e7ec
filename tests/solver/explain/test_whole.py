"""Why approach V has no answer; every way out that is told is followed, and has one."""

import re
from itertools import product
from typing import Any, Final

import numpy as np
import pytest

from solver.answers.search import solve
from solver.answers.variants import Explanation
from solver.engines.whole.posing import Posing
from solver.engines.whole.quadratic import Floats
from solver.explain.whole import explain
from solver.network.counting import count
from solver.problem import Problem, Settings, SolveRequest
from tests.solver.engines.whole.documented import MACS, ORIGINAL, PARAMS
from tests.solver.factories import FLATTEN, GLOBAL_POOL, RELU, conv, linear, network

PATIENCE: Final = 20.0
RESOLUTION: Final = re.compile(r"resolution (\d+)\.\.(\d+) would leave one")
RATIOS: Final = re.compile(r"widths.ratio from (\S+) to (\S+) would leave an answer")
UNFROZEN: Final = "Leaving out widths.freeze would leave an answer."
BOUNDS: Final = re.compile(
    r"widths.groups with (\w+): \[(\d+), (\d+)\] or \[(\d+), (\d+)\] would do"
)


def asked(resolution: int = 18, **changes: Any) -> Problem:
    sides = {"resolution": [resolution, resolution]}
    wanted = {"approach": "V", "budget": "both", "count": "macs", "ranges": sides, **changes}
    return SolveRequest.model_validate({"architecture": ORIGINAL, **wanted}).problem


def changed(problem: Problem, **changes: Any) -> Problem:
    return Problem.model_validate(problem.model_dump() | changes)


def ways_out(problem: Problem, found: Explanation) -> list[Problem]:
    """The problems with each of the changes that an explanation tells."""
    ways = []
    widths = (problem.widths.model_dump() if problem.widths else {}) | {}
    if found.tolerance is not None:
        ways.append(changed(problem, tolerance=found.tolerance))
    for reason in found.reasons:
        if told := RESOLUTION.search(reason):
            ways.append(changed(problem, ranges={"resolution": [int(told[1]), int(told[2])]}))
        if told := RATIOS.search(reason):
            ratio = [float(told[1]), float(told[2])]
            ways.append(changed(problem, widths=widths | {"ratio": ratio}))
        if reason == UNFROZEN:
            ways.append(changed(problem, widths=widths | {"freeze": []}))
        if told := BOUNDS.search(reason):
            for low, high in ((told[2], told[3]), (told[4], told[5])):
                groups = widths["groups"] | {told[1]: [int(low), int(high)]}
                ways.append(changed(problem, widths=widths | {"groups": groups}))
    return ways


def assert_followed(problem: Problem, found: Explanation) -> None:
    """Every way out leads to answers; there is one at least."""
    ways = ways_out(problem, found)
    assert ways
    for way in ways:
        assert solve(way, Settings()).rows, way.model_dump(exclude={"architecture"})


def every_deviation(problem: Problem) -> Floats:
    """By what share both counts deviate, shape ``(rows, 2)``, for all widths within the ratios."""
    posed = Posing(problem).at(20)
    widths = np.array([*product(*map(range, posed.low, posed.high + 1))])
    counts = np.stack([it.count(widths) for it in posed.budgets], axis=1)
    found: Floats = counts / [it.target for it in posed.budgets] - 1
    return found


@pytest.mark.slow
def test_a_count_that_is_always_a_multiple_is_told_with_a_resolution_that_works() -> None:
    problem = asked(20)
    found = explain(problem, PATIENCE)
    assert found.blocking == ["equal params", "equal macs"]
    assert "At 20 px every MAC count is a multiple of 5; 83,856 is not." in found.reasons
    assert "There are answers at 18 px: resolution 18..18 would leave one." in found.reasons
    assert_followed(problem, found)


@pytest.mark.slow
def test_forced_widths_and_too_few_answers_are_told() -> None:
    problem = asked(19)
    found = explain(problem, PATIENCE)
    assert any("The width of conv1 must be 4 or 9" in reason for reason in found.reasons)
    assert any(re.search(r"about 10\^-\d", reason) for reason in found.reasons)
    assert_followed(problem, found)


@pytest.mark.slow
def test_the_nearest_is_an_answer_within_the_tolerance_and_no_less_will_do() -> None:
    problem = asked(20)
    found = explain(problem, PATIENCE)
    assert found.nearest is not None
    assert found.tolerance is not None
    own = count(found.nearest.architecture)
    shares = (abs(own.params - PARAMS) / PARAMS, abs(own.macs - MACS) / MACS)
    assert max(shares) == pytest.approx(found.tolerance, rel=1e-3)
    less = solve(changed(problem, tolerance=found.tolerance / 1.02), Settings())
    assert less.outcome == "infeasible"


@pytest.mark.slow
def test_the_nearest_below_and_above_are_those_that_plain_loops_find() -> None:
    problem = asked(20)
    found = explain(problem, PATIENCE)
    assert found.below is not None
    assert found.above is not None
    below, above = found.below.delta, found.above.delta
    assert below.params <= 0
    assert below.macs <= 0
    assert above.params >= 0
    assert above.macs >= 0
    deviations = every_deviation(problem)
    is_below, is_above = (deviations <= 0).all(axis=1), (deviations >= 0).all(axis=1)
    for delta, nearest in (
        (below, np.abs(deviations[is_below]).max(axis=1).min()),
        (above, deviations[is_above].max(axis=1).min()),
    ):
        worst = max(abs(delta.params) / PARAMS, abs(delta.macs) / MACS)
        assert worst == pytest.approx(nearest, rel=0.011)


@pytest.mark.slow
def test_a_bound_on_parameters_leaves_nothing_above() -> None:
    problem = asked(20, budget="flops", max_params=PARAMS)
    found = explain(problem, PATIENCE)
    assert found.below is not None
    assert found.below.counts.params <= PARAMS


@pytest.mark.slow
def test_a_resolution_out_of_reach_is_told_by_how_much_the_parameters_cost() -> None:
    problem = asked(28)
    found = explain(problem, PATIENCE)
    assert {"widths", "ranges.resolution"} <= {*found.blocking}
    (told,) = [it for it in found.reasons if "widths within their limits with" in it]
    assert "2,062 parameters or more have at least 127,433 MACs; at most 83,856 pass" in told
    assert_followed(problem, found)


@pytest.mark.slow
def test_a_corner_of_the_box_is_told_if_one_count_alone_cannot_pass() -> None:
    problem = asked(18, budget="params", widths={"ratio": [1.1, 2]})
    found = explain(problem, PATIENCE)
    assert found.reasons[0].startswith(
        "Even with every width at its least, the parameters at 18 px"
    )
    assert "at most 2,062 pass" in found.reasons[0]
    assert_followed(problem, found)


def test_frozen_widths_are_told_and_leaving_that_out_works() -> None:
    problem = asked(18, widths={"freeze": ["*"]})
    found = explain(problem, PATIENCE)
    assert found.reasons[0].startswith("With all widths fixed, the MACs at 18 px are 109,254")
    assert "3 of 3 widths are frozen: conv1, conv2 and conv3." in found.reasons
    assert UNFROZEN in found.reasons
    assert found.nearest is not None
    assert found.nearest.assignment == {"N": 18, "conv1": 6, "conv2": 17, "conv3": 40}
    assert_followed(problem, found)


@pytest.mark.slow
def test_a_step_that_no_bound_allows_is_told_with_the_multiples_next_to_it() -> None:
    problem = asked(18, tolerance=0.05, widths={"step": 4, "groups": {"conv3": [49, 51]}})
    found = explain(problem, PATIENCE)
    assert found.blocking == ["widths"]
    assert "no multiple of 4 lies between 49 and 51" in found.reasons[0]
    assert_followed(problem, found)


def test_a_bound_on_memory_is_told_in_elements() -> None:
    found = explain(asked(18, max_activation_bytes=2_000), PATIENCE)
    assert found.reasons[0] == (
        "Even with every width at its least, 1,701 elements are alive at once at 18 px; "
        "max_activation_bytes allows 500."
    )


def test_a_tolerance_within_which_everything_passes_has_answers() -> None:
    assert solve(asked(17, tolerance=0.9), Settings()).rows


def test_a_resolution_at_which_no_window_fits_is_told() -> None:
    tall = network(conv(6, 3), RELU, conv(8, 7), GLOBAL_POOL, FLATTEN, linear(3), resolution=12)
    problem = SolveRequest.model_validate({
        "architecture": tall,
        "approach": "V",
        "budget": "params",
        "ranges": {"resolution": [6, 6]},
    }).problem  # fmt: skip
    found = explain(problem, PATIENCE)
    assert found.blocking == ["ranges.resolution"]
    assert found.reasons[0] == "At 6 px a layer does not fit its map."
