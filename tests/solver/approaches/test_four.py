import pytest

from solver.answers import check
from solver.approaches import APPROACHES
from solver.constraints.widths import DivisibleByGroups
from solver.network import counting
from solver.network.architecture import Architecture
from solver.network.layers import Conv2d
from solver.variation.polynomial import Polynomial
from solver.variation.unknown import MAX_WIDTH, Range
from tests.solver.factories import (
    FLATTEN,
    NORM,
    RELU,
    conv,
    linear,
    network,
    pool,
    problem,
    sides_of,
    template,
    two_convs,
)

FOUR = APPROACHES["IV"]
SYMBOLS = ("N", "K1", "C1", "P1", "S1", "C2", "P2", "S2")
K1 = FOUR.unknowns[1]


def values(*row: int) -> dict[str, int]:
    return dict(zip(SYMBOLS, row, strict=True))


def messages(architecture: Architecture, assignment: dict[str, int], **asked: object) -> list[str]:
    return check.violations(FOUR.constraints(problem(architecture, **asked)), assignment)


def test_the_unknowns_are_those_of_equation_20_after_the_resolution() -> None:
    assert FOUR.symbols == SYMBOLS


def test_a_network_with_fewer_than_two_convolutions_does_not_suit_it() -> None:
    for count, layers in ((0, [FLATTEN, linear()]), (1, [conv(), RELU])):
        place, reason = FOUR.misfit(network(*layers)) or ((), "")
        assert place == ("layers",)
        assert reason.endswith(f"this network has {count}")
    assert FOUR.misfit(two_convs()) is None


def test_a_variant_changes_the_first_two_convolutions_and_nothing_else() -> None:
    original = network(
        NORM, conv(6, 3, bias=True, dilation=2), NORM, RELU, pool(2), conv(8, 2, groups=2),
        conv(5, 2), FLATTEN, linear(7), resolution=16,
    )  # fmt: skip
    variant = template(original).architecture(values(20, 4, 5, 2, 3, 4, 1, 2))
    assert variant.resolution == 20
    assert variant.input.channels == original.input.channels
    changed = {
        index: new.model_dump(exclude={"name", "type"})
        for index, (new, old) in enumerate(zip(variant.layers, original.layers, strict=True))
        if new != old
    }
    assert changed == {
        1: {
            "out_channels": 4,
            "kernel_size": 5,
            "stride": 3,
            "padding": 2,
            "dilation": 2,
            "groups": 1,
            "bias": True,
        },
        5: {
            "out_channels": 8,
            "kernel_size": 4,
            "stride": 2,
            "padding": 1,
            "dilation": 1,
            "groups": 2,
            "bias": False,
        },
    }


def test_sides_are_symbols_to_the_junction_and_the_originals_behind_it() -> None:
    original = network(
        pool(2), conv(6, 3), RELU, pool(2), conv(8, 2), conv(5, 2), FLATTEN, linear(), resolution=16
    )
    sides = sides_of(template(original))
    assert [side.value for side in sides] == [None, None, None, None, None, 2, 1, 1, 1]
    symbols = [side.symbols for side in sides[:5]]
    assert symbols == [{"N"}, {"side1"}, {"side2"}, {"side2"}, {"side4"}]


def test_a_global_pool_between_makes_a_map_of_one_pixel() -> None:
    original = network(conv(), {"type": "global_avg_pool2d"}, conv(padding=1))
    assert [side.value for side in sides_of(template(original))] == [None, None, 1, 1]


def test_the_parameters_are_the_width_times_a_weight_and_a_rest() -> None:
    original = network(
        conv(16, 3, bias=True), NORM, conv(12, 3, bias=True), FLATTEN, linear(10),
        resolution=5, channels=3,
    )  # fmt: skip
    weight, rest = template(original).symbols.params.collect("K1")
    assert weight.terms == {("C1", "C1"): 3, ("C2", "C2"): 12, (): 1 + 2}
    assert rest.terms == {(): 12 + 12 * 10 + 10}
    assert counting.params(original) == 16 * (27 + 108 + 3) + 142 == 2_350
    printed = FOUR.budgets(problem(original, scope="paper"), template(original))["params"]
    assert printed.target == 16 * (27 + 108) == 2_160


def test_groups_divide_the_inputs_of_each_filter() -> None:
    original = network(conv(6, 3, groups=3), conv(8, 2, groups=2), channels=3)
    assert template(original).symbols.params.terms == {
        ("C1", "C1", "K1"): 3 // 3,
        ("C2", "C2", "K1"): 8 // 2,
    }


def test_a_width_stays_divisible_by_the_groups_on_both_of_its_sides() -> None:
    original = network(conv(6, 3, groups=3), conv(8, 2, groups=2), channels=3)
    rules = [
        rule for rule in FOUR.constraints(problem(original)) if isinstance(rule, DivisibleByGroups)
    ]
    assert rules == [DivisibleByGroups("K1", 2), DivisibleByGroups("K1", 3)]
    assert not [
        rule
        for rule in FOUR.constraints(problem(two_convs()))
        if isinstance(rule, DivisibleByGroups)
    ]


def test_a_depthwise_second_convolution_moves_along_with_the_width() -> None:
    original = network(conv(4, 3), conv(8, 3, groups=4), NORM, conv(3, 1), resolution=8)
    asked = {"tolerance": 1.0, "ranges": {"padding": [0, 1]}}
    fitting = values(9, 5, 4, 0, 1, 3, 0, 1)
    assert messages(original, fitting, **asked) == []
    _, depthwise, _, last = template(original).architecture(fitting).layers
    assert isinstance(depthwise, Conv2d)
    assert (depthwise.groups, depthwise.out_channels) == (5, 10)
    assert last == original.layers[-1]


def test_a_width_that_is_the_networks_output_stays() -> None:
    place, reason = FOUR.misfit(network(conv(4, 3), conv(4, 3, groups=4))) or ((), "")
    assert place == ("layers",)
    assert reason.endswith("the channels of conv1 are tied to the network's output (conv2)")


def test_dilations_stay_and_strides_change() -> None:
    original = network(
        conv(4, 3, dilation=2, stride=2), conv(4, 2, dilation=3, stride=2), resolution=24
    )
    fitting = values(25, 4, 4, 0, 2, 2, 0, 2)
    asked = {"tolerance": 1.0, "ranges": {"padding": [0, 1], "kernel_size": [2, 4]}}
    assert messages(original, fitting, **asked) == []
    variant = template(original).architecture(fitting)
    convolutions = [layer for layer in variant.layers if isinstance(layer, Conv2d)]
    assert [(layer.dilation, layer.stride) for layer in convolutions] == [(2, 2), (3, 2)]
    assert counting.shapes(variant)[-1] == counting.shapes(original)[-1]


def test_every_requirement_that_is_not_met_is_named() -> None:
    found = messages(two_convs(), values(99, 500, 3, 9, 9, 9, 0, 9))
    assert [reason.split(" ")[0] for reason in found[:6]] == [
        "N'",
        "P1'",
        "S1'",
        "C2'",
        "P2'",
        "S2'",
    ]
    assert "C1' = 3 is not larger than C1 = 3" in found
    assert any(reason.startswith("the map after conv2 is") for reason in found)
    assert any(reason.startswith("equal params: ") for reason in found)


def test_a_width_that_nothing_bounds_goes_from_one_to_what_a_layer_may_have() -> None:
    assert FOUR.bounds(K1, problem(two_convs())) == Range(1, MAX_WIDTH)
    bounded = problem(two_convs(), ranges={"out_channels": [2, 9]})
    assert FOUR.bounds(K1, bounded) == Range(2, 9)


def test_both_budgets_are_two_constraints_and_one_is_one() -> None:
    for budget, names in (
        ("params", ["equal params"]),
        ("flops", ["equal flops"]),
        ("both", ["equal params", "equal flops"]),
    ):
        constraints = FOUR.constraints(problem(two_convs(), budget=budget))
        assert [rule.name for rule in constraints if rule.name.startswith("equal")] == names


@pytest.mark.parametrize(("share", "posted"), [(0.0, False), (0.5, True)])
def test_coverage_is_a_constraint_where_it_is_asked_for(share: float, posted: bool) -> None:
    constraints = FOUR.constraints(problem(two_convs(), min_coverage=share))
    assert ("min_coverage" in [rule.name for rule in constraints]) is posted


def test_a_width_that_multiplies_itself_is_refused_with_the_layer() -> None:
    layers = [conv(4), {**conv(4, padding=1), "name": "square"}, {"type": "add"}, FLATTEN, linear()]
    layers[2] = {"type": "add", "inputs": ["conv1", "square"]}
    place, reason = APPROACHES["III"].misfit(network(*layers)) or ((), "")
    assert place == ("layers",)
    assert "square reads and makes the channels of conv1" in reason


def test_polynomials_add_multiply_and_collect() -> None:
    x, y = Polynomial.symbol("x"), Polynomial.symbol("y")
    product = (x + 2) * (3 * y + 1) + 5
    assert product.terms == {("x", "y"): 3, ("x",): 1, ("y",): 6, (): 7}
    weight, rest = product.collect("x")
    assert weight.terms == {("y",): 3, (): 1}
    assert rest.terms == {("y",): 6, (): 7}
    assert (x + -1 * x).terms == {}
    assert product.symbols == {"x", "y"}
    assert (product.value, Polynomial.constant(4).value, (x * 0).value) == (None, 4, 0)
