"""The fast engine against the full model: every equation over every unknown, listed by CP-SAT."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.answers.search import find, solve
from solver.approaches import APPROACHES
from solver.engines.factored import TooManyError, engine, skeleton, windows
from solver.engines.factored.arrays import Packing
from solver.engines.factored.question import Question
from solver.engines.factored.skeleton import ByWeight, ByWidth
from solver.engines.factored.solutions import Solutions
from solver.problem import Settings
from tests.exhaustive import Asked
from tests.solver.factories import (
    FLATTEN,
    NORM,
    RELU,
    asked_of,
    by_full_model,
    by_tables,
    conv,
    example,
    linear,
    network,
    pool,
    problem,
    questions_of_one,
    questions_of_two,
)

pytestmark = pytest.mark.usefixtures("either_way")


def original(resolution: int, channels: int, filters: int, second: int, *behind: Any) -> Any:
    return network(
        conv(filters, 3, padding=1), conv(second, 3, padding=1), *behind,
        resolution=resolution, channels=channels,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("tolerance", [0.0, 0.01, 0.05, {"below": 0.1, "above": 0.0}])
@pytest.mark.parametrize("scope", ["paper", "network"])
@pytest.mark.parametrize("budget", ["params", "flops", "both"])
@pytest.mark.parametrize("approach", ["I", "II", "III", "IV"])
def test_both_engines_give_the_same_set_at_the_ranges_of_the_paper(
    approach: str, budget: str, scope: str, tolerance: Any
) -> None:
    head = (FLATTEN, linear(20, bias=False), RELU, linear(10, bias=False))
    asked = problem(
        original(16, 3, 36, 20, *head), approach=approach, budget=budget, scope=scope,
        tolerance=tolerance, ranges={"resolution": (17, 24)},
    )  # fmt: skip
    assert by_tables(asked) == by_full_model(asked)


@pytest.mark.slow
@pytest.mark.parametrize("scope", ["paper", "network"])
@pytest.mark.parametrize(
    ("approach", "budget", "tolerance"),
    [("III", "params", 0.0), ("III", "flops", 0.01), ("IV", "params", 0.0), ("IV", "flops", 0.001)],
)
def test_both_engines_give_the_same_set_at_wide_ranges(
    approach: str, budget: str, tolerance: float, scope: str
) -> None:
    wide = {
        "resolution": (15, 40), "kernel_size": (3, 12), "padding": (0, 5), "stride": (1, 6),
        "pool_kernel_size": (2, 9), "pool_padding": (0, 4), "pool_stride": (1, 5),
    }  # fmt: skip
    asked = problem(
        original(14, 1, 18, 10), approach=approach, budget=budget, scope=scope,
        tolerance=tolerance, ranges=wide,
    )  # fmt: skip
    assert by_tables(asked) == by_full_model(asked)


@pytest.mark.slow
@settings(deadline=None, max_examples=80)
@given(data=st.data(), approach=st.sampled_from(["I", "II", "III", "IV"]))
def test_both_engines_give_the_same_set_for_generated_problems(
    data: st.DataObject, approach: str
) -> None:
    drawn: Asked = data.draw(questions_of_two() if approach == "IV" else questions_of_one(approach))
    asked = asked_of(drawn)
    assert by_tables(asked) == by_full_model(asked)


@pytest.mark.parametrize("way", [ByWidth, ByWeight])
@pytest.mark.parametrize("approach", ["III", "IV"])
@pytest.mark.parametrize("groups", [1, 3])
def test_the_skeleton_may_decide_widths_or_weights(
    way: type[ByWidth] | type[ByWeight],
    approach: str,
    groups: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    layers = (
        conv(12, 2, bias=True), NORM, pool(2, stride=1), conv(6, 2, groups=groups),
        FLATTEN, linear(3),
    )  # fmt: skip
    asked = problem(
        network(*layers, resolution=7), approach=approach, budget="flops", tolerance=0.2,
        ranges={"resolution": (8, 10), "padding": (0, 2)},
    )  # fmt: skip
    chosen: list[skeleton.Skeleton] = []

    def choose(*given: Any) -> skeleton.Skeleton:
        chosen.append(way(*given))
        return chosen[-1]

    monkeypatch.setattr(engine, "smaller_skeleton", choose)
    assert by_tables(asked) == by_full_model(asked) != []
    assert chosen


def test_weights_are_decided_where_they_are_fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(skeleton, "FEW", 1)
    asked = problem(original(32, 3, 72, 36), budget="flops", tolerance=0.05)
    approach = APPROACHES["IV"]
    template = approach.template(asked.architecture)
    question = Question.of(template, approach.constraints(asked), approach.width)
    between = engine._sides_between(question)
    by_width, by_weight = ByWidth(question, between), ByWeight(question, between)
    assert by_weight.size < by_width.size
    assert isinstance(skeleton.smaller_skeleton(question, between), ByWeight)


def test_images_too_small_for_the_map_that_must_stay_have_no_solution() -> None:
    asked = problem(original(24, 3, 8, 4), approach="II", ranges={"resolution": (9, 9)})
    assert by_tables(asked) == by_full_model(asked) == []


def test_what_is_too_large_for_tables_is_left_to_cp_sat(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = problem(original(14, 1, 18, 10), tolerance=0.01)
    expected = solve(asked, Settings())
    for most in (1, 100, 1_000):
        monkeypatch.setattr(windows, "LARGEST_TABLE", most)
        monkeypatch.setattr(windows, "LARGEST_GRID", most)
        monkeypatch.setattr(skeleton, "LARGEST_TABLE", most)
        answer = solve(asked, Settings())
        assert (answer.rows, answer.outcome) == (expected.rows, expected.outcome)


def test_rows_too_wide_for_62_bits_are_left_to_cp_sat(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = problem(original(14, 1, 18, 10), tolerance=0.01)
    expected = solve(asked, Settings()).rows
    monkeypatch.setattr(Packing, "WIDEST", 10)
    approach = APPROACHES["IV"]
    with pytest.raises(TooManyError):
        engine.factor(
            approach.template(asked.architecture), approach.constraints(asked), "K1", 30.0
        )
    assert solve(asked, Settings()).rows == expected


def test_more_solutions_than_json_keeps_exact_are_refused() -> None:
    found, _ = find(problem(original(14, 1, 18, 10), tolerance=0.01))
    assert isinstance(found, Solutions)
    many = type(found)(**{**vars_of(found), "widths": found.widths * 2**50})
    with pytest.raises(OverflowError, match="narrow the ranges"):
        assert many.count


def vars_of(found: Solutions) -> dict[str, Any]:
    return {name: getattr(found, name) for name in found.__dataclass_fields__}


def test_a_network_of_many_layers_is_solved_like_a_small_one() -> None:
    block = (conv(8, 3, padding=1, bias=True), NORM, RELU)
    deep = network(*block * 20, pool(2), FLATTEN, linear(10), resolution=16, channels=3)
    for budget in ("params", "flops"):
        asked = problem(deep, budget=budget, tolerance=0.002, ranges={"resolution": (17, 20)})
        assert by_tables(asked) == by_full_model(asked) != []


def test_the_worked_case_of_the_documentation() -> None:
    """docs/model.md takes the solutions with K1' = 9 and two kernels of 4 apart by hand."""
    asked = example(ranges={"resolution": [8, 8], "kernel_size": [4, 4]}).problem
    found, _ = find(asked)
    assert isinstance(found, Solutions)
    rows, entries = np.bincount(found.group), found.per_group
    pairs = zip(rows.tolist(), entries.tolist(), strict=False)
    assert sorted((pair for pair in pairs if pair[0]), key=lambda pair: -pair[1]) == [
        (3, 9), (7, 6), (4, 4), (3, 2), (1, 1),
    ]  # fmt: skip
    assert found.count == 3 * 9 + 7 * 6 + 4 * 4 + 3 * 2 + 1 * 1 == 92


def test_widths_that_go_with_no_row_are_not_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = problem(original(14, 1, 18, 10), tolerance=0.01)
    expected = solve(asked, Settings()).rows
    found, _ = find(asked)
    monkeypatch.setattr("solver.engines.factored.solutions.LARGEST_TABLE", 1)
    assert isinstance(found, Solutions)
    if len(found.completions) > found.count:
        assert solve(asked, Settings()).rows == expected
    rows = found.packing.unpack(np.sort(found.at(np.arange(found.count))))
    assert [*zip(*(it.tolist() for it in rows.values()), strict=True)] == expected
