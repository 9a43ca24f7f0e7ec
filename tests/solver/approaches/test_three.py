import pytest

from solver.answers import check
from solver.answers.search import solve
from solver.approaches import APPROACHES
from solver.constraints.widths import DivisibleByGroups
from solver.network import counting
from solver.network.architecture import MAX_LAYERS, Architecture
from solver.problem import Settings
from tests.solver.factories import (
    FLATTEN,
    GLOBAL_POOL,
    NORM,
    RELU,
    conv,
    linear,
    network,
    pool,
    problem,
    sides_of,
)

THREE = APPROACHES["III"]
SYMBOLS = ("N", "K1", "C1", "P1", "S1", "Cp", "Pp", "Sp")
PLAIN = network(conv(16, 3), RELU, conv(4, 2), FLATTEN, linear(5), resolution=8, channels=3)


def values(*row: int) -> dict[str, int]:
    return dict(zip(SYMBOLS, row, strict=True))


def test_the_unknowns_are_those_of_equation_13_after_the_resolution() -> None:
    assert THREE.symbols == SYMBOLS
    assert THREE.width == "K1"


@pytest.mark.parametrize(
    ("layers", "reason"),
    [
        ([FLATTEN, linear()], "changes the first convolution; this network has none"),
        ([conv(), RELU, GLOBAL_POOL], "needs a convolution or a linear layer behind it"),
        ([*[RELU] * (MAX_LAYERS - 2), conv(), conv()], "4096 at most"),
    ],
)
def test_a_network_that_does_not_suit_it_is_told_why(layers: list[object], reason: str) -> None:
    place, found = THREE.misfit(network(*layers, resolution=9)) or ((), "")
    assert place == ("layers",)
    assert reason in found


def test_one_convolution_and_a_linear_layer_are_enough() -> None:
    assert THREE.misfit(network(conv(), FLATTEN, linear())) is None


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        ([conv(6, 3)], [conv(4, 2)]),
        ([conv(6, 3), NORM, RELU], [conv(4, 2)]),
        ([conv(6, 3), RELU, NORM], [pool(2), conv(4, 2)]),
        ([pool(2, stride=1), conv(6, 3), RELU], [{"type": "dropout2d"}, RELU, FLATTEN, linear()]),
    ],
)
def test_the_pool_stands_behind_the_norm_and_the_activation(
    before: list[object], behind: list[object]
) -> None:
    original = network(*before, *behind, resolution=8)
    found = THREE.template(original).architecture(values(12, 4, 5, 1, 2, 3, 1, 1))
    kept = [layer.type for layer in original.layers]
    kinds = [layer.type for layer in found.layers]
    assert kinds == [*kept[: len(before)], "max_pool2d", *kept[len(before) :]]
    dumped = found.layers[len(before)].model_dump(exclude={"type", "name"})
    assert dumped == {"kernel_size": 3, "padding": 1, "stride": 1}
    assert found.layers[len(before) + 1 :] == original.layers[len(before) :]


def test_the_pools_name_is_free_and_the_other_layers_keep_theirs() -> None:
    original = network(conv(6, 3), pool(2), {**RELU, "name": "pool2"}, conv(4, 1), resolution=8)
    found = THREE.template(original).architecture(values(9, 4, 4, 1, 1, 2, 0, 1))
    assert [layer.name for layer in found.layers] == ["conv1", "pool3", "pool1", "pool2", "conv2"]
    assert Architecture.model_validate(found.model_dump()).layers == found.layers


def test_sides_are_symbols_to_the_pool_and_the_originals_behind_it() -> None:
    template = THREE.template(PLAIN)
    sides = sides_of(template)
    assert [side.value for side in sides] == [None, None, None, 6, 5, 1, 1]
    assert sides[1].symbols == sides[2].symbols == {"side1"}


def test_the_next_weighted_layer_takes_the_filters_that_are_left() -> None:
    weight, rest = THREE.template(PLAIN).symbols.params.collect("K1")
    assert weight.terms == {("C1", "C1"): 3, (): 4 * 4}
    assert rest.terms == {(): 4 * 25 * 5 + 5}
    original = network(conv(16, 3, bias=True), NORM, RELU, FLATTEN, linear(5), resolution=8)
    weight, rest = THREE.template(original).symbols.params.collect("K1")
    assert weight.terms == {("C1", "C1"): 1, (): 1 + 2 + 36 * 5}
    assert rest.terms == {(): 5}


def test_pooling_costs_its_input_as_asked() -> None:
    template = THREE.template(PLAIN)
    with_pool, without = (
        template.symbols.flops(count_pooling=counted) for counted in (True, False)
    )
    assert (with_pool + -1 * without).terms == {("K1", "side1", "side1"): 1}


def test_a_width_stays_divisible_by_the_groups_on_both_of_its_sides() -> None:
    original = network(conv(6, 3, groups=3), conv(8, 2, groups=2), conv(8, 1, groups=4), channels=3)
    rules = [
        rule
        for rule in THREE.constraints(problem(original, approach="III"))
        if isinstance(rule, DivisibleByGroups)
    ]
    assert rules == [DivisibleByGroups("K1", 2), DivisibleByGroups("K1", 3)]


def test_equation_9_by_hand() -> None:
    """16·3² = 144 = K1'·C1'²: 9·4² and 4·6², and no others."""
    answer = solve(problem(PLAIN, approach="III", scope="paper"), Settings())
    assert answer.outcome == "complete"
    assert {row[1:3] for row in answer.rows} == {(9, 4), (4, 6)}


def test_equation_14_by_hand() -> None:
    """6²·3²·3·K1 = 972·K1; with 7² maps and 4² kernels 7²·(16·3 + 1) = 2,401 a filter."""
    original = network(conv(2_401, 3), conv(1, 1), resolution=8, channels=3)
    answer = solve(
        problem(
            original,
            approach="III",
            scope="paper",
            budget="flops",
            ranges={
                "resolution": [10, 10],
                "kernel_size": [4, 4],
                "padding": [0, 0],
                "stride": [1, 1],
                "pool_padding": [0, 0],
            },
        ),
        Settings(),
    )
    assert answer.rows == [(10, 972, 4, 0, 1, 2, 0, 1)]


def test_the_whole_network_loses_inputs_where_the_equation_does_not_look() -> None:
    exact = solve(problem(PLAIN, approach="III", scope="paper"), Settings())
    template = THREE.template(PLAIN)
    for assignment in exact.assignments():
        lost = counting.params(PLAIN) - counting.params(template.architecture(assignment))
        assert lost == (16 - assignment["K1"]) * 4 * 4


def test_every_requirement_that_is_not_met_is_named() -> None:
    asked = problem(PLAIN, approach="III", ranges={"pool_kernel_size": [1, 8]})
    found = check.violations(THREE.constraints(asked), values(9, 500, 3, 1, 1, 1, 1, 9))
    assert found[:4] == [
        "Sp' = 9 is outside 1..5",
        "C1' = 3 is not larger than C1 = 3",
        "a pool with Cp = 1 is none",
        "Pp = 1 is more than half of Cp = 1; PyTorch refuses such a pool",
    ]
    assert found[4] == "the map after pool1 is 2, not 6"
    assert found[5].startswith("equal params: ")


def test_what_the_pool_may_be_blocks_by_its_ranges() -> None:
    ranges = {"pool_kernel_size": [2, 3], "pool_padding": [2, 3]}
    answer = solve(problem(PLAIN, approach="III", tolerance=1.0, ranges=ranges), Settings())
    assert answer.outcome == "infeasible"
    assert answer.explanation is not None
    assert answer.explanation.blocking == ["ranges.pool_kernel_size", "ranges.pool_padding"]
