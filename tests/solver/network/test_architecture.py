import math
from typing import Any

import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from solver.network.architecture import Architecture
from solver.network.schema import MAX_COUNT
from tests.solver.factories import FLATTEN, GLOBAL_POOL, NORM, RELU, conv, linear, network, pool
from tests.strategies import architectures


def refused(
    *layers: Any, resolution: Any = 8, channels: Any = 1, **more: Any
) -> dict[str, list[str]]:
    """Everything that is said of a network, by its place."""
    body = {"input": {"channels": channels, "resolution": resolution}, "layers": list(layers)}
    return reasons({**body, **more})


def reasons(body: Any) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as caught:
        Architecture.model_validate(body)
    found: dict[str, list[str]] = {}
    for error in caught.value.errors():
        found.setdefault("/".join(map(str, error["loc"])), []).append(error["msg"])
    return found


def test_what_is_left_out_takes_pytorchs_defaults() -> None:
    layers = network(
        {"type": "conv2d", "out_channels": 4, "kernel_size": 3},
        {"type": "max_pool2d", "kernel_size": 2},
        {"type": "dropout"},
        FLATTEN,
        {"type": "linear", "out_features": 3},
    ).model_dump()["layers"]
    assert layers[0] == {
        "name": "conv1",
        "type": "conv2d",
        "out_channels": 4,
        "kernel_size": 3,
        "stride": 1,
        "padding": 0,
        "dilation": 1,
        "groups": 1,
        "bias": True,
    }
    assert (layers[1]["stride"], layers[1]["padding"]) == (2, 0)
    assert layers[2]["p"] == 0.5
    assert layers[4]["bias"] is True


def test_missing_names_are_counted_per_kind_and_given_ones_stay() -> None:
    architecture = network(
        conv(), NORM, RELU, pool(), {"type": "dropout2d"}, conv(kernel_size=1, name="second"),
        pool(1, kind="avg"), conv(kernel_size=1), GLOBAL_POOL, FLATTEN, {"type": "dropout"},
        linear(), RELU, linear(),
    )  # fmt: skip
    assert [layer.name for layer in architecture.layers] == [
        "conv1", "norm1", "relu1", "pool1", "dropout1", "second",
        "pool2", "conv3", "pool3", "flatten1", "dropout2",
        "linear1", "relu2", "linear2",
    ]  # fmt: skip


def test_the_id_ignores_names_and_spelled_out_defaults() -> None:
    bare = network(conv(), pool(3))
    named = Architecture.model_validate(
        {
            "name": "mine",
            "description": "a network",
            "input": {"channels": 1, "resolution": 8},
            "layers": [conv(name="first", stride=1), pool(3, name="p", stride=3, padding=0)],
        }
    )
    assert named.id == bare.id


@pytest.mark.parametrize(
    "other",
    [
        network(conv(), pool(3), resolution=9),
        network(conv(), pool(3), channels=2),
        network(conv(5), pool(3)),
        network(conv(bias=True), pool(3)),
        network(conv(), pool(3, kind="avg")),
        network(conv(), pool(3), RELU),
        network(conv(), pool(3, stride=2)),
    ],
)
def test_the_id_tells_networks_apart_that_compute_something_else(other: Architecture) -> None:
    assert other.id != network(conv(), pool(3)).id


@settings(deadline=None, max_examples=30)
@given(architectures())
def test_a_dumped_architecture_validates_to_itself(architecture: Architecture) -> None:
    again = Architecture.model_validate_json(architecture.model_dump_json())
    assert again == architecture
    assert again.id == architecture.id


WHOLE_OR_PAIR = "expected a whole number from 1 to 65,536, or two of them: [height, width]"


def test_every_violated_rule_is_listed_at_once_with_its_place() -> None:
    found = refused(
        {**conv(), "kernel_size": "3"},
        {**conv(), "colour": 1},
        conv(groups=3),
        pool(2, padding=2),
        conv(name="class"),
        conv(name="twice"),
        conv(name="twice"),
        resolution=0,
        version=2,
    )
    assert found == {
        "input/resolution": ["expected a whole number from 1 to 65,536; this is 0"],
        "layers/0/kernel_size": [f"{WHOLE_OR_PAIR}; write 3"],
        "layers/1/colour": [
            "unknown key 'colour'; known are name, type, inputs, shares, kernel_size, "
            "out_channels, stride, padding, dilation, groups and bias"
        ],
        "layers/2/groups": ["3 groups do not divide 4 output channels"],
        "layers/3/padding": [
            "padding 2 is more than half of kernel 2; PyTorch refuses such a pool"
        ],
        "layers/4/name": ["'class' is a Python keyword; choose another name"],
        "layers/6/name": ["layers/5 has this name already; names are unique"],
        "version": ["unknown key 'version'; known are name, description, input and layers"],
    }


def test_what_stands_behind_a_refused_layer_is_not_judged_by_its_shape() -> None:
    assert list(refused(conv(kernel_size=9), conv(kernel_size=90))) == ["layers/0/kernel_size"]


def test_a_linear_layer_makes_shapes_known_again() -> None:
    found = refused(conv(kernel_size=9), FLATTEN, linear(), conv())
    assert found["layers/3"] == ["conv2d needs maps, but its input is flat (10 features)"]


@pytest.mark.parametrize(
    ("layer", "fits", "reason"),
    [
        (conv(kernel_size=9), 9, "kernel 9 does not fit its 8×8 input"),
        (conv(kernel_size=9, padding=1), 7, "kernel 9 does not fit its 6×6 input padded by 1"),
        (conv(dilation=3), 7, "kernel 3 (dilated to 7) does not fit its 6×6 input"),
        (pool(5), 5, "kernel 5 does not fit its 4×4 input"),
        (pool(4, padding=1, kind="avg"), 2, "kernel 4 does not fit its 1×1 input padded by 1"),
    ],
)
def test_a_window_fits_its_padded_input_or_is_refused(
    layer: dict[str, Any], fits: int, reason: str
) -> None:
    assert network(layer, resolution=fits)
    assert refused(layer, resolution=fits - 1) == {"layers/0/kernel_size": [reason]}


@pytest.mark.parametrize("kernel", [2, 3, 4, 5])
def test_a_pool_is_padded_by_half_its_kernel_at_most(kernel: int) -> None:
    half = kernel // 2
    assert network(pool(kernel, padding=half))
    assert list(refused(pool(kernel, padding=half + 1))) == ["layers/0/padding"]


def test_groups_divide_the_channels_on_both_sides() -> None:
    assert network(conv(6, groups=3), channels=3)
    assert refused(conv(6, groups=3), channels=4) == {
        "layers/0/groups": ["3 groups do not divide 4 input channels"]
    }
    assert refused(conv(4, groups=3), channels=3) == {
        "layers/0/groups": ["3 groups do not divide 4 output channels"]
    }
    both = refused(conv(4, groups=3), channels=4)
    assert len(both["layers/0/groups"]) == 2


def test_linear_layers_need_a_flat_input_and_the_others_maps() -> None:
    assert refused(conv(), linear()) == {
        "layers/1": [
            "linear needs a flat input, but gets 4 maps of 6×6; put a flatten layer before it"
        ]
    }
    for layer in (conv(), pool(), NORM, GLOBAL_POOL, {"type": "dropout2d"}):
        assert list(refused(FLATTEN, layer)) == ["layers/1"]
    assert network(FLATTEN, RELU, {"type": "dropout"}, FLATTEN, linear())


@pytest.mark.parametrize("value", ["3", 3.0, 3.5, True, None, [3]])
@pytest.mark.parametrize("field", ["out_channels", "kernel_size", "stride", "padding", "groups"])
def test_a_size_is_an_integer_and_nothing_that_looks_like_one(field: str, value: object) -> None:
    assert list(refused({**conv(), field: value})) == [f"layers/0/{field}"]


@pytest.mark.parametrize(
    ("layer", "field"),
    [
        (conv(-1), "out_channels"),
        (conv(0), "out_channels"),
        (conv(1_000_001), "out_channels"),
        (conv(kernel_size=0), "kernel_size"),
        (conv(stride=0), "stride"),
        (conv(padding=-1), "padding"),
        (conv(dilation=0), "dilation"),
        (conv(groups=0), "groups"),
        (pool(0), "kernel_size"),
        (pool(stride=0), "stride"),
        (pool(padding=-1), "padding"),
        (linear(0), "out_features"),
        (linear(10_000_001), "out_features"),
        (conv(bias=1), "bias"),
        (conv(bias="yes"), "bias"),
        (conv(name="2nd"), "name"),
        (conv(name="a b"), "name"),
        (conv(name="a\n"), "name"),
        (conv(name=""), "name"),
    ],
)
def test_what_no_layer_can_have_is_refused_at_its_place(layer: dict[str, Any], field: str) -> None:
    assert f"layers/0/{field}" in refused(layer)


@pytest.mark.parametrize("p", [math.nan, math.inf, -0.1, 1.0, 1, "0.5", True, False, None])
@pytest.mark.parametrize("kind", ["dropout", "dropout2d"])
def test_a_dropout_probability_is_a_number_from_zero_to_below_one(kind: str, p: object) -> None:
    assert list(refused({"type": kind, "p": p})) == ["layers/0/p"]
    assert network({"type": kind, "p": 0}, {"type": kind, "p": 0.99})


@pytest.mark.parametrize("body", [None, 5, "text", [], {}, {"input": {}}, {"layers": 3}])
def test_what_is_no_network_at_all_is_refused_without_a_crash(body: object) -> None:
    assert reasons(body)


def test_a_network_has_layers_of_known_types() -> None:
    assert list(refused()) == ["layers"]
    found = refused({"type": "conv3d"}, {"out_channels": 3}, 7)
    assert list(found) == ["layers/0/type", "layers/1/type", "layers/2"]


def test_an_inferred_name_passes_over_one_that_is_taken() -> None:
    found = network(conv(), conv(kernel_size=1, name="conv1"), conv(kernel_size=1))
    assert [layer.name for layer in found.layers] == ["conv2", "conv1", "conv3"]


def test_architectures_are_frozen() -> None:
    with pytest.raises(ValidationError):
        network(conv()).name = "other"  # type: ignore[misc]


def test_the_largest_count_is_the_largest_that_json_keeps_exact() -> None:
    assert float(MAX_COUNT) == MAX_COUNT
    assert float(MAX_COUNT + 2) != MAX_COUNT + 2
