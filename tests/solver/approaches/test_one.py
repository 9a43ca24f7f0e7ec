import pytest

from solver.answers import check
from solver.answers.search import solve
from solver.approaches import APPROACHES
from solver.constraints.coverage import MinCoverage
from solver.network import counting
from solver.network.architecture import MAX_LAYERS, Architecture
from solver.network.layers import GlobalAvgPool2d
from solver.problem import Settings
from tests.solver.factories import (
    FLATTEN,
    GLOBAL_POOL,
    NORM,
    RELU,
    conv,
    linear,
    network,
    problem,
    sides_of,
)

ONE = APPROACHES["I"]
HEAD = (FLATTEN, linear(50), RELU, linear(10))
SMALL = network(conv(6, 3), RELU, *HEAD, resolution=5)
"""5 → 3 pixels."""


def layer_types(architecture: Architecture) -> list[str]:
    return [layer.type for layer in architecture.layers]


def variant(original: Architecture, N: int, Z1: int) -> Architecture:
    return ONE.template(original).architecture({"N": N, "Z1": Z1})


def test_the_unknowns_are_the_resolution_and_the_first_linear_layers_features() -> None:
    assert {it.symbol: it.range for it in ONE.unknowns} == {"N": "resolution", "Z1": "out_features"}
    assert ONE.width == "Z1"


@pytest.mark.parametrize("linears", [0, 1])
def test_a_network_without_a_second_linear_layer_does_not_suit_it(linears: int) -> None:
    place, reason = ONE.misfit(network(conv(), FLATTEN, *[linear()] * linears)) or ((), "")
    assert place == ("layers",)
    assert reason.endswith(f"needs a second one behind it; this network has {linears}")
    assert ONE.misfit(SMALL) is None


def test_a_network_with_no_room_for_the_pool_does_not_suit_it() -> None:
    full = [RELU] * (MAX_LAYERS - len(HEAD))
    assert ONE.misfit(network(*full[1:], *HEAD)) is None
    place, reason = ONE.misfit(network(*full, *HEAD)) or ((), "")
    assert (place, "4096 at most" in reason) == (("layers",), True)
    assert ONE.misfit(network(*full[1:], GLOBAL_POOL, *HEAD)) is None, "it has the pool"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ([conv(), RELU], ["conv2d", "relu", "global_avg_pool2d"]),
        ([conv(), GLOBAL_POOL, NORM], ["conv2d", "global_avg_pool2d", "batch_norm2d"]),
        (
            [conv(), GLOBAL_POOL, conv(4, 1)],
            ["conv2d", "global_avg_pool2d", "conv2d", "global_avg_pool2d"],
        ),
        ([], ["global_avg_pool2d"]),
    ],
)
def test_the_pool_is_put_in_where_there_is_none(body: list[object], expected: list[str]) -> None:
    found = variant(network(*body, *HEAD), 9, 7)
    assert layer_types(found) == [*expected, "flatten", "linear", "relu", "linear"]
    assert Architecture.model_validate(found.model_dump()).layers == found.layers


def test_the_pools_name_is_free_and_the_other_layers_keep_theirs() -> None:
    original = network({**conv(), "name": "pool2"}, {**RELU, "name": "pool1"}, *HEAD)
    added = variant(original, 9, 7)
    names = [layer.name for layer in added.layers]
    assert names == ["pool2", "pool1", "pool3", "flatten1", "linear1", "relu2", "linear2"]


def test_behind_the_pool_every_map_has_one_pixel_and_the_counts_follow() -> None:
    template = ONE.template(SMALL)
    assert [side.value for side in sides_of(template)] == [None, None, None, 1, 1, 1, 1, 1]
    weight, rest = template.symbols.params.collect("Z1")
    assert weight.terms == {(): 6 + 1 + 10}
    assert rest.terms == {(): 6 * 9 + 10}
    found = variant(SMALL, 9, 7)
    assert isinstance(found.layers[2], GlobalAvgPool2d)
    assert counting.params(found) == 7 * 17 + 64


def test_equal_parameters_by_hand() -> None:
    """54 + (54 + 1)·50 + (50 + 1)·10 = 3,314 = 54 + 10 + (6 + 1 + 10)·Z1': 3,250/17 = 191.2."""
    exact = problem(SMALL, approach="I", ranges={"resolution": (6, 6)})
    answer = solve(exact, Settings())
    assert counting.params(SMALL) == 64 + 50 * 65 == 3_314
    assert answer.outcome == "infeasible"
    assert answer.explanation is not None
    assert answer.explanation.nearest is not None
    assert answer.explanation.nearest.assignment == {"N": 6, "Z1": 191}
    assert answer.explanation.nearest.delta.params == 191 * 17 - 50 * 65 == -3


def test_with_the_pool_in_the_original_parameters_keep_the_features() -> None:
    original = network(conv(6, 3), GLOBAL_POOL, *HEAD, resolution=5)
    for scope in ("network", "paper"):
        answer = solve(problem(original, approach="I", scope=scope), Settings())
        assert answer.rows == [(N, 50) for N in range(6, 11)]


def test_equation_6_by_hand() -> None:
    """9·6 + 6·50 + 50·10 = 854 = U1'²·6 + 16·Z1'; U1' = 5: 704/16 = 44."""
    answer = solve(problem(SMALL, approach="I", scope="paper", budget="flops"), Settings())
    expected = [
        (N, Z1) for N in range(6, 11) for Z1 in range(1, 51) if 6 * (N - 2) ** 2 + 16 * Z1 == 854
    ]
    assert answer.rows == expected
    assert (7, 44) in expected


def test_windows_before_the_pool_must_fit() -> None:
    original = network(conv(6, 3), conv(4, 3), *HEAD, resolution=9)
    asked = problem(
        original, approach="I", scope="paper", tolerance=1.0, ranges={"resolution": [3, 6]}
    )
    assert {row[0] for row in solve(asked, Settings()).rows} == {5, 6}
    refused = check.violations(ONE.constraints(asked), {"N": 4, "Z1": 50})
    assert refused == ["kernel 3 of conv2 does not fit its input"]


def test_without_a_convolution_there_is_nothing_to_cover() -> None:
    asked = problem(
        network(*HEAD), approach="I", scope="paper", min_coverage=1.0, ranges={"resolution": [9, 9]}
    )
    assert not [it for it in ONE.constraints(asked) if isinstance(it, MinCoverage)]
    assert solve(asked, Settings()).rows == [(9, 50)]
