from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from solver.approaches import APPROACHES
from solver.network.architecture import Architecture
from solver.network.layers import LAYERS
from solver.network.schema import Schema
from solver.network.slips import right_key
from solver.problem import ObjectiveName, Ranges, SolveRequest
from tests.documents import ARCHITECTURE, SEARCH, assert_told, slips
from tests.solver.factories import FLATTEN, RELU, conv, linear

SIZE = "expected a whole number from 1 to 65,536, or two of them: [height, width]"
SIDE = "expected a whole number from 1 to 65,536"
SHARE = "expected a number from 0 to 1"
CHANNELS = "expected a whole number from 1 to 1,000,000"
IN = "expected two whole numbers of 0 or more: [low, high]"
TOLERANCE = 'expected a fraction such as 0.01, or {"below": 0.01, "above": 0}'


def said(schema: type[Schema], body: Any) -> dict[str, str]:
    """What is said of a document, by its place; of each place, once."""
    with pytest.raises(ValidationError) as refused:
        schema.model_validate(body)
    found = [("/".join(map(str, it["loc"])), it["msg"]) for it in refused.value.errors()]
    assert len(dict(found)) == len(found)
    return dict(found)


def of_network(*layers: Any, **image: Any) -> dict[str, str]:
    shape = image or {"channels": 1, "resolution": 16}
    return said(Architecture, {"input": shape, "layers": list(layers)})


def of_search(**asked: Any) -> dict[str, str]:
    layers = [conv(), RELU, conv(), FLATTEN, linear()]
    network = {"input": {"channels": 1, "resolution": 16}, "layers": layers}
    asked = {"architecture": network, "approach": "IV", "budget": "params", **asked}
    return said(SolveRequest, {name: value for name, value in asked.items() if value != "left out"})


@settings(deadline=None, max_examples=400)
@given(st.one_of(slips(ARCHITECTURE).map(lambda it: (Architecture, it)),
                 slips(SEARCH).map(lambda it: (SolveRequest, it))))  # fmt: skip
def test_every_fault_is_told_in_our_words_at_a_place_that_the_document_has(
    sent: tuple[type[Schema], Any],
) -> None:
    schema, document = sent
    try:
        schema.model_validate(document)
    except ValidationError as refused:
        for details in refused.errors():
            assert_told(document, details["loc"], details["msg"])


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("kernel_size", "(5, 5)", f"{SIZE}; write 5"),
        ("kernel_size", "5x3", f"{SIZE}; write [5, 3]"),
        ("kernel_size", "3", f"{SIZE}; write 3"),
        ("kernel_size", [5], f"{SIZE}; write 5"),
        ("kernel_size", {"height": 5, "width": 3}, f"{SIZE}; write [5, 3]"),
        ("kernel_size", 0, f"{SIZE}; this is 0"),
        ("kernel_size", None, f"{SIZE}; this is null"),
        ("stride", "same", f"{SIZE}; this is text"),
        ("stride", None, f"{SIZE}; this is null: leave it out for what is usual"),
        ("out_channels", [5, 5], f"{CHANNELS}; write 5"),
        ("out_channels", "same", f"{CHANNELS}; this is text"),
        ("out_channels", "64", f"{CHANNELS}; write 64"),
        ("out_channels", 64.0, f"{CHANNELS}; write 64"),
        ("out_channels", True, f"{CHANNELS}; this is true"),
        ("out_channels", 10**400, f"{CHANNELS}; this is far off"),
        ("out_channels", [1, 2], f"{CHANNELS}; this is a list of 2"),
        ("bias", 1, "expected true or false; write true"),
        ("bias", "no", "expected true or false; write false"),
        ("in_channels", 3, "unknown key 'in_channels'; it is inferred: leave it out"),
        ("out_features", 3, "unknown key 'out_features'; write 'out_channels'"),
        ("filters", 3, "unknown key 'filters'; write 'out_channels'"),
        ("kernelSize", 3, "unknown key 'kernelSize'; write 'kernel_size'"),
        ("dilaton", 3, "unknown key 'dilaton'; do you mean 'dilation'?"),
        ("args", [3, 64], "unknown key 'args'; write each parameter by its name, beside 'type'"),
        ("name", "class", "'class' is a Python keyword; choose another name"),
        ("name", "a" * 129, "a name has at most 128 characters; this one has 129"),
        ("name", 5, "expected a name such as conv1 or layer1.0.conv1, as text; this is 5"),
        (
            "inputs",
            "conv1",
            'expected a list of names of layers, such as ["conv1", "relu1"]; write ["conv1"]',
        ),
    ],
)  # fmt: skip
def test_a_slip_in_a_convolution_is_told_with_what_to_write(
    field: str, value: object, reason: str
) -> None:
    assert of_network({**conv(), field: value}) == {f"layers/0/{field}": reason}


@pytest.mark.parametrize(
    ("layer", "place", "reason"),
    [
        ("relu", "", 'a layer is an object; write {"type": "relu"}'),
        (
            ["conv2d", 3, 64, 3],
            "",
            "a layer is an object with its type and its parameters by their names, such as "
            '{"type": "conv2d", "out_channels": 8, "kernel_size": 3}',
        ),
        ({}, "/type", 'a layer needs a type, for example "type": "conv2d"'),
        ({"class": "ReLU"}, "/type", 'a layer needs a type; write "type": "relu"'),
        (
            {"conv2d": {"out_channels": 3}},
            "/type",
            'a layer needs a type, with its parameters beside it; write "type": "conv2d"',
        ),
        ({"type": "Conv2d"}, "/type", "there is no such layer type; write 'conv2d'"),
        (
            {"type": "torch.nn.Conv2d(3, 64, 3)"},
            "/type",
            "there is no such layer type; write 'conv2d'",
        ),
        ({"type": "conv3d"}, "/type", "there is no such layer type; do you mean 'conv2d'?"),
        ({"type": 5}, "/type", f"the type of a layer is text, one of {', '.join(sorted(LAYERS))}"),
        (
            {"type": "adaptive_avg_pool2d"},
            "/output_size",
            "this is missing; it is a whole number from 1 to 65,536, or two of them: "
            "[height, width]; a pool of one pixel is a global_avg_pool2d",
        ),
        (
            {"type": "linear", "out_features": 3, "in_features": 4},
            "/in_features",
            "unknown key 'in_features'; it is inferred: leave it out",
        ),
        (
            {"type": "batch_norm2d", "num_features": 3},
            "/num_features",
            "unknown key 'num_features'; it is inferred: leave it out",
        ),
        ({"type": "dropout", "p": 50}, "/p", "expected a number from 0 to below 1; 50 % is 0.5"),
        ({"type": "dropout", "rate": 0.5}, "/rate", "unknown key 'rate'; write 'p'"),
        (
            {"type": "zero_pad2d", "padding": [1, 2]},
            "/padding",
            "expected a whole number from 0 to 65,536, or four of them: [left, right, top, "
            "bottom]; this is a list of 2",
        ),
    ],
)
def test_a_slip_in_a_layer_is_told_with_what_to_write(
    layer: object, place: str, reason: str
) -> None:
    assert of_network(FLATTEN, layer)[f"layers/1{place}"] == reason


@pytest.mark.parametrize(
    ("image", "place", "reason"),
    [
        ({"resolution": [32, 32]}, "/resolution", f"{SIDE}; write 32"),
        (
            {"resolution": [32, 16]},
            "/resolution",
            "of a rectangle write 'height': 32 and 'width': 16",
        ),
        ({"height": 3}, "/width", "this is missing; an image with a height has a width"),
        ({"width": 3}, "/height", "this is missing; an image with a width has a height"),
        ({}, "/resolution", "this is missing; or write both height and width"),
        (
            {"resolution": 3, "height": 3},
            "",
            "write either resolution, or both height and width",
        ),
    ],
)  # fmt: skip
def test_a_slip_in_the_image_is_told_with_what_to_write(
    image: dict[str, Any], place: str, reason: str
) -> None:
    assert of_network(RELU, channels=1, **image) == {f"input{place}": reason}


def test_what_is_wrong_with_a_list_as_a_whole_is_told_once() -> None:
    assert of_network() == {"layers": "a network has at least one layer"}
    assert of_network(*[{"type": "conv3d"}] * 5_000) == {
        "layers": "a network has at most 4,096 layers; this one has 5,000"
    }
    body = {"input": [3, 32, 32], "layers": {"conv1": conv()}}
    assert said(Architecture, body) == {
        "input": 'expected an object such as {"channels": 3, "resolution": 32}; '
        "this is a list of 3",
        "layers": 'expected a list of layers, such as [{"type": "flatten"}]; this is an object',
    }
    assert said(Architecture, 5) == {"": "expected an object with 'input' and 'layers'"}


OBJECTIVES = ", ".join(f'"{it}"' for it in get_args(ObjectiveName)[:-1])


@pytest.mark.parametrize(
    ("asked", "place", "reason"),
    [
        ({"tolerance": "1%"}, "tolerance", f"{TOLERANCE}; 1 % is 0.01"),
        ({"tolerance": "0.01"}, "tolerance", f"{TOLERANCE}; write 0.01"),
        ({"tolerance": 5}, "tolerance", f"{SHARE}; 5 % is 0.05"),
        ({"tolerance": -1}, "tolerance", f"{SHARE}; this is -1"),
        ({"tolerance": {"below": 5}}, "tolerance/below", f"{SHARE}; 5 % is 0.05"),
        ({"ranges": {"resolution": 17}}, "ranges/resolution", f"{IN}; write [17, 17]"),
        ({"ranges": {"resolution": "17:32"}}, "ranges/resolution", f"{IN}; write [17, 32]"),
        ({"ranges": {"stride": [1.0, 2]}}, "ranges/stride", f"{IN}; write [1, 2]"),
        ({"ranges": {"stride": {"min": 1, "max": 2}}}, "ranges/stride", f"{IN}; write [1, 2]"),
        ({"ranges": {"stride": [1, 2, 3]}}, "ranges/stride", f"{IN}; this is a list of 3"),
        ({"ranges": {"K1'": [1, 2]}}, "ranges/K1'", "unknown key 'K1''; write 'out_channels'"),
        ({"find": "best"}, "find", 'write "all", {"sample": 100} or {"best": "max_resolution"}'),
        (
            {"find": {"best": "min-flops"}},
            "find/best",
            f'expected {OBJECTIVES} or "min_params"; write "min_flops"',
        ),
        ({"find": {"sample": 0}}, "find/sample", f"{CHANNELS}; this is 0"),
        ({"approach": 4}, "approach", 'expected "I", "II", "III", "IV" or "V"; write "IV"'),
        ({"approach": "iv"}, "approach", 'expected "I", "II", "III", "IV" or "V"; write "IV"'),
        (
            {"approach": "left out"},
            "approach",
            'this is missing; it is "I", "II", "III", "IV" or "V"',
        ),
        ({"budget": "macs"}, "budget", 'expected "params", "flops" or "both"; this is text'),
        ({"limit": "10"}, "limit", f"{CHANNELS}; write 10"),
        ({"time_limit": True}, "time_limit", "expected a number from 0.1 to 3,600; this is true"),
        ({"count_pooling": "yes"}, "count_pooling", "expected true or false; write true"),
        ({"min_coverage": 50}, "min_coverage", f"{SHARE}; 50 % is 0.5"),
        ({"top": 5}, "top", "unknown key 'top'; write 'top' in 'find'"),
        (
            {"resolution": [3, 4]},
            "resolution",
            "unknown key 'resolution'; write 'resolution' in 'ranges'",
        ),
        ({"layers": []}, "layers", "unknown key 'layers'; write 'layers' in 'architecture'"),
        ({"timeout": 5}, "timeout", "unknown key 'timeout'; write 'time_limit'"),
    ],
)  # fmt: skip
def test_a_slip_in_a_search_is_told_with_what_to_write(
    asked: dict[str, Any], place: str, reason: str
) -> None:
    assert of_search(**asked) == {place: reason}


def test_a_range_by_its_symbol_is_told_by_its_name() -> None:
    for approach in APPROACHES.values():
        for unknown in approach.unknowns:
            told = right_key([*Ranges.model_fields], f"{unknown.symbol}'")
            assert told == f"write '{unknown.range}'"
