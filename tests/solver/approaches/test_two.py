import pytest

from solver.answers.search import solve
from solver.answers.variants import Describer
from solver.approaches import APPROACHES
from solver.constraints.budget import EqualBudget
from solver.network import counting
from solver.problem import Settings
from tests.solver.factories import FLATTEN, RELU, conv, linear, network, pool, problem

TWO = APPROACHES["II"]
PLAIN = network(conv(6, 3, bias=True), RELU, conv(4, 2), FLATTEN, linear(5), resolution=8)


def test_the_unknowns_are_those_of_equation_8_after_the_resolution() -> None:
    assert TWO.symbols == ("N", "P1", "S1", "D1")
    assert TWO.width is None


def test_a_network_without_convolutions_does_not_suit_it() -> None:
    place, reason = TWO.misfit(network(FLATTEN, linear())) or ((), "")
    assert place == ("layers",)
    assert reason.endswith("this network has none")
    assert TWO.misfit(network(conv())) is None


def test_a_variant_changes_the_first_convolution_and_nothing_else() -> None:
    found = TWO.template(PLAIN).architecture({"N": 12, "P1": 1, "S1": 2, "D1": 2})
    assert found.resolution == 12
    changed = {"padding": 1, "stride": 2, "dilation": 2}
    assert found.layers[0] == PLAIN.layers[0].model_copy(update=changed)
    assert found.layers[1:] == PLAIN.layers[1:]


@pytest.mark.parametrize("budget", ["params", "flops", "both"])
def test_both_budgets_are_equal_of_themselves(budget: str) -> None:
    by_scope = {}
    for scope in ("network", "paper"):
        asked = problem(PLAIN, approach="II", budget=budget, scope=scope)
        answer = solve(asked, Settings())
        by_scope[scope] = answer.rows
        for assignment in answer.assignments():
            delta = Describer(asked).variant(assignment).delta
            assert (delta.params, delta.macs, delta.flops) == (0, 0, 0)
    assert by_scope["network"] == by_scope["paper"] != []


def test_a_pool_before_the_convolution_sees_the_larger_image() -> None:
    original = network(pool(2), conv(6, 3), FLATTEN, linear(5), resolution=8)
    found = {
        (scope, counted): solve(
            problem(original, approach="II", budget="flops", scope=scope, count_pooling=counted),
            Settings(),
        )
        for scope in ("network", "paper")
        for counted in (True, False)
    }
    assert found["network", True].outcome == "infeasible"
    explanation = found["network", True].explanation
    assert explanation is not None
    assert explanation.blocking == ["equal flops"]
    assert explanation.nearest is not None
    assert explanation.nearest.delta.flops == 9**2 - 8**2
    assert found["network", False].rows == found["paper", True].rows != []


def test_an_answer_is_recounted_although_nothing_could_change_it() -> None:
    constraints = TWO.constraints(problem(PLAIN, approach="II", budget="both"))
    names = [it.name for it in constraints if isinstance(it, EqualBudget)]
    assert names == ["equal params", "equal flops"]
    printed = TWO.constraints(problem(PLAIN, approach="II", budget="both", scope="paper"))
    assert not [it for it in printed if isinstance(it, EqualBudget)]


@pytest.mark.parametrize("scope", ["network", "paper"])
def test_without_a_budget_that_could_miss_nothing_comes_nearer(scope: str) -> None:
    ranges = {"stride": [1, 1], "padding": [5, 5]}
    answer = solve(problem(PLAIN, approach="II", scope=scope, ranges=ranges), Settings())
    assert answer.outcome == "infeasible"
    assert answer.explanation is not None
    assert answer.explanation.nearest is None
    assert answer.explanation.blocking == [
        "ranges.padding", "ranges.stride", "ranges.dilation", "same map after conv1",
    ]  # fmt: skip


def test_the_originals_own_stride_and_dilation_may_be_any() -> None:
    """From 11 pixels, (11 − 2·2 − 1)//2 + 1 = 4; to 15, (15 − 4·2 − 1)//2 + 1 = 4."""
    original = network(conv(6, 3, dilation=2, stride=2), resolution=11)
    asked = problem(
        original, approach="II", ranges={"padding": [0, 0], "stride": [2, 2], "dilation": [3, 4]}
    )
    assert solve(asked, Settings()).rows == [
        (13, 0, 2, 3),
        (14, 0, 2, 3),
        (15, 0, 2, 4),
        (16, 0, 2, 4),
    ]


def test_coverage_looks_at_the_dilation() -> None:
    asked = problem(PLAIN, approach="II", min_coverage=0.9)
    every, enough = solve(problem(PLAIN, approach="II"), Settings()), solve(asked, Settings())
    template = TWO.template(PLAIN)
    expected = [
        row
        for row, values in zip(every.rows, every.assignments(), strict=True)
        if counting.coverage(template.architecture(values)) >= 0.9
    ]
    assert enough.rows == expected
    assert 0 < enough.found < every.found
