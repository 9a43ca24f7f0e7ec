from fractions import Fraction
from itertools import product

import pytest

from solver.network.architecture import Architecture
from solver.network.counting import count
from solver.network.layers import Pool2d
from solver.survey.grid import FIELDS, Grid, fields_of, misfit, names_for
from tests.solver.factories import FLATTEN, RELU, conv, linear, network, pool

ORIGINAL = network(
    pool(2, stride=1), conv(4, 3, name="stem"), RELU, conv(6, 2), conv(8, 1), FLATTEN, linear()
)
AXES = {"resolution": (6, 8), "conv1.out_channels": (4, 5, 6), "conv2.padding": (0, 1)}
GRID = Grid(ORIGINAL, AXES)


def test_the_first_two_convolutions_can_be_varied_whatever_their_names() -> None:
    places = fields_of(ORIGINAL)
    assert places["conv1.kernel_size"] == (1, "kernel_size")
    assert places["conv2.groups"] == (3, "groups")
    assert len(places) == 2 * len(FIELDS)
    assert len(fields_of(network(conv(), RELU))) == len(FIELDS)
    assert fields_of(network(RELU)) == {}


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("resolution", ["resolution"]),
        ("stride", ["conv1.stride", "conv2.stride"]),
        ("conv2.stride", ["conv2.stride"]),
        ("conv3.stride", []),
        ("bias", []),
        ("conv1", []),
        ("", []),
    ],
)
def test_a_bare_name_stands_for_the_field_of_each_convolution(name: str, fields: list[str]) -> None:
    assert names_for(ORIGINAL, name) == fields


LENET = network(
    *(conv(4, 3), RELU, pool(2), pool(3, stride=1)),
    *(conv(6, 2), pool(2, "avg", stride=1), RELU),
    *(conv(8, 1), pool(2), FLATTEN, linear()),
    resolution=16,
)


def test_a_pool_belongs_to_the_convolution_before_it() -> None:
    places = fields_of(LENET)
    assert places["pool1.kernel_size"] == (2, "kernel_size")
    assert places["pool2.kernel_size"] == (5, "kernel_size")
    assert "pool2.kernel_size" not in fields_of(network(conv(4, 2), conv(4, 1), conv(4, 2), pool()))


def test_a_bare_kernel_size_is_the_convolutions_and_pools_have_a_name_of_their_own() -> None:
    assert names_for(LENET, "kernel_size") == ["conv1.kernel_size", "conv2.kernel_size"]
    assert names_for(LENET, "pool_kernel_size") == ["pool1.kernel_size", "pool2.kernel_size"]
    assert names_for(LENET, "pool2.kernel_size") == ["pool2.kernel_size"]
    assert names_for(ORIGINAL, "pool_kernel_size") == []


def test_the_stride_of_a_pool_follows_its_kernel_if_both_are_equal() -> None:
    grid = Grid(LENET, {"pool1.kernel_size": (1, 2, 3), "pool2.kernel_size": (3,)})
    members = [grid.member(number) for number in range(grid.size)]
    pools = [[member.layers[place] for place in (2, 5)] for member in members]
    sizes = [
        [(it.kernel_size, it.stride) for it in both if isinstance(it, Pool2d)] for both in pools
    ]
    assert sizes == [[(1, 1), (3, 1)], [(2, 2), (3, 1)], [(3, 3), (3, 1)]]
    assert grid.own == {"pool1.kernel_size": 2, "pool2.kernel_size": 2}
    assert [grid.fault(number) is None for number in range(grid.size)] == [True, True, False]


def test_a_pool_of_kernel_1_leaves_the_map_as_it_is() -> None:
    body = network(conv(4, 3), pool(2), FLATTEN, linear())
    without = network(conv(4, 3), FLATTEN, linear())
    member = Grid(body, {"pool1.kernel_size": (1,)}).member(0)
    assert count(member).params == count(without).params


def test_a_value_that_no_network_has_is_refused_in_words() -> None:
    assert misfit("conv1.kernel_size", 0) == (
        "expected a whole number from 1 to 65,536, or two of them: [height, width]; this is 0"
    )
    assert misfit("resolution", 70_000) == (
        "expected a whole number from 1 to 65,536; this is 70,000"
    )
    assert (
        misfit("pool_kernel_size", 0) == misfit("pool1.kernel_size", 0) == misfit("kernel_size", 0)
    )
    assert misfit("conv1.padding", 0) is misfit("resolution", 5) is misfit("groups", 8) is None


def test_members_are_all_combinations_in_the_order_of_the_fields() -> None:
    assert GRID.size == 12
    found = [tuple(GRID.values(number).values()) for number in range(GRID.size)]
    assert found == list(product(*AXES.values()))
    assert list(GRID.values(0)) == list(AXES)


def test_a_member_differs_from_the_original_in_these_fields_alone() -> None:
    member = GRID.member(11)
    layers = [*ORIGINAL.model_dump()["layers"]]
    layers[1] |= {"out_channels": 6}
    layers[3] |= {"padding": 1}
    body = {"input": {"channels": 1, "resolution": 8}, "layers": layers}
    assert member == Architecture.model_validate(body)


def test_a_member_has_the_name_of_none() -> None:
    named = ORIGINAL.model_copy(update={"name": "mine", "description": "of my own"})
    assert Grid(named, AXES).member(0) == GRID.member(0)


def test_a_member_is_judged_as_any_network() -> None:
    grid = Grid(ORIGINAL, {"conv1.kernel_size": (3, 7, 8), "conv2.groups": (1, 3)})
    faults = [grid.fault(number) for number in range(grid.size)]
    assert faults[0] is None
    assert faults[1] == "layers/3/groups: 3 groups do not divide 4 input channels"
    assert faults[4] == "layers/1/kernel_size: kernel 8 does not fit its 7×7 input"


def test_a_member_that_is_too_large_to_count_is_no_valid_network() -> None:
    grid = Grid(network(conv(), conv(10**6, 1)), {"conv1.out_channels": (10**6,)})
    assert grid.fault(0) is None
    grid = Grid(network(conv(), conv(10**6, 200), resolution=2000), grid.axes)
    assert "2^53" in (grid.fault(0) or "")


def test_the_nearest_has_the_fewest_fields_changed_then_the_least_relative_difference() -> None:
    grid = Grid(ORIGINAL, {"conv1.out_channels": (2, 4, 5), "conv2.padding": (0, 1, 2)})
    assert [grid.distance(number) for number in range(grid.size)] == [
        (1, Fraction(1, 2), 0),
        (2, Fraction(3, 2), 1),
        (2, Fraction(5, 2), 2),
        (0, Fraction(0), 3),
        (1, Fraction(1), 4),
        (1, Fraction(2), 5),
        (1, Fraction(1, 4), 6),
        (2, Fraction(5, 4), 7),
        (2, Fraction(9, 4), 8),
    ]


def test_of_equally_near_members_the_first_of_the_grid_is_nearest() -> None:
    grid = Grid(ORIGINAL, {"conv1.out_channels": (3, 5)})
    assert grid.distance(0) < grid.distance(1)
