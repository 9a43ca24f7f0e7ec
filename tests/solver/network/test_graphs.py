"""Networks that are graphs, against the modules that PyTorch builds of them."""

from math import prod
from typing import Any

from hypothesis import given, settings

from solver.network import counting
from solver.network.architecture import Architecture
from tests import exhaustive
from tests.graphs import graphs
from tests.modules import rows_that_reach, run


@settings(deadline=None, max_examples=100)
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


@settings(deadline=None, max_examples=200)
@given(graphs())
def test_peak_memory_is_that_of_simulated_buffers(architecture: Architecture) -> None:
    assert counting.count(architecture).activations == peak_of(architecture)


@settings(deadline=None, max_examples=50)
@given(graphs(most_blocks=3))
def test_coverage_is_the_share_of_rows_that_reach_conv1(architecture: Architecture) -> None:
    convolutions = [it.name for it in architecture.layers if it.type == "conv2d"]
    if not convolutions:
        assert counting.coverage(architecture) == 1.0
        return
    assert convolutions[0] is not None
    rows = set[int]().union(*rows_that_reach(architecture.model_dump(mode="json"), convolutions[0]))
    assert counting.coverage(architecture) == len(rows) / architecture.input.shape[1]


@settings(deadline=None, max_examples=50)
@given(graphs(most_blocks=3))
def test_an_output_depends_on_no_more_than_its_receptive_field(architecture: Architecture) -> None:
    body = architecture.model_dump(mode="json")
    for row in counting.describe(architecture):
        if len(row.output) == 3:
            assert row.receptive_field >= widest(body, row.name), row


def widest(body: dict[str, Any], layer: str) -> int:
    """How many rows of the image lie between the first and last that a row of the output reads."""
    found = rows_that_reach(body, layer)
    return max((max(rows) - min(rows) + 1 for rows in found if rows), default=0)
