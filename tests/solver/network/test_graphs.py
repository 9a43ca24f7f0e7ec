"""Networks that are graphs, against the modules that PyTorch builds of them."""

from math import prod
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from solver.answers.search import solve
from solver.network import counting
from solver.network.architecture import Architecture
from solver.problem import Best, Settings
from solver.variation.numbers import Columns
from tests import exhaustive
from tests.graphs import graphs
from tests.modules import rows_that_reach, run
from tests.solver.factories import FLATTEN, NORM, RELU, conv, linear, network, pool, problem

pytestmark = pytest.mark.slow  # builds many networks in PyTorch


@settings(deadline=None, max_examples=80)
@given(graphs())
def test_params_macs_and_shapes_are_those_of_the_built_module(architecture: Architecture) -> None:
    built, macs = run(architecture.model_dump(mode="json"))
    counts = counting.count(architecture)
    assert (counts.params, counts.macs) == (built.params, macs)
    for row in counting.describe(architecture):
        assert row.output == list(built.outputs[row.name].shape[1:])


@settings(deadline=None, max_examples=100)
@given(graphs())
def test_counts_are_those_of_a_plain_walk_and_the_sum_of_the_layers(
    architecture: Architecture,
) -> None:
    channels, height, width = architecture.input.shape
    layers = exhaustive.plain(architecture)
    for count_pooling in (True, False):
        cost = exhaustive.walk(layers, channels, height, count_pooling, width)
        assert cost is not None
        counts = counting.count(architecture, count_pooling=count_pooling)
        assert (counts.params, counts.flops) == (cost.params, cost.flops)
    counts, rows = counting.count(architecture), counting.describe(architecture)
    for name in ("params", "macs", "flops"):
        assert getattr(counts, name) == sum(getattr(row, name) for row in rows)


@settings(deadline=None, max_examples=100)
@given(graphs())
def test_a_dumped_graph_validates_to_itself(architecture: Architecture) -> None:
    again = Architecture.model_validate_json(architecture.model_dump_json())
    assert again == architecture
    assert again.id == architecture.id


@settings(deadline=None, max_examples=50)
@given(graphs())
def test_the_id_of_a_graph_ignores_names_and_what_is_said_of_the_layer_before(
    architecture: Architecture,
) -> None:
    body = architecture.model_dump(mode="json")
    others = {layer["name"]: f"other{place}" for place, layer in enumerate(body["layers"])}
    others["input"] = before = "input"
    for layer in body["layers"]:
        layer["inputs"] = [others[name] for name in layer.get("inputs", [before])]
        before = layer["name"]
        layer["name"] = others[before]
        if "shares" in layer:
            layer["shares"] = others[layer["shares"]]
    assert Architecture.model_validate(body).id == architecture.id


IN_PLACE = (
    *exhaustive.ACTIVATIONS, *exhaustive.NORMS, "dropout", "dropout2d", "flatten", "identity",
    "add", "mul",
)  # fmt: skip


def peak_of(architecture: Architecture) -> int:
    """The largest number of elements alive at once, by simulating buffers."""
    layers = exhaustive.plain(architecture)
    shapes = [architecture.input.shape, *counting.shapes(architecture)[1:]]
    names = ["input", *(layer["name"] for layer in layers)]
    sizes = {name: prod(shape) for name, shape in zip(names, shapes, strict=True)}
    buffers = {"input": sizes["input"]}  # of each tensor that is alive, under its name
    most = 0
    for place, layer in enumerate(layers):
        later = {name for other in layers[place + 1 :] for name in other["inputs"]}
        done = [name for name in buffers if name not in later]
        made = sizes[layer["name"]]
        over = [name for name in done if name in layer["inputs"] and sizes[name] == made]
        if layer["type"] in IN_PLACE and over:
            most = max(most, sum(buffers.values()))
        else:
            most = max(most, sum(buffers.values()) + made)
        for name in done:
            del buffers[name]
        buffers[layer["name"]] = made
    return most


@settings(deadline=None, max_examples=100)
@given(graphs())
def test_peak_memory_is_that_of_simulated_buffers(architecture: Architecture) -> None:
    assert counting.count(architecture).activations == peak_of(architecture)


@settings(deadline=None, max_examples=30)
@given(graphs(most_blocks=3))
def test_coverage_is_the_share_of_rows_that_reach_conv1(architecture: Architecture) -> None:
    convolutions = [it.name for it in architecture.layers if it.type == "conv2d"]
    if not convolutions:
        assert counting.coverage(architecture) == 1.0
        return
    assert convolutions[0] is not None
    rows = set[int]().union(*rows_that_reach(architecture.model_dump(mode="json"))[convolutions[0]])
    assert counting.coverage(architecture) == len(rows) / architecture.input.shape[1]


@settings(deadline=None, max_examples=40)
@given(graphs(most_blocks=3))
def test_an_output_depends_on_no_more_than_its_receptive_field(architecture: Architecture) -> None:
    seen = widest(architecture)
    for row in counting.describe(architecture):
        assert row.receptive_field >= seen[row.name], row


def widest(architecture: Architecture) -> dict[str, int]:
    """How many rows of the image lie between the first and last that a row of a layer reads."""
    found = rows_that_reach(architecture.model_dump(mode="json"))
    return {
        name: max((max(it) - min(it) + 1 for it in rows if it), default=0)
        for name, rows in found.items()
    }


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7])
@pytest.mark.parametrize("side", [3, 4, 7, 9, 10])
def test_an_adaptive_pool_sees_what_its_largest_window_sees(side: int, size: int) -> None:
    pooled = {"type": "adaptive_avg_pool2d", "output_size": size, "name": "pool"}
    architecture = network(pooled, conv(2, 3, padding=1, name="conv"), resolution=side)
    seen = widest(architecture)
    pool, behind = counting.describe(architecture)
    assert pool.receptive_field == seen["pool"]
    assert behind.receptive_field >= seen["conv"]


BRANCHES = {
    "residual": [
        conv(2, 3, padding=1, name="a"), RELU, conv(2, 3, padding=1, name="b"),
        {"type": "add", "inputs": ["a", "b"]},
    ],
    "strided residual": [
        conv(2, 3, padding=1, name="a"), conv(2, 3, stride=2, padding=1, name="b"),
        conv(2, 1, stride=2, name="c", inputs=["a"]), {"type": "add", "inputs": ["b", "c"]},
        conv(2, 3, padding=1),
    ],
    "inception": [
        conv(2, 1, name="a"), conv(2, 5, padding=2, name="b", inputs=["a"]),
        pool(3, stride=1, padding=1, name="c", inputs=["a"]),
        {"type": "concat", "inputs": ["a", "b", "c"]}, pool(3, stride=2, ceil_mode=True),
    ],
    "dilated": [conv(2, 3, dilation=2), pool(2, stride=2, dilation=3), conv(2, 2)],
    "same": [conv(2, 4, padding="same"), conv(2, 3, padding="same", dilation=2)],
}  # fmt: skip


@pytest.mark.parametrize("layers", BRANCHES.values(), ids=BRANCHES)
def test_an_output_far_from_the_border_depends_on_its_whole_receptive_field(
    layers: list[dict[str, Any]],
) -> None:
    architecture = network(*layers, resolution=24)
    seen = widest(architecture)
    rows = {row.name: row.receptive_field for row in counting.describe(architecture)}
    assert rows == {name: seen[name] for name in rows}


def test_a_rectangular_kernel_is_seen_along_its_longer_side() -> None:
    original = network(conv(2, 3), {**conv(2, 1), "kernel_size": [1, 5]}, resolution=9)
    assert counting.receptive_field(original) == 7
    asked = problem(original, approach="II")
    values = solve(asked, Settings()).assignments()[0]
    columns = {symbol: np.array([value]) for symbol, value in values.items()}
    symbols = asked.template.symbols
    expected = counting.receptive_field(asked.template.architecture(values))
    assert np.max(Columns(asked.template, columns).receptive_field) == expected
    assert symbols.receptive_field is not None
    assert symbols.receptive_field.at(values) == expected


def test_the_largest_receptive_field_behind_an_adaptive_pool_is_found() -> None:
    """Its window is no polynomial of its map's side, so that CP-SAT is not asked for it."""
    original = network(
        conv(4, 3), {"type": "adaptive_avg_pool2d", "output_size": 3}, FLATTEN, linear(4), RELU,
        linear(3), resolution=8,
    )  # fmt: skip
    asked = problem(original, approach="I", tolerance=0.5)
    assert asked.template.symbols.receptive_field is None
    answer = solve(asked, Settings(find=Best(best="max_receptive_field", top=1)))
    (best,) = answer.assignments()
    fields = [
        counting.receptive_field(asked.template.architecture(it))
        for it in solve(asked, Settings()).assignments()
    ]
    assert counting.receptive_field(asked.template.architecture(best)) == max(fields)


@pytest.mark.parametrize(
    ("layers", "reason"),
    [
        ((conv(4, 1), conv(4, 1, shares="conv1")), "'conv1' reads 3 channels, and this 4"),
        (
            (FLATTEN, linear(4), linear(4, shares="linear1")),
            "'linear1' reads 192 features, and this 4",
        ),
        ((NORM, conv(4, 1), {**NORM, "shares": "norm1"}), "'norm1' reads 3 channels, and this 4"),
    ],
)
def test_weights_are_shared_by_layers_that_read_as_many_channels(
    layers: tuple[dict[str, Any], ...], reason: str
) -> None:
    with pytest.raises(ValidationError, match=reason):
        network(*_named(layers), channels=3)


def _named(layers: tuple[dict[str, Any], ...]) -> list[dict[str, Any]]:
    """What others share needs a name."""
    kinds = {"conv2d": "conv", "batch_norm2d": "norm"}
    found = list[dict[str, Any]]()
    for layer in layers:
        kind = kinds.get(layer["type"], layer["type"])
        number = sum(it["type"] == layer["type"] for it in found) + 1
        found.append({"name": f"{kind}{number}", **layer})
    return found
