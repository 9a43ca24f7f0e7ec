"""Every approach on the networks of ``examples/``: what it finds, and what is in its way."""

from typing import Any

import pytest

from solver.answers.search import solve
from solver.answers.variants import Describer
from solver.approaches import APPROACHES
from solver.network import counting
from solver.network.architecture import Architecture
from solver.problem import Settings
from tests.modules import run
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
    shipped_network,
)

ALEXNETS = {"kernel_size": (11, 15), "resolution": (225, 260)}


@pytest.mark.parametrize(
    ("name", "found"), [("resnet18", 77), ("vgg16", 24), ("alexnet", 135), ("squeezenet1_1", 109)]
)
def test_dilation_has_variants_that_cost_exactly_the_same(name: str, found: int) -> None:
    asked = problem(shipped_network(name), approach="II", budget="both")
    answer = solve(asked, Settings())
    assert (answer.outcome, answer.found) == ("complete", found)
    deltas = [Describer(asked).variant(it).delta for it in answer.assignments()]
    assert {(it.params, it.macs, it.flops) for it in deltas} == {(0, 0, 0)}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "approach", "ranges"),
    [
        ("resnet18", "II", {}),
        ("resnet18", "III", {}),
        ("vgg16", "I", {}),
        ("vgg16", "II", {}),
        ("vgg16", "III", {}),
        ("vgg16", "IV", {}),
        ("alexnet", "I", {}),
        ("alexnet", "II", {}),
        ("alexnet", "III", ALEXNETS),
        ("alexnet", "IV", ALEXNETS),
        ("squeezenet1_1", "II", {}),
        ("squeezenet1_1", "III", {}),
        ("squeezenet1_1", "IV", {}),
    ],
)
@pytest.mark.parametrize("budget", ["params", "flops"])
def test_variants_cost_what_pytorch_counts_of_them(
    name: str, approach: str, ranges: dict[str, Any], budget: str
) -> None:
    original = shipped_network(name)
    asked = problem(original, approach=approach, budget=budget, tolerance=0.02, ranges=ranges)
    answer = solve(asked, Settings(find={"sample": 3}))
    assert answer.found
    describer = Describer(asked)
    target = getattr(counting.count(original), budget)
    low, high = asked.tolerance.band(target)
    for assignment in answer.assignments():
        variant = describer.variant(assignment)
        built, macs = run(variant.architecture.model_dump(mode="json"))
        assert (variant.counts.params, variant.counts.macs) == (built.params, macs)
        assert low <= getattr(variant.counts, budget) <= high
        assert Architecture.model_validate(variant.architecture.model_dump()).layers


def test_the_filters_of_resnet_18_move_with_all_that_is_added_to_them() -> None:
    original = shipped_network("resnet18")
    template = APPROACHES["III"].template(original)
    assert {
        template.layers[place].name for place, field in template.fields if field == "out_channels"
    } == {"conv1", "layer1.0.conv2", "layer1.1.conv2"}


@pytest.mark.parametrize(
    ("name", "approach", "place", "words"),
    [
        ("resnet18", "I", "", "needs a second one behind it; this network has 1"),
        ("resnet18", "IV", "layer1.0.add", "layer1.0.conv1, through which everything must go"),
        ("squeezenet1_1", "I", "", "this network has 0"),
        ("pilotnet", "II", "input", "square images; this network's are 66×200"),
        ("pilotnet", "III", "input", "square images"),
        ("pilotnet", "IV", "input", "square images"),
    ],
)
def test_an_approach_that_does_not_fit_names_what_is_in_the_way(
    name: str, approach: str, place: str, words: str
) -> None:
    original = shipped_network(name)
    at, reason = APPROACHES[approach].misfit(original) or ((), "")
    assert words in reason
    if place == "input":
        assert at == ("input",)
    elif place:
        assert original.layers[int(at[1])].name == place
        assert reason.startswith(f"approach {approach} changes")
        assert place in reason


def residual(**fields: Any) -> Architecture:
    """conv1, and a convolution that is added to what it reads."""
    return network(
        conv(6, 3, name="conv1"), conv(6, 3, padding=1, name="conv2", inputs=["conv1"], **fields),
        {"type": "add", "name": "sum", "inputs": ["conv1", "conv2"]}, FLATTEN, linear(3),
    )  # fmt: skip


def test_a_group_that_multiplies_itself_is_refused_with_the_layers_name() -> None:
    _, reason = APPROACHES["III"].misfit(residual()) or ((), "")
    assert "conv2 reads and makes the channels of conv1" in reason
    assert APPROACHES["III"].misfit(residual(groups=6)) is None
    assert APPROACHES["II"].misfit(residual()) is None


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        (
            (conv(6), {"type": "channel_shuffle", "groups": 2}, conv(4)),
            "the channels of conv1 are cut in parts",
        ),
        (
            (conv(6), {"type": "chunk", "chunks": 2, "index": 0}, conv(4)),
            "the channels of conv1 are cut in parts",
        ),
        (
            (conv(3, 3, padding=1, name="conv1"), {"type": "add", "inputs": ["conv1", "input"]},
             conv(4)),
            "add1 reads what is before it",
        ),
        (
            (conv(4, name="conv1"), RELU, conv(4, padding=1, name="conv2"),
             {"type": "add", "inputs": ["relu1", "conv2"]}),
            "the channels of conv1 are tied to the network's output (add1)",
        ),
    ],
)  # fmt: skip
def test_what_ties_the_filters_is_named(layers: tuple[Any, ...], words: str) -> None:
    _, reason = APPROACHES["III"].misfit(network(*layers, channels=3)) or ((), "")
    assert words in reason


def test_what_shares_the_weights_of_a_changed_layer_is_named() -> None:
    original = network(
        conv(3, 3, padding=1, name="conv1"), RELU, conv(3, 3, padding=1, shares="conv1"), conv(4),
        channels=3,
    )  # fmt: skip
    place, reason = APPROACHES["II"].misfit(original) or ((), "")
    assert place == ("layers", 2)
    assert reason == "approach II changes conv1; conv2 has the weights of conv1"


def test_a_kernel_that_is_no_square_is_in_the_way_as_far_as_the_junction_only() -> None:
    tall = conv(4) | {"kernel_size": [3, 1]}
    behind = network(conv(4, 3), RELU, tall, GLOBAL_POOL, FLATTEN, linear(3))
    assert APPROACHES["II"].misfit(behind) is None
    place, reason = APPROACHES["II"].misfit(network(tall, RELU, pool(2))) or ((), "")
    assert place == ("layers", 0)
    assert reason.endswith("conv1 is not square")
    assert APPROACHES["IV"].misfit(network(conv(4), NORM, tall)) is not None
