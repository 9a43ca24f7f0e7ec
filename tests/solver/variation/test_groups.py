"""Width groups: the rule of each layer, and counts as polynomials of the widths."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from solver.network.architecture import Architecture
from solver.network.counting import count, macs
from solver.network.widths import MAX_SEGMENTS
from solver.variation.grouping import Grouped, Squeeze
from solver.variation.groups import WidthGroups, image_at
from solver.variation.polynomial import Polynomial
from solver.variation.template import MisfitError
from tests.graphs import graphs
from tests.solver.factories import FLATTEN, GLOBAL_POOL, RELU, conv

LINEAR = {"type": "linear", "out_features": 10, "name": "fc"}


def named(name: str, width: int, kernel_size: int = 1, **fields: Any) -> dict[str, Any]:
    return conv(width, kernel_size, name=name, **fields)


def add(*inputs: str, kind: str = "add") -> dict[str, Any]:
    return {"type": kind, "name": "_".join((kind, *inputs)), "inputs": [*inputs]}


def network(
    *layers: Mapping[str, Any], head: bool = True, channels: int = 3, **image: int
) -> Architecture:
    size = image or {"resolution": 8}
    end = [GLOBAL_POOL, FLATTEN, LINEAR] if head else []
    document = {"input": {"channels": channels, **size}, "layers": [*layers, *end]}
    return Architecture.model_validate(document)


def widths(groups: WidthGroups) -> dict[str, int]:
    return dict(zip(groups.names, groups.sizes, strict=True))


def units(groups: WidthGroups) -> dict[str, int]:
    return dict(zip(groups.names, groups.units, strict=True))


def members(groups: WidthGroups) -> dict[str, tuple[str, ...]]:
    return dict(zip(groups.names, groups.members, strict=True))


def agrees(groups: WidthGroups, values: Mapping[str, int]) -> None:
    """The network with these widths is valid, and costs what the polynomials say."""
    made = groups.at(values)
    assert Architecture.model_validate(made.model_dump(mode="json")).id == made.id
    counts = count(made)
    assert groups.params().at(values) == counts.params
    assert groups.macs().at(values) == counts.macs == macs(made)
    assert groups.flops().at(values) == counts.flops
    without = count(made, count_pooling=False).flops
    assert groups.flops(count_pooling=False).at(values) == without


def test_what_is_added_has_one_width() -> None:
    groups = WidthGroups.of(
        network(named("a", 8), RELU, named("b", 6), named("c", 8), add("a", "c"), named("d", 5))
    )
    assert widths(groups) == {"a": 8, "b": 6, "d": 5}
    assert members(groups)["a"] == ("a", "c")
    agrees(groups, {"a": 11, "b": 2, "d": 7})


def test_the_image_and_the_output_are_frozen() -> None:
    groups = WidthGroups.of(network(named("a", 8)))
    assert groups.frozen == {"input": "the image", "fc": "the network's output (fc)"}
    assert widths(groups) == {"a": 8}


def test_what_is_added_to_the_image_is_frozen() -> None:
    groups = WidthGroups.of(network(named("a", 4), named("b", 3), add("input", "b")))
    assert widths(groups) == {"a": 4}
    assert groups.frozen["input"] == "the image"
    assert groups.groups[0].members == ("b",)


def test_depthwise_convolutions_keep_the_width_of_their_input() -> None:
    groups = WidthGroups.of(network(named("a", 4), named("b", 8, 3, groups=4), named("c", 5)))
    assert widths(groups) == {"a": 4, "c": 5}
    assert members(groups)["a"] == ("a", "b")
    assert groups.fields[1, "out_channels"] == Polynomial({("a",): 2})
    assert groups.fields[1, "groups"] == Polynomial.symbol("a")
    agrees(groups, {"a": 7, "c": 3})


def test_a_depthwise_convolution_of_the_image_has_widths_that_its_channels_divide() -> None:
    groups = WidthGroups.of(network(named("a", 6, 3, groups=3)))
    assert widths(groups) == {"a": 2}
    assert units(groups) == {"a": 3}
    agrees(groups, {"a": 5})


def gated(block: int, squeeze: int) -> Architecture:
    return network(
        named("block", block),
        {**GLOBAL_POOL, "name": "mean"},
        named("squeeze", squeeze, bias=True),
        RELU,
        named("expand", block),
        {"type": "sigmoid", "name": "gate"},
        add("gate", "block", kind="mul"),
    )


def test_a_squeeze_layer_has_a_width_of_its_own() -> None:
    groups = WidthGroups.of(gated(12, 4))
    assert widths(groups) == {"block": 12, "squeeze": 4}
    assert members(groups)["block"] == ("block", "expand")
    agrees(groups, {"block": 7, "squeeze": 5})


def test_a_squeeze_layer_may_keep_its_ratio() -> None:
    groups = WidthGroups.of(gated(12, 4), squeeze="ratio")
    assert widths(groups) == {"block": 4}
    assert units(groups) == {"block": 3}
    agrees(groups, {"block": 5})


def test_a_ratio_that_was_rounded_is_not_kept() -> None:
    assert widths(WidthGroups.of(gated(12, 5), squeeze="ratio")) == {"block": 12, "squeeze": 5}


def test_concatenated_channels_have_the_widths_of_their_layers() -> None:
    groups = WidthGroups.of(
        network(
            named("a", 4),
            named("b", 6, inputs=["input"]),
            add("a", "b", kind="concat"),
            named("c", 5),
        )
    )
    assert widths(groups) == {"a": 4, "b": 6, "c": 5}
    assert groups.params().terms["a", "c"] == groups.params().terms["b", "c"] == 1
    agrees(groups, {"a": 9, "b": 1, "c": 3})


def test_a_width_that_is_added_to_concatenated_ones_is_cut_into_parts() -> None:
    groups = WidthGroups.of(
        network(
            named("whole", 10),
            named("a", 4, inputs=["input"]),
            named("b", 6, inputs=["input"]),
            {**add("a", "b", kind="concat"), "name": "both"},
            add("whole", "both"),
        )
    )
    assert widths(groups) == {"whole.part1": 4, "whole.part2": 6}
    assert members(groups) == {"whole.part1": ("whole", "a"), "whole.part2": ("whole", "b")}
    agrees(groups, {"whole.part1": 7, "whole.part2": 2})


def test_chunks_and_shuffles_cut_channels_in_equal_parts() -> None:
    half = {"type": "chunk", "chunks": 2}
    groups = WidthGroups.of(
        network(
            named("a", 12),
            {**half, "index": 0, "name": "left"},
            {**half, "index": 1, "name": "right", "inputs": ["a"]},
            named("b", 6, 3, padding=1),
            {**add("left", "b", kind="concat"), "name": "both"},
            {"type": "channel_shuffle", "groups": 2},
            named("c", 5),
        )
    )
    assert widths(groups) == {"a": 6, "c": 5}
    assert units(groups)["a"] == 2
    assert members(groups)["a"] == ("a", "b")
    agrees(groups, {"a": 4, "c": 7})


def two_grouped() -> Architecture:
    return network(named("a", 12), named("b", 24, 3, groups=4), named("c", 5))


def test_grouped_convolutions_keep_the_width_of_their_groups() -> None:
    groups = WidthGroups.of(two_grouped())
    assert widths(groups) == {"a": 4, "c": 5}
    assert units(groups) == {"a": 3, "c": 1}
    assert groups.fields[1, "groups"] == Polynomial.symbol("a")
    agrees(groups, {"a": 7, "c": 2})


def test_grouped_convolutions_may_keep_the_number_of_their_groups() -> None:
    groups = WidthGroups.of(two_grouped(), grouped="number")
    assert widths(groups) == {"a": 3, "b": 6, "c": 5}
    assert units(groups) == {"a": 4, "b": 4, "c": 1}
    assert (1, "groups") not in groups.fields
    agrees(groups, {"a": 7, "b": 1, "c": 2})


def uneven(first: int, second: int) -> Architecture:
    """A convolution with 2 groups, of channels that two layers make."""
    return network(
        named("a", first),
        named("b", second, inputs=["input"]),
        add("a", "b", kind="concat"),
        named("c", 4, 3, groups=2),
    )


def test_groups_of_several_layers_channels_vary_with_each_layer() -> None:
    groups = WidthGroups.of(uneven(4, 4))
    assert widths(groups) == {"a": 1, "b": 1}
    assert groups.fields[3, "groups"] == Polynomial({("a",): 1, ("b",): 1})
    agrees(groups, {"a": 2, "b": 3})


def test_groups_that_lie_across_layers_are_refused_with_the_remedy() -> None:
    remedy = (
        r"^c: several layers make the 4 channels of one of its groups; ask for grouped \"number"
    )
    with pytest.raises(MisfitError, match=remedy):
        WidthGroups.of(uneven(3, 5))


def test_where_the_number_of_groups_stays_channels_that_it_does_not_divide_do_too() -> None:
    groups = WidthGroups.of(uneven(3, 5), grouped="number")
    assert widths(groups) == {"c": 2}
    reason = "a convolution with 2 groups, which do not divide its channels"
    assert (groups.frozen["a"], groups.frozen["b"]) == (reason, reason)
    agrees(groups, {"c": 3})


def test_flatten_multiplies_by_the_pixels_of_the_resolution() -> None:
    architecture = network(named("a", 4), FLATTEN, LINEAR, head=False, height=3, width=4)
    assert WidthGroups.of(architecture).params().terms["a",] == 3 + 12 * 10
    larger = WidthGroups.of(architecture, resolution=6)
    assert larger.image.shape == (3, 6, 8)
    assert larger.params().terms["a",] == 3 + 48 * 10
    agrees(larger, {"a": 5})


def test_the_longer_side_is_rounded_to_the_nearest() -> None:
    image = network(named("a", 1), height=66, width=200).input
    assert image_at(image, 99).shape == (3, 99, 300)
    assert image_at(image, 67).shape == (3, 67, 203)
    assert image_at(image, None) is image


def test_shared_weights_tie_widths_and_count_once() -> None:
    groups = WidthGroups.of(
        network(named("a", 4), named("b", 4, 3), named("c", 4, 3, shares="b"), named("d", 2))
    )
    assert widths(groups) == {"a": 4, "d": 2}
    assert groups.params().terms["a", "a"] == 9
    assert groups.macs().terms["a", "a"] == 9 * (36 + 16)
    agrees(groups, {"a": 6, "d": 3})


def test_a_step_is_smaller_where_the_network_has_a_width_that_it_does_not_divide() -> None:
    groups = WidthGroups.of(network(named("a", 16), named("b", 6), named("c", 10)))
    assert [groups.step(place, 8) for place in range(3)] == [8, 2, 2]


def test_a_step_is_one_of_channels() -> None:
    groups = WidthGroups.of(network(named("a", 32), named("b", 64, 3, groups=8), named("c", 4)))
    assert units(groups) == {"a": 4, "c": 1}
    assert groups.step(0, 8) == 2


def test_a_resolution_at_which_maps_do_not_agree_is_refused() -> None:
    strided = named("a", 4, 2, stride=2)
    pooled = {"type": "avg_pool2d", "kernel_size": 1, "stride": 2, "inputs": ["input"], "name": "p"}
    architecture = network(strided, pooled, add("a", "p", kind="concat"))
    assert widths(WidthGroups.of(architecture, resolution=10)) == {"a": 4}
    with pytest.raises(MisfitError, match="for 9×9 images, concat_a_p: concat needs maps of"):
        WidthGroups.of(architecture, resolution=9)


def test_channels_of_too_many_parts_are_refused_before_they_are_listed() -> None:
    pairs = [
        {"type": "concat", "inputs": [f"k{it}", f"k{it}"], "name": f"k{it + 1}"}
        for it in range(MAX_SEGMENTS.bit_length())
    ]
    both = {**add("a", "b", kind="concat"), "name": "k0"}
    architecture = network(named("a", 1), named("b", 1), both, *pairs)
    with pytest.raises(MisfitError, match=r"k\d+: channels are put together from too many layers"):
        WidthGroups.of(architecture)


@settings(max_examples=50, deadline=None)
@given(graphs(), st.data())
def test_any_widths_make_a_valid_network_that_costs_what_the_polynomials_say(
    architecture: Architecture, data: st.DataObject
) -> None:
    grouped: Grouped = data.draw(st.sampled_from(["width", "number"]))
    squeeze: Squeeze = data.draw(st.sampled_from(["free", "ratio"]))
    side = architecture.resolution + data.draw(st.integers(0, 3))
    try:
        groups = WidthGroups.of(architecture, resolution=side, grouped=grouped, squeeze=squeeze)
    except MisfitError:
        assume(False)
    assert all(size % groups.step(place, 8) == 0 for place, size in enumerate(groups.sizes))
    agrees(groups, widths(groups))
    drawn = {name: data.draw(st.integers(1, 2 * size)) for name, size in widths(groups).items()}
    agrees(groups, drawn)
