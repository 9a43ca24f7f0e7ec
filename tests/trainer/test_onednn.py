from copy import deepcopy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from trainer.alone import at_once
from trainer.graph import Graph
from trainer.modules import Add

IMAGES = torch.rand(64, 4, 16, 16, generator=torch.Generator().manual_seed(0))


def shortcut(**changes: Any) -> nn.Conv2d:
    """A convolution as in the shortcut of a narrow residual block."""
    fields: dict[str, Any] = {"kernel_size": 1, "stride": 2, "bias": False, **changes}
    return nn.Conv2d(fields.pop("in_channels", 4), 8, **fields)


def sequence() -> nn.Sequential:
    return nn.Sequential(shortcut(stride=(4, 2)), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 4 * 8, 3))


def graph() -> Graph:
    """Two shortcuts that share their weights, around nothing."""
    convolution = shortcut()
    ends = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3))
    links = ((0,), (0,), (1,), (3, 2), (4,), (5,), (6,))
    return Graph([convolution, convolution, nn.ReLU(), Add(), *ends], links)


def trainable(*networks: nn.Module) -> list[Any]:
    return at_once(networks, [torch.Generator() for _ in networks])


def strides(network: nn.Module) -> list[tuple[int, ...]]:
    return [module.stride for module in network.modules() if isinstance(module, nn.Conv2d)]


def gradients(network: nn.Module, images: Tensor) -> list[Tensor]:
    """The gradients of the network's parameters, as it is trained: with channels last."""
    logits = network(images.contiguous(memory_format=torch.channels_last))
    return list(torch.autograd.grad(logits.square().sum(), list(network.parameters())))


@pytest.mark.parametrize("network", [sequence(), graph()], ids=["sequence", "graph"])
def test_strided_convolutions_of_single_pixels_have_the_gradients_that_pytorch_defines(
    network: nn.Module,
) -> None:
    expected = gradients(deepcopy(network).double(), IMAGES.double())  # oneDNN has no doubles

    (trained,) = trainable(network)

    for found, own in zip(gradients(trained, IMAGES), expected, strict=True):
        torch.testing.assert_close(found.view(own.shape), own.float(), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("seeds", [1, 2])
def test_onednn_gets_no_strided_convolution_of_few_single_pixels(seeds: int) -> None:
    for network in sequence(), graph():
        for trained in trainable(*[deepcopy(network) for _ in range(seeds)]):
            assert set(strides(trained)) == {(1, 1)}
        assert set(strides(network)) <= {(4, 2), (2, 2)}, "the network itself was changed"


@pytest.mark.parametrize(
    "changes",
    [{"in_channels": 16}, {"kernel_size": 3}, {"kernel_size": (1, 2)}, {"padding": 1}],
    ids=str,
)
def test_all_other_convolutions_stay_as_they_are(changes: dict[str, Any]) -> None:
    (trained,) = trainable(nn.Sequential(shortcut(**changes)))

    assert strides(trained) == [(2, 2)]
