"""Approach V solved: on small networks, its answers against all that plain loops find."""

from itertools import product
from typing import Any

import numpy as np
import pytest

from solver.answers.search import UncountableError, solve, tally
from solver.answers.variants import Answer, Describer
from solver.approaches import APPROACHES
from solver.network.architecture import Architecture
from solver.network.counting import count
from solver.problem import Problem, Settings, SolveRequest
from solver.variation.numbers import Columns
from solver.variation.unknown import RESOLUTION
from solver.variation.whole import WholeTemplate
from tests.solver.factories import FLATTEN, RELU, by_full_model, conv, linear, network, pool

SMALL = network(
    conv(6, 3, bias=True), RELU, pool(2), conv(8, 3), FLATTEN, linear(5), linear(3), resolution=12
)
ASKED = {"approach": "V", "budget": "params", "ranges": {"resolution": [14, 14]}, "time_limit": 60}


def request(original: Architecture = SMALL, **asked: Any) -> SolveRequest:
    return SolveRequest.model_validate({"architecture": original, **ASKED, **asked})


def answered(**asked: Any) -> Answer:
    given = request(**asked)
    return solve(given.problem, given.settings)


def every(asked: Problem) -> list[tuple[int, ...]]:
    """All assignments that the truth tests accept, found by trying each."""
    template = asked.template
    assert isinstance(template, WholeTemplate)
    low, high = asked.bounds.resolution or (0, 0)
    widths = (range(it.low, it.high + 1) for it in template.widths.values())
    grid = np.array([*product(range(low, high + 1), *widths)])
    rows = Columns(template, dict(zip(template.assigned, grid.T, strict=True)))
    for constraint in APPROACHES["V"].constraints(asked):
        grid = grid[constraint.holds(rows)]
        rows = Columns(template, dict(zip(template.assigned, grid.T, strict=True)))
    return [tuple(row) for row in grid.tolist()]


def change(row: tuple[int, ...], asked: Problem) -> float:
    """The largest of ``w'/w`` and ``w/w'``."""
    template = asked.template
    assert isinstance(template, WholeTemplate)
    own = template.groups.sizes
    return max(max(new / old, old / new) for new, old in zip(row[1:], own, strict=True))


@pytest.mark.parametrize("budget", ["params", "flops", "both"])
@pytest.mark.parametrize("tolerance", [0.0, 0.02])
def test_the_closest_is_as_close_as_any_that_plain_loops_find(
    budget: str, tolerance: float
) -> None:
    given = request(budget=budget, tolerance=tolerance)
    answer = solve(given.problem, given.settings)
    all_rows = every(given.problem)
    assert bool(answer.rows) == bool(all_rows)
    assert answer.outcome == ("truncated" if all_rows else "infeasible")
    if all_rows:
        least = min(change(row, given.problem) for row in all_rows)
        assert answer.solver.proved
        assert answer.solver.bound == pytest.approx(least)
        assert change(answer.rows[0], given.problem) <= 1.05 * least + 1e-9
        assert {*answer.rows} <= {*all_rows}


@pytest.mark.slow
@pytest.mark.parametrize("budget", ["params", "flops", "both"])
def test_the_constraints_as_posted_have_the_solutions_that_the_truth_tests_accept(
    budget: str,
) -> None:
    asked = request(
        budget=budget,
        count="macs",
        tolerance=0.02,
        ranges={"resolution": [12, 14]},
        max_params=count(SMALL).params,
        max_activation_bytes=4 * count(SMALL).activations,
        widths={"ratio": [0.5, 1.5]},
    ).problem
    found = by_full_model(asked)
    assert found == every(asked)
    assert found


def test_the_fewest_changes_are_as_few_as_plain_loops_find() -> None:
    given = request(find={"best": "fewest_changes", "top": 1}, tolerance=0.02)
    answer = solve(given.problem, given.settings)
    own = given.problem.template.groups.sizes  # type: ignore[attr-defined]

    def changes(row: tuple[int, ...]) -> int:
        return sum(new != old for new, old in zip(row[1:], own, strict=True))

    assert changes(answer.rows[0]) == min(map(changes, every(given.problem)))
    assert answer.solver.proved


def test_the_least_activations_are_as_few_as_plain_loops_find() -> None:
    given = request(find={"best": "min_activations", "top": 1}, tolerance=0.02)
    answer = solve(given.problem, given.settings)
    template = given.problem.template

    def peak(row: tuple[int, ...]) -> int:
        assignment = dict(zip(template.assigned, row, strict=True))
        return count(template.architecture(assignment)).activations

    assert answer.table["activations"][0] == min(map(peak, every(given.problem)))


def test_the_highest_resolution_is_the_highest_that_plain_loops_find() -> None:
    given = request(
        budget="flops", tolerance=0.02, ranges={}, find={"best": "max_resolution", "top": 2}
    )
    answer = solve(given.problem, given.settings)
    highest = max(row[0] for row in every(given.problem))
    assert {row[0] for row in answer.rows} == {highest}
    assert answer.solver.bound == highest


def test_a_sample_holds_answers_that_differ_and_a_seed_draws_them_again() -> None:
    given = request(tolerance=0.05, find={"sample": 6, "seed": 3})
    answer = solve(given.problem, given.settings)
    assert len({*answer.rows}) == 6
    assert {*answer.rows} <= {*every(given.problem)}
    assert solve(given.problem, given.settings).rows == answer.rows


def test_a_sample_of_one_is_the_first_answer_that_is_found() -> None:
    answer = answered(tolerance=0.05, find={"sample": 1})
    assert answer.found == len(answer.rows) == 1


@pytest.mark.parametrize("resolution", [13, 14])
@pytest.mark.parametrize("budget", ["params", "flops", "both"])
def test_a_sample_is_found_where_plain_loops_find_any_and_none_is_proved_elsewhere(
    budget: str, resolution: int
) -> None:
    given = request(budget=budget, ranges={"resolution": [resolution] * 2}, find={"sample": 1})
    answer = solve(given.problem, given.settings)
    all_rows = every(given.problem)
    assert answer.outcome == ("truncated" if all_rows else "infeasible")
    assert len(answer.rows) == bool(all_rows)
    assert {*answer.rows} <= {*all_rows}


def test_variants_are_networks_within_the_band_that_can_be_sent() -> None:
    given = request(tolerance=0.02)
    answer = solve(given.problem, given.settings)
    low, high = given.problem.tolerance.band(count(SMALL).params)
    for assignment in answer.assignments():
        variant = Describer(given.problem).variant(assignment)
        sent = Architecture.model_validate_json(variant.architecture.model_dump_json())
        assert sent.resolution == assignment[RESOLUTION] == 14
        assert low <= count(sent).params <= high
        assert variant.counts == count(sent)


def test_diverse_answers_differ_in_a_third_of_the_widths() -> None:
    rows = np.array(answered(tolerance=0.05, find={"best": "closest", "diverse": True}).rows)
    differing = (rows[:, None] != rows[None]).sum(axis=2)
    assert len(rows) > 1
    assert (differing + np.eye(len(rows)) >= 1).all()


def test_none_is_explained_by_the_width_that_no_step_leaves() -> None:
    answer = answered(widths={"groups": {"conv1": [7, 7]}, "step": 2})
    assert answer.outcome == "infeasible"
    assert answer.explanation is not None
    assert answer.explanation.blocking == ["widths"]
    assert "no multiple of 2 lies between 7 and 7" in answer.explanation.reasons[0]


def test_none_is_explained_by_widths_that_cannot_make_up_for_the_resolution() -> None:
    answer = answered(budget="both", ranges={"resolution": [24, 24]}, widths={"ratio": [0.9, 1.1]})
    assert answer.outcome == "infeasible"
    assert answer.explanation is not None
    assert answer.explanation.reasons[0].startswith(
        "With all widths fixed, the parameters at 24 px"
    )


def test_its_solutions_are_never_counted() -> None:
    with pytest.raises(UncountableError, match="too many to be counted"):
        tally(request().problem)


def test_settings_made_in_code_ask_for_the_closest() -> None:
    answer = solve(request(tolerance=0.02).problem, Settings())
    assert answer.outcome == "truncated"


@pytest.mark.parametrize("find", [{"best": "closest"}, {"best": "max_resolution"}, {"sample": 2}])
@pytest.mark.parametrize("tolerance", [0.0, 0.1])
def test_with_all_widths_frozen_the_original_is_the_only_candidate(
    find: dict[str, Any], tolerance: float
) -> None:
    asked = {"widths": {"freeze": ["*"]}, "find": find, "tolerance": tolerance}
    same = answered(**asked, ranges={"resolution": [12, 12]})
    larger = answered(**asked, budget="flops", ranges={"resolution": [20, 22]})
    assert same.rows == [(12, 6, 8, 5)]
    assert larger.outcome == "infeasible"


def test_a_group_with_one_width_in_its_steps_has_that_width() -> None:
    answer = answered(tolerance=0.1, widths={"groups": {"conv1": [6, 9]}, "step": 6})
    assert answer.rows
    assert {row[1] for row in answer.rows} == {6}
