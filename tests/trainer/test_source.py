"""``model.py`` computes what the trainer's modules compute."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import tests.graphs
import trainer.vision  # noqa: F401 # torchvision is imported behind it
from solver.answers.search import solve
from solver.answers.variants import Describer
from solver.network.architecture import Architecture
from solver.network.counting import count
from solver.network.layers import LAYERS
from solver.problem import Settings
from solver.source import source
from solver.source.identifiers import OF_MODULES
from solver.source.rules import RULES
from tests import sources
from tests.solver.factories import conv, linear, network, problem, shipped_network
from tests.strategies import architectures
from tests.trainer.graphs import graphs
from trainer.networks import build

SHIPPED = ["resnet18", "squeezenet1_1", "pilotnet", "alexnet", "vgg16", "digits-architecture"]
ANY = st.one_of(tests.graphs.graphs(), graphs(), architectures())
same_padding = pytest.mark.filterwarnings("ignore:Using padding='same'")


def check(architecture: Architecture, text: str) -> None:
    """A file's network has the counts of its architecture, and computes what the trainer's does."""
    with torch.device("meta"):
        built = build(architecture).eval()
    variant = sources.variant(text)
    params = sum(parameter.numel() for parameter in variant.parameters())
    assert params == count(architecture).params
    sources.fill(built)
    sources.take_values(variant, built)
    images = torch.rand(2, *architecture.input.shape)

    with torch.no_grad():
        made, expected = variant(images), built(images)

    torch.testing.assert_close(made, expected, rtol=1e-5, atol=1e-5, equal_nan=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_network_computes_what_the_trainers_does(name: str, tmp_path: Path) -> None:
    architecture = shipped_network(name)
    text = source(architecture)

    check(architecture, text)
    assert sources.blemishes([text], tmp_path) == ""


@pytest.mark.slow
@same_padding
@pytest.mark.parametrize(
    "networks", [ANY, sources.renamed(ANY)], ids=["as drawn", "with other names"]
)
def test_any_graph_computes_what_the_trainers_does(
    networks: st.SearchStrategy[Architecture], tmp_path: Path
) -> None:
    texts = []

    @settings(max_examples=60, deadline=None)
    @given(architecture=networks)
    def holds(architecture: Architecture) -> None:
        texts.append(source(architecture))
        check(architecture, texts[-1])
        sources.run(texts[-1], "__main__")

    holds()
    assert sources.blemishes(texts, tmp_path) == ""


MAPS: list[dict[str, Any]] = [
    conv(4, 3, padding="same", dilation=2), conv(4, bias=True, stride=[2, 1], padding=[0, 1]),
    {"type": "max_pool2d", "kernel_size": 3, "stride": 2, "padding": 1, "dilation": 2},
    {"type": "max_pool2d", "kernel_size": 2, "ceil_mode": True},
    {"type": "avg_pool2d", "kernel_size": [3, 2], "stride": 1, "padding": [1, 0]},
    {"type": "avg_pool2d", "kernel_size": 3, "padding": 1, "count_include_pad": False},
    {"type": "adaptive_avg_pool2d", "output_size": [2, 3]}, {"type": "global_avg_pool2d"},
    {"type": "zero_pad2d", "padding": 2}, {"type": "zero_pad2d", "padding": [0, 1, 2, 3]},
    {"type": "flatten"}, {"type": "batch_norm2d"}, {"type": "batch_norm2d", "affine": False},
    {"type": "batch_norm2d", "eps": 0.001}, {"type": "layer_norm", "eps": 1e-06},
    {"type": "layer_norm"}, {"type": "layer_norm", "affine": False}, {"type": "scale"},
    {"type": "add", "inputs": ["a", "b"]}, {"type": "mul", "inputs": ["a", "b", "a"]},
    {"type": "concat", "inputs": ["b", "a", "b"]}, {"type": "chunk", "chunks": 2, "index": 1},
    {"type": "channel_shuffle", "groups": 2}, {"type": "dropout", "p": 0.25},
    {"type": "dropout2d"}, {"type": "identity"}, {"type": "relu"}, {"type": "relu6"},
    {"type": "leaky_relu", "negative_slope": 0.2}, {"type": "elu", "alpha": 0.5},
    {"type": "silu"}, {"type": "gelu"}, {"type": "hardswish"}, {"type": "hardsigmoid"},
    {"type": "sigmoid"}, {"type": "tanh"}, {"type": "softmax"}, {"type": "log_softmax"},
]  # fmt: skip
VECTORS: list[dict[str, Any]] = [
    linear(3), linear(3, bias=False), {"type": "batch_norm1d"},
    {"type": "batch_norm1d", "affine": False}, {"type": "layer_norm"}, {"type": "scale"},
    {"type": "batch_norm1d", "eps": 0.5}, {"type": "layer_norm", "eps": 0.5},
    {"type": "softmax"}, {"type": "flatten"}, {"type": "chunk", "chunks": 2, "index": 0},
]  # fmt: skip


@pytest.mark.parametrize("layer", MAPS, ids=lambda it: it["type"])
def test_a_layer_of_maps_computes_what_the_trainers_does(layer: dict[str, Any]) -> None:
    first = [{"name": "a", **conv(4)}, {"name": "b", **conv(4, 1)}]
    joined = {"name": "join", "type": "add", "inputs": ["a", "b"]}
    architecture = network(*first, *([] if "inputs" in layer else [joined]), layer)

    check(architecture, source(architecture))


@pytest.mark.parametrize("layer", VECTORS, ids=lambda it: it["type"])
def test_a_layer_of_vectors_computes_what_the_trainers_does(layer: dict[str, Any]) -> None:
    architecture = network({"type": "flatten"}, layer)

    check(architecture, source(architecture))


def test_every_layer_type_can_be_written() -> None:
    shipped = {it for it in LAYERS.values() if it.__module__.startswith("solver.")}

    assert set(RULES) == shipped
    assert {it["type"] for it in [*MAPS, *VECTORS]} == {
        layer.model_fields["type"].default for layer in shipped
    }


@pytest.mark.parametrize(
    ("approach", "name", "ranges"),
    [
        ("I", "vgg16", {}),
        ("II", "resnet18", {}),
        ("III", "squeezenet1_1", {}),
        ("III", "resnet18", {}),
        ("IV", "digits-architecture", {"padding": [0, 5]}),
        ("IV", "squeezenet1_1", {}),
    ],
)
@pytest.mark.slow
def test_a_variant_that_a_search_found_computes_what_the_trainers_does(
    approach: str, name: str, ranges: dict[str, Any], tmp_path: Path
) -> None:
    asked = problem(shipped_network(name), approach=approach, tolerance=0.02, ranges=ranges)
    answer = solve(asked, Settings(find={"sample": 2}))
    assert answer.found
    texts = []
    for assignment in answer.assignments():
        variant = Describer(asked).variant(assignment)
        texts.append(source(variant.architecture))
        check(variant.architecture, texts[-1])
        assert f"assert params == {variant.counts.params:_}," in texts[-1]
        assert f"assert macs == {variant.counts.macs:_}," in texts[-1]
    assert sources.blemishes(texts, tmp_path) == ""


@pytest.mark.parametrize("name", ["resnet18", "vgg16", "alexnet", "squeezenet1_1"])
def test_a_shipped_network_takes_torchvisions_weights_by_name(name: str) -> None:
    with torch.device("meta"):
        original = getattr(import_module("torchvision.models"), name)()
    variant = sources.variant(source(shipped_network(name)))

    shapes = {key: value.shape for key, value in original.state_dict().items()}
    assert {key: value.shape for key, value in variant.state_dict().items()} == shapes


def test_a_norm_that_is_shared_by_maps_and_vectors_computes_what_the_trainers_does() -> None:
    architecture = network(
        conv(4, 8),
        {"type": "layer_norm", "name": "norm"},
        {"type": "flatten"},
        {"type": "layer_norm", "shares": "norm"},
    )

    check(architecture, source(architecture))


def test_no_name_of_pytorchs_modules_is_given_to_a_layer() -> None:
    public = {name for name in dir(nn.Module()) if not name.startswith("_")}

    assert public <= OF_MODULES


def test_a_file_checks_its_counts_when_it_is_run(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text(source(shipped_network("pilotnet")), encoding="utf-8")

    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=True)

    assert done.stdout == "252,219 parameters, 26,876,342 multiply-adds\n"


@pytest.mark.parametrize(
    ("right", "wrong", "reason"),
    [
        ("nn.Linear(4, 10)", "nn.Linear(4, 10, bias=False)", "184 parameters"),
        ("stride=2", "stride=1", "1,336 multiply-adds"),
        ("return self.linear1(x)", "return self.linear1(x)[:, 1:]", r"shape \(1, 9\)"),
    ],
)
def test_a_file_that_was_changed_does_not_pass_its_checks(
    right: str, wrong: str, reason: str
) -> None:
    layers = [conv(4, 6, stride=2), {"type": "max_pool2d", "kernel_size": 2}]
    text = source(network(*layers, {"type": "flatten"}, linear(10), resolution=8))
    sources.run(text, "__main__")
    assert text.count(right) == 1

    with pytest.raises(AssertionError, match=reason):
        sources.run(text.replace(right, wrong), "__main__")
