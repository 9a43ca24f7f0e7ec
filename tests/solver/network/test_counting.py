from itertools import takewhile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.network import counting
from solver.network.architecture import Architecture
from solver.network.schema import MAX_COUNT
from tests import exhaustive
from tests.solver.factories import FLATTEN, GLOBAL_POOL, NORM, RELU, conv, linear, network, pool
from tests.strategies import architectures


def lenet() -> Architecture:
    """LeNet-5 with ReLUs on 32×32 images."""
    return network(
        conv(6, 5, bias=True), RELU, pool(2, kind="avg"),
        conv(16, 5, bias=True), RELU, pool(2, kind="avg"),
        FLATTEN, linear(120), RELU, linear(84), RELU, linear(10),
        resolution=32,
    )  # fmt: skip


def test_lenet_5_counts_as_worked_out_by_hand() -> None:
    params = 6 * (25 + 1) + 16 * (6 * 25 + 1) + 120 * (400 + 1) + 84 * (120 + 1) + 10 * (84 + 1)
    macs = 28**2 * 150 + 10**2 * 2400 + 400 * 120 + 120 * 84 + 84 * 10
    biases = 28**2 * 6 + 10**2 * 16 + 120 + 84 + 10
    pooling = 28**2 * 6 + 10**2 * 16
    assert params == 61_706
    assert counting.count(lenet()) == counting.Counts(
        params=params, macs=macs, flops=macs + biases + pooling, activations=28**2 * 6 + 14**2 * 6
    )
    assert counting.flops(lenet(), count_pooling=False) == macs + biases


def test_lenet_5_is_described_layer_by_layer() -> None:
    rows = [
        (row.name, row.output, row.params, row.macs, row.flops, row.receptive_field)
        for row in counting.describe(lenet())
    ]
    assert rows == [
        ("conv1", [6, 28, 28], 156, 117_600, 122_304, 5),
        ("relu1", [6, 28, 28], 0, 0, 0, 5),
        ("pool1", [6, 14, 14], 0, 0, 4_704, 6),
        ("conv2", [16, 10, 10], 2_416, 240_000, 241_600, 14),
        ("relu2", [16, 10, 10], 0, 0, 0, 14),
        ("pool2", [16, 5, 5], 0, 0, 1_600, 16),
        ("flatten1", [400], 0, 0, 0, 16),
        ("linear1", [120], 48_120, 48_000, 48_120, 32),
        ("relu3", [120], 0, 0, 0, 32),
        ("linear2", [84], 10_164, 10_080, 10_164, 32),
        ("relu4", [84], 0, 0, 0, 32),
        ("linear3", [10], 850, 840, 850, 32),
    ]
    assert counting.receptive_field(lenet()) == 16


def test_a_bias_free_network_costs_its_multiply_adds() -> None:
    architecture = network(
        conv(36, 3, padding=1), RELU, conv(20, 3, padding=1), RELU,
        FLATTEN, linear(50, bias=False), RELU, linear(10, bias=False),
        resolution=16, channels=3,
    )  # fmt: skip
    macs = 16**2 * (27 * 36) + 16**2 * (9 * 36 * 20) + 16**2 * 20 * 50 + 500
    counts = counting.count(architecture)
    assert counts.params == 27 * 36 + 9 * 36 * 20 + 16**2 * 20 * 50 + 500
    assert counts.macs == counts.flops == macs


@pytest.mark.parametrize("layer", [pool(2), pool(3, kind="avg", stride=1), GLOBAL_POOL])
def test_pooling_costs_its_inputs_elements(layer: dict[str, object]) -> None:
    architecture = network(layer, resolution=8, channels=3)
    assert counting.flops(architecture) == 8 * 8 * 3
    assert counting.flops(architecture, count_pooling=False) == 0
    assert counting.params(architecture) == counting.macs(architecture) == 0


def test_the_papers_pooling_example_costs_1_6_mega_flops() -> None:
    assert counting.flops(network(pool(2), resolution=112, channels=128)) == 1_605_632


def test_batch_norm_has_two_learned_values_a_channel_and_costs_no_flops() -> None:
    counts = counting.count(network(NORM, channels=5))
    assert (counts.params, counts.macs, counts.flops) == (10, 0, 0)


def test_groups_divide_the_weights_of_a_convolution() -> None:
    whole, grouped = (
        counting.count(network(conv(6, 3, groups=groups), channels=6)) for groups in (1, 3)
    )
    assert (whole.params, grouped.params) == (6 * 9 * 6, 6 * 9 * 2)
    assert grouped.macs * 3 == whole.macs


def test_activations_are_the_largest_sum_of_an_input_and_an_output_that_is_no_rewrite() -> None:
    architecture = network(conv(4, 3), pool(2, stride=1), resolution=8)
    assert counting.count(architecture).activations == 4 * 6 * 6 + 4 * 5 * 5
    assert counting.count(network(conv(4, 3), resolution=8)).activations == 8 * 8 + 4 * 6 * 6
    rewriting = network(conv(4, 3), NORM, RELU, conv(1, 6), resolution=8)
    assert counting.count(rewriting).activations == 8 * 8 + 4 * 6 * 6


def test_the_receptive_field_grows_by_the_strides_before_it() -> None:
    architecture = network(conv(4, 3, stride=2), conv(4, 3, dilation=2), resolution=16)
    assert [row.receptive_field for row in counting.describe(architecture)] == [3, 3 + 4 * 2]


def test_a_global_pool_and_a_linear_layer_see_the_whole_map() -> None:
    pooled = network(conv(4, 3, stride=2), GLOBAL_POOL, conv(4, 1), FLATTEN, linear(), resolution=9)
    assert [row.receptive_field for row in counting.describe(pooled)] == [3, 9, 9, 9, 9]
    flat = network(conv(4, 3, stride=2), FLATTEN, linear(), linear(), resolution=9)
    assert [row.receptive_field for row in counting.describe(flat)] == [3, 3, 9, 9]


def test_padding_counts_in_a_receptive_field() -> None:
    assert counting.receptive_field(network(conv(4, 9, padding=3), resolution=4)) == 9


@pytest.mark.parametrize(
    ("fields", "resolution", "read"),
    [
        ({"kernel_size": 3}, 8, 8),
        ({"kernel_size": 3, "stride": 3}, 9, 9),
        ({"kernel_size": 3, "stride": 3}, 11, 9),  # the last two rows begin no window
        ({"kernel_size": 2, "stride": 3}, 8, 6),  # 0 1, 3 4, 6 7
        ({"kernel_size": 1, "stride": 5}, 11, 3),
        ({"kernel_size": 2, "stride": 3, "padding": 1}, 8, 5),  # 0, 2 3, 5 6
        ({"kernel_size": 3, "stride": 2, "dilation": 2}, 9, 5),  # the even ones
        ({"kernel_size": 3, "stride": 2, "dilation": 3}, 12, 9),  # 0 3 6, 2 5 8, 4 7 10
        ({"kernel_size": 2, "stride": 4, "dilation": 2}, 9, 4),  # 0 2, 4 6
    ],
)
def test_coverage_is_the_share_of_rows_that_conv1_reads(
    fields: dict[str, int], resolution: int, read: int
) -> None:
    architecture = network(conv(4, **fields), resolution=resolution)
    assert counting.coverage(architecture) == read / resolution


def test_coverage_is_followed_through_the_layers_before_conv1() -> None:
    pooled = network(pool(1, stride=2), NORM, conv(4, 2, stride=3), resolution=12)
    assert counting.coverage(pooled) == 4 / 12  # rows 0 1, 3 4 of six: 0 2 6 8 of twelve
    assert counting.coverage(network(GLOBAL_POOL, conv(4, 1), resolution=12)) == 1.0


def test_a_network_without_convolutions_covers_its_input() -> None:
    assert counting.coverage(network(FLATTEN, linear())) == 1.0


def test_what_is_behind_the_first_convolution_takes_no_part_in_coverage() -> None:
    architecture = network(conv(4, 3), conv(4, 1, stride=5), resolution=12)
    assert counting.coverage(architecture) == 1.0


@pytest.mark.slow
@settings(deadline=None, max_examples=100)
@given(architectures())
def test_counts_equal_those_of_a_plain_walk_through_the_layers(architecture: Architecture) -> None:
    channels, resolution = architecture.input.channels, architecture.resolution
    for count_pooling in (True, False):
        cost = exhaustive.walk(exhaustive.plain(architecture), channels, resolution, count_pooling)
        assert cost is not None
        counts = counting.count(architecture, count_pooling=count_pooling)
        assert (counts.params, counts.flops) == (cost.params, cost.flops)


@pytest.mark.slow
@settings(deadline=None, max_examples=100)
@given(architectures(), st.data())
def test_layers_are_counted_in_parts_as_they_are_as_a_whole(
    architecture: Architecture, data: st.DataObject
) -> None:
    walk = counting.walk(architecture)
    cut = data.draw(st.integers(0, len(walk.layers)))
    behind = tuple((place,) for place in range(len(walk.layers) - cut))
    for count_pooling in (True, False):
        whole = counting.span(walk, count_pooling=count_pooling)
        front = counting.Walk(walk.layers[:cut], walk.links[:cut], walk.image)
        first = counting.span(front, count_pooling=count_pooling)
        rest = counting.Walk(walk.layers[cut:], behind, first.output)
        assert first.then(counting.span(rest, count_pooling=count_pooling)) == whole
        assert whole.counts == counting.count(architecture, count_pooling=count_pooling)


@pytest.mark.slow
@settings(deadline=None, max_examples=100)
@given(architectures())
def test_the_receptive_field_is_that_of_the_last_layer_before_a_linear_one(
    architecture: Architecture,
) -> None:
    rows = counting.describe(architecture)
    before = list(takewhile(lambda row: row.type != "linear", rows))
    expected = before[-1].receptive_field if before else 1
    assert counting.receptive_field(architecture) == expected


@pytest.mark.slow
@settings(deadline=None, max_examples=200)
@given(architectures(max_resolution=40))
def test_coverage_is_that_of_walking_back_row_by_row(architecture: Architecture) -> None:
    assert counting.coverage(architecture) == share_of_rows(architecture)


def share_of_rows(architecture: Architecture) -> float:
    """Rows that conv1 reads, as sets: what a row reads, through each layer before it."""
    kinds = [layer.type for layer in architecture.layers]
    if "conv2d" not in kinds:
        return 1.0
    sides = [shape[1] for shape in counting.shapes(architecture) if len(shape) > 1]
    first = kinds.index("conv2d")
    rows = set(range(sides[first + 1]))
    for index in range(first, -1, -1):
        layer, side = architecture.layers[index].model_dump(), sides[index]
        if layer["type"] == "global_avg_pool2d":
            rows = set(range(side)) if rows else set()
        elif "kernel_size" in layer:
            dilation = layer.get("dilation", 1)
            tops = [row * layer["stride"] - layer["padding"] for row in rows]
            taps = [tap * dilation for tap in range(layer["kernel_size"])]
            rows = {top + tap for top in tops for tap in taps} & set(range(side))
    return len(rows) / architecture.resolution


@settings(deadline=None, max_examples=50)
@given(architectures())
def test_a_network_costs_the_sum_of_its_layers(architecture: Architecture) -> None:
    counts, rows = counting.count(architecture), counting.describe(architecture)
    assert sum(row.params for row in rows) == counts.params
    assert sum(row.macs for row in rows) == counts.macs
    assert sum(row.flops for row in rows) == counts.flops
    assert 0 <= counting.coverage(architecture) <= 1


def test_counts_that_json_cannot_keep_exact_are_an_error_and_the_largest_below_is_not() -> None:
    wide = network(conv(1_000_000, 1), resolution=65_536)
    assert counting.macs(wide) <= MAX_COUNT < counting.count(wide).macs * 3
    with pytest.raises(OverflowError, match=r"exceeds 2\^53"):
        counting.count(network(conv(1_000_000, 1), resolution=65_536, channels=3))
