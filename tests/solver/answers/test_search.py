import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from solver.answers import check, search
from solver.answers.check import WrongAnswerError
from solver.answers.search import solve
from solver.answers.variants import MOST_ROWS
from solver.approaches import APPROACHES
from solver.engines.factored.factors import Factors
from solver.engines.full.enumerated import Listed
from solver.engines.full.model import ENUMERATION, OPTIMISATION
from solver.engines.report import Report
from solver.network.architecture import Architecture
from solver.network.layers import Conv2d
from solver.problem import Problem, Settings
from tests import exhaustive
from tests.exhaustive import Asked
from tests.solver.factories import (
    ALL,
    FLATTEN,
    GLOBAL_POOL,
    NORM,
    RELU,
    TOLERANCES,
    assert_equivalent,
    columns,
    conv,
    example,
    linear,
    network,
    pool,
    problem,
    questions_of_two,
    two_convs,
)

SMALL = {"resolution": (6, 8), "kernel_size": (1, 3), "stride": (1, 2), "padding": (0, 1)}


@pytest.mark.parametrize("tolerance", TOLERANCES.values(), ids=TOLERANCES)
@pytest.mark.parametrize("scope", ["network", "paper"])
@pytest.mark.parametrize("budget", ["params", "flops", "both"])
def test_the_enumerated_set_is_the_exhaustive_one(
    budget: str, scope: str, tolerance: tuple[str, str]
) -> None:
    original = network(
        conv(6, 2, bias=True), NORM, RELU, conv(4, 2, bias=True), FLATTEN, linear(3), resolution=5
    )
    answer = assert_equivalent(Asked(original, budget, scope, *tolerance, ranges=SMALL))
    assert answer.rows or tolerance == ("0", "0")


NETWORKS = {
    "pool between": network(conv(6, 2), pool(2, stride=1), conv(4, 2), resolution=6),
    "pool before": network(pool(2, stride=1), conv(6, 2), conv(4, 2), resolution=6),
    "norm before": network(NORM, conv(6, 2), conv(4, 2), channels=2, resolution=5),
    "global pool between": network(conv(6, 2), GLOBAL_POOL, conv(4, 1), resolution=6),
    "global pool behind": network(
        conv(6, 2), conv(4, 2), GLOBAL_POOL, FLATTEN, linear(3), resolution=5
    ),
    "groups": network(conv(6, 2, groups=2), conv(6, 2, groups=3), channels=2, resolution=5),
    "depthwise": network(conv(4, 2), conv(4, 2, groups=4), conv(9, 1), resolution=5),
    "dilated and strided": network(
        conv(6, 2, dilation=2, padding=1), conv(4, 2, dilation=2, stride=2), resolution=7
    ),
    "large kernels": network(conv(6, 2), conv(4, 5, padding=1), conv(3, 2), resolution=5),
}


@pytest.mark.parametrize("original", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize("budget", ["params", "flops"])
def test_the_enumerated_set_is_the_exhaustive_one_whatever_stands_around(
    original: Architecture, budget: str
) -> None:
    for scope, count_pooling in (("network", True), ("network", False), ("paper", True)):
        asked = Asked(original, budget, scope, "0.3", "0.3", SMALL, count_pooling)
        assert assert_equivalent(asked).rows


def test_one_filter_may_use_up_the_whole_budget() -> None:
    original = network(conv(4, 1), conv(1, 1), resolution=4, channels=10)
    ranges = {"resolution": (6, 6), "kernel_size": (1, 2), "stride": (1, 1), "padding": (0, 0)}
    answer = assert_equivalent(Asked(original, "params", ranges=ranges))
    assert answer.rows == [(6, 1, 2, 0, 1, 2, 0, 1)]  # 4 · (10 + 1) = 1 · (10 · 4 + 4)


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(st.data())
def test_the_enumerated_set_is_the_exhaustive_one_for_generated_networks(
    data: st.DataObject,
) -> None:
    assert_equivalent(data.draw(questions_of_two()))


@pytest.mark.slow
def test_the_example_is_complete_and_equal_to_trying_everything() -> None:
    request = example()
    answer = solve(request.problem, request.settings)
    asked = Asked(request.problem.architecture, "params", "network", ranges={"resolution": (6, 8)})
    assert answer.outcome == "complete"
    assert answer.solver.status == "OPTIMAL"
    assert answer.rows == sorted(exhaustive.rows(asked))
    assert answer.found == len(answer.rows) == 1_556


@pytest.mark.slow
def test_in_a_bias_free_network_equation_15_says_the_same_as_equal_parameters() -> None:
    request = example(scope="paper")
    answer = solve(request.problem, request.settings)
    asked = Asked(request.problem.architecture, "params", "paper", ranges={"resolution": (6, 8)})
    assert answer.rows == sorted(exhaustive.rows(asked))
    assert answer.rows == solve(example().problem, request.settings).rows


def test_with_biases_equation_15_says_something_else() -> None:
    original = network(conv(16, 3, bias=True), conv(12, 3, bias=True), resolution=5)
    by_scope = [solve(problem(original, scope=scope), ALL).rows for scope in ("network", "paper")]
    assert by_scope[0] != by_scope[1]


@pytest.mark.slow
@pytest.mark.parametrize("budget", ["flops", "both"])
def test_the_example_also_has_variants_with_equal_flops_and_with_both_equal(budget: str) -> None:
    request = example(budget=budget, ranges={"resolution": [8, 8]})
    answer = solve(request.problem, request.settings)
    asked = Asked(request.problem.architecture, budget, "network", ranges={"resolution": (8, 8)})
    assert answer.rows == sorted(exhaustive.rows(asked))
    assert answer.outcome == "complete"


def test_the_worked_case_of_the_documentation() -> None:
    """docs/model.md goes through these numbers by hand."""
    request = example(budget="both", ranges={"resolution": [8, 8]})
    original = request.problem.architecture
    first, second = [layer for layer in original.layers if isinstance(layer, Conv2d)]
    assert (first.out_channels, first.kernel_size) == (16, 3)
    assert (second.out_channels, second.kernel_size) == (12, 3)
    params = {
        (K1, C1, C2)
        for K1 in range(1, 1873)
        for C1 in range(4, 9)
        for C2 in range(3, 9)
        if K1 * (C1**2 + 12 * C2**2) == 16 * (9 + 12 * 9) == 1872
    }
    assert params == {(3, 6, 7), (4, 6, 6), (9, 4, 4), (13, 6, 3)}
    worked = {"N": 8, "K1": 4, "C1": 6, "P1": 2, "S1": 3, "C2": 6, "P2": 2, "S2": 2}
    answer = solve(request.problem, request.settings)
    assert worked in answer.assignments()


def test_symbols_name_the_columns_and_rows_are_sorted() -> None:
    answer = solve(example().problem, ALL)
    assert answer.symbols == ("N", "K1", "C1", "P1", "S1", "C2", "P2", "S2")
    assert answer.rows == sorted(set(answer.rows))
    assert answer.assignments()[0] == dict(zip(answer.symbols, answer.rows[0], strict=True))


def test_a_truncated_answer_keeps_some_of_all_and_tells_how_many_there_are() -> None:
    everything = solve(example().problem, ALL)
    answer = solve(example().problem, Settings(limit=100))
    assert answer.outcome == "truncated"
    assert answer.found == everything.found
    assert answer.rows == sorted(set(answer.rows) & set(everything.rows))
    assert len(answer.rows) == 100
    assert {row[0] for row in answer.rows} == {row[0] for row in everything.rows}
    assert answer.rows == solve(example().problem, Settings(limit=100)).rows
    assert answer.explanation is None


def test_a_limit_that_all_fit_into_truncates_nothing() -> None:
    for limit, outcome in ((1_555, "truncated"), (1_556, "complete"), (1_557, "complete")):
        answer = solve(example().problem, Settings(limit=limit))
        assert (answer.outcome, answer.found) == (outcome, 1_556)


def test_what_is_found_before_the_time_limit_is_correct_and_not_called_complete() -> None:
    asked = too_wide()
    answer = solve(asked, Settings(time_limit=0.5, limit=100))
    assert answer.outcome == "timed_out"
    assert answer.found >= len(answer.rows)
    assert answer.solver.status in ("FEASIBLE", "UNKNOWN")
    assert answer.explanation is None
    for row in answer.assignments():
        assert check.violations(APPROACHES["IV"].constraints(asked), row) == []


def too_wide() -> Problem:
    """More combinations than tables can hold."""
    original = network(conv(64, 3, padding=1), conv(64, 3, padding=1), resolution=224, channels=3)
    wide = dict.fromkeys(("kernel_size", "stride", "padding"), (1, 400))
    return problem(original, tolerance=1.0, ranges={"resolution": (225, 2000), **wide})


@pytest.mark.parametrize(
    ("status", "found", "outcome"),
    [
        ("OPTIMAL", 3, "complete"),
        ("OPTIMAL", 11, "truncated"),
        ("FEASIBLE", 3, "timed_out"),
        ("FEASIBLE", 11, "timed_out"),
        ("UNKNOWN", 0, "timed_out"),
        ("INFEASIBLE", 0, "infeasible"),
        ("FEASIBLE", MOST_ROWS, "truncated"),
    ],
)
def test_only_a_finished_search_is_complete(status: str, found: int, outcome: str) -> None:
    report = Report(status, wall_time=0.1, branches=0, conflicts=0)
    listed = Listed(("N",), np.zeros((found, 1), np.int64))
    assert search._outcome(report, listed, answered=min(found, 10)) == outcome


def test_many_solutions_found_before_the_time_limit_are_not_called_all() -> None:
    original = network(conv(64, 3, padding=1), conv(64, 3, padding=1), resolution=224, channels=3)
    found, _ = search.find(problem(original, tolerance=1.0, ranges={"resolution": (225, 2000)}))
    assert found.count > 0
    late = Report("FEASIBLE", wall_time=0.1, branches=0, conflicts=0)
    assert search._outcome(late, found, answered=10) == "timed_out"


def test_one_worker_enumerates_since_more_lose_solutions() -> None:
    assert ENUMERATION["num_workers"] == OPTIMISATION["num_workers"] == 1


def test_an_answer_that_does_not_hold_is_refused() -> None:
    constraints = APPROACHES["IV"].constraints(example().problem)
    right = solve(example().problem, ALL).assignments()
    list(check.verified(constraints, columns(constraints, right)))
    wrong = [*right, {**right[0], "K1": right[0]["K1"] + 1}]
    with pytest.raises(WrongAnswerError, match=r"equal params: .* is not within"):
        list(check.verified(constraints, columns(constraints, wrong)))


@pytest.mark.parametrize("place", [5, 6, -1])
def test_an_answer_that_stands_there_twice_is_refused(place: int) -> None:
    constraints = APPROACHES["IV"].constraints(example().problem)
    right = solve(example().problem, ALL).assignments()
    right.insert(place, right[5])
    with pytest.raises(WrongAnswerError, match="was found twice"):
        list(check.verified(constraints, columns(constraints, right)))


def test_a_constraint_that_the_engine_forgets_does_not_get_past_the_recount(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Factors, "local_to", lambda *_: [])
    asked = problem(two_convs(), tolerance=0.5, ranges={"kernel_size": [3, 4], "padding": [0, 1]})
    with pytest.raises(WrongAnswerError, match="is not larger than C1 = 3"):
        solve(asked, ALL)


def test_sizes_that_cannot_be_counted_exactly_are_refused_before_a_model_is_built(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr("solver.engines.full.model.Model.__init__")
    original = network(conv(10**6, 2000), conv(10**6, 2000), resolution=4000)
    for budget in ("params", "flops", "both"):
        with pytest.raises(ValidationError, match="exceeds 2\\^53 - 1"):
            problem(original, budget=budget)


def test_large_sizes_that_fit_are_counted_exactly() -> None:
    original = network(
        conv(4096, 7, padding=3, stride=2), conv(4096, 3, padding=1), resolution=1024, channels=3
    )
    ranges = {
        "resolution": (1026, 1026),
        "kernel_size": (3, 9),
        "stride": (1, 2),
        "padding": (1, 3),
        "out_channels": (4080, 4090),
    }
    assert assert_equivalent(Asked(original, "flops", "network", "2e-4", "2e-4", ranges)).rows
