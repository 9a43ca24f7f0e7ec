"""Weights by layer, so that one network can start with those of another.

They are a network's parameters and buffers, named after its layers: ``conv1.weight``.
"""

from collections.abc import Mapping
from typing import Final, TypeAlias

import torch
from torch import Tensor, nn

from solver.network.architecture import Architecture
from trainer.networks import build

Weights: TypeAlias = Mapping[str, Tensor]

_ALONE: Final = "network."
"""The place of a network in :class:`trainer.alone.Alone`."""


def weights_in(architecture: Architecture, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Pick the weights of a network out of all that its training resumes from."""
    with torch.device("meta"):
        network = build(architecture)
    kept = {name.removeprefix(_ALONE): value for name, value in tensors.items()}
    own = {name: kept[name].reshape(like.shape) for name, like in network.state_dict().items()}
    return _by_layer(architecture, own)


def adopt(network: nn.Module, architecture: Architecture, weights: Weights) -> int:
    """Copy weights into a built network, where a layer of that name has a tensor of that shape.

    Returns the number of parameters that were copied.
    """
    own = _by_layer(architecture, network.state_dict())
    fitting = {name for name in own.keys() & weights if own[name].shape == weights[name].shape}
    with torch.no_grad():
        for name in fitting:
            own[name].copy_(weights[name])
    parameters = _by_layer(architecture, dict(network.named_parameters()))
    return sum(parameters[name].numel() for name in parameters.keys() & fitting)


def _by_layer(architecture: Architecture, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Name tensors after layers where they are named after the layers' positions."""
    named = {}
    for key, value in tensors.items():
        position, _, name = key.partition(".")
        named[f"{architecture.layers[int(position)].name}.{name}"] = value
    return named
