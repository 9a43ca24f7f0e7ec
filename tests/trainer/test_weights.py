"""Weights by layer: what a training holds of them, and what another network takes over."""

from typing import Any

import pytest
import torch
from torch import Tensor

from solver.network.architecture import Architecture
from tests.trainer.factories import architecture, images
from tests.trainer.trainings import CPU, EVERY_LAYER, RESIDUAL, in_training
from trainer.networks import build
from trainer.train import Training, train
from trainer.weights import adopt, weights_in

STEM: dict[str, Any] = {"type": "conv2d", "name": "stem", "out_channels": 2, "kernel_size": 3}
NORM = {"type": "batch_norm2d", "name": "norm"}
POOL = {"type": "max_pool2d", "kernel_size": 2, "stride": 1}
HEAD: list[dict[str, Any]] = [
    {"type": "flatten"},
    {"type": "linear", "name": "head", "out_features": 10},
]
ORIGINAL = architecture([STEM, NORM, *HEAD])  # its head has 2 · 6 · 6 inputs


def sevens(network: Architecture) -> dict[str, Tensor]:
    """Weights that are all 7, as no new network has them."""
    tensors = {name: torch.full_like(it, 7) for name, it in build(network).state_dict().items()}
    return weights_in(network, tensors)


def drawn(network: Architecture, seed: int) -> dict[str, Tensor]:
    """The weights that a seed gives a network of its own."""
    torch.manual_seed(seed)
    return weights_in(network, build(network).state_dict())


def assert_equal(found: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)


OF_THE_NORM = [f"norm.{it}" for it in ("weight", "bias", "running_mean", "running_var")]
COUNTER = "norm.num_batches_tracked"


@pytest.mark.parametrize(
    ("layers", "number", "names"),
    [
        # An inserted pool moves all layers behind it; the head has 2 · 5 · 5 inputs.
        (
            [STEM, POOL, NORM, *HEAD],
            2 * 9 + 2 + 2 * 2 + 10,
            ["stem.weight", "stem.bias", *OF_THE_NORM, COUNTER, "head.bias"],
        ),
        # Larger kernels, padded so that the maps stay: the head has as many inputs as before.
        (
            [STEM | {"kernel_size": 5, "padding": 1}, NORM, *HEAD],
            2 + 2 * 2 + 720 + 10,
            ["stem.bias", *OF_THE_NORM, COUNTER, "head.weight", "head.bias"],
        ),
        # More channels: only the head's outputs and the counter are as they were.
        ([STEM | {"out_channels": 3}, NORM, *HEAD], 10, [COUNTER, "head.bias"]),
        # The same shapes under another name.
        ([STEM | {"name": "other"}], 0, []),
    ],
)
def test_a_tensor_is_taken_over_by_its_layer_s_name_if_its_shape_is_the_same(
    layers: list[dict[str, Any]], number: int, names: list[str]
) -> None:
    variant = architecture(layers)
    network = build(variant)
    before = {name: it.clone() for name, it in weights_in(variant, network.state_dict()).items()}

    assert adopt(network, variant, sevens(ORIGINAL)) == number

    for name, found in weights_in(variant, network.state_dict()).items():
        assert torch.equal(found, torch.full_like(found, 7) if name in names else before[name])


def test_weights_that_two_layers_share_are_counted_once() -> None:
    network = architecture(RESIDUAL, resolution=12)
    built = build(network)

    assert adopt(built, network, sevens(network)) == sum(it.numel() for it in built.parameters())


@pytest.mark.slow
@pytest.mark.parametrize("layers", [EVERY_LAYER, RESIDUAL])
def test_what_a_training_resumes_from_holds_the_weights_of_each_network(
    layers: list[dict[str, Any]],
) -> None:
    network = architecture(layers, resolution=12)
    training = in_training(network, images(resolution=12), seeds=[3, 4])

    for seed in (3, 4):
        assert_equal(weights_in(network, training.snapshots()[seed].tensors), drawn(network, seed))


@pytest.mark.slow
def test_each_seed_starts_with_the_weights_given_for_it_and_with_its_own_where_none_fit() -> None:
    data = images()
    trained = in_training(ORIGINAL, data, seeds=[0, 1])
    train(trained, 2, lambda _: None)
    given = {seed: weights_in(ORIGINAL, kept.tensors) for seed, kept in trained.snapshots().items()}
    variant = architecture([STEM, POOL, NORM, *HEAD])

    warm = Training(variant, data, trained.recipe, seeds=[0, 1], device=CPU, starts=given)

    for seed in (0, 1):
        own = drawn(variant, seed)["head.weight"]
        expected = {**given[seed], "head.weight": own}
        assert_equal(weights_in(variant, warm.snapshots()[seed].tensors), expected)
    assert not torch.equal(given[0]["stem.weight"], given[1]["stem.weight"])
