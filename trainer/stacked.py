"""Several networks of one architecture as one module, so that they are computed at once.

Small networks keep no processor busy: most of the time goes into starting operations. S networks
side by side are one network: its convolutions have S times the groups, and its linear layers are
batched matrix products. No network sees another.

S networks (seeds), B images of a batch, C channels of one network, H height, W width, F features,
K classes.
"""

from collections.abc import Sequence
from copy import deepcopy
from typing import Final

import torch
from torch import Tensor, nn

from trainer.dropout import StackedDropout
from trainer.graph import chain, sparing

_AS_THEY_ARE: Final = (
    *(nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.ZeroPad2d, nn.Identity),
    *(nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.SiLU, nn.GELU),
    *(nn.Hardswish, nn.Hardsigmoid, nn.Sigmoid, nn.Tanh),
)
"""Modules that treat each channel by itself, and learn nothing."""
_STACKABLE: Final = frozenset(
    {
        *(nn.Conv2d, nn.Linear, nn.BatchNorm2d, nn.BatchNorm1d, nn.Flatten),
        *(nn.Dropout, nn.Dropout2d, nn.Softmax, nn.LogSoftmax),
        *_AS_THEY_ARE,
    }
)


def is_stackable(network: nn.Module) -> bool:
    """Return whether such networks can be stacked: they must be sequences of modules known here."""
    return type(network) is nn.Sequential and all(type(it) in _STACKABLE for it in network)


def stack(networks: Sequence[nn.Sequential], generators: Sequence[torch.Generator]) -> "Stacked":
    """Put networks of one architecture side by side, each with its own dropout.

    Parameters
    ----------
    generators
        One for each network, on the networks' device; the network's dropout draws from it.
    """
    made: dict[nn.Module, nn.Module] = {}
    modules = []
    for layers in zip(*networks, strict=True):
        if layers[0] not in made:  # else its weights are used once more
            made[layers[0]] = _stacked(layers, generators)
        modules.append(made[layers[0]])
    if not any(isinstance(module, StackedFlatten) for module in modules):
        modules.append(StackedFlatten(len(networks)))  # maps of one pixel
    return Stacked(*sparing(modules, chain(len(modules))))


class Stacked(nn.Sequential):
    """S networks: images_BMHW (M = S·C, one network's channels after the other's) to logits_SBK."""


def _stacked(layers: Sequence[nn.Module], generators: Sequence[torch.Generator]) -> nn.Module:
    """Return one module that does what these do, each for its network."""
    match first := layers[0]:
        case nn.Conv2d():
            return _convolution(layers)
        case nn.BatchNorm2d():
            features = len(layers) * first.num_features
            return _loaded(nn.BatchNorm2d(features, first.eps, affine=first.affine), layers)
        case nn.BatchNorm1d():
            features = len(layers) * first.num_features
            made = StackedBatchNorm1d(features, first.eps, affine=first.affine)
            return _loaded(made, layers)
        case nn.Linear():
            return StackedLinear(layers)
        case nn.Softmax() | nn.LogSoftmax():
            return StackedSoftmax(len(layers), is_log=isinstance(first, nn.LogSoftmax))
        case nn.Dropout() | nn.Dropout2d():
            return StackedDropout(first.p, generators, channels=isinstance(first, nn.Dropout2d))
        case nn.Flatten():
            return StackedFlatten(len(layers))
    return deepcopy(first)


def _convolution(layers: Sequence[nn.Module]) -> nn.Module:
    first = layers[0]
    assert isinstance(first, nn.Conv2d)
    made = nn.Conv2d(
        len(layers) * first.in_channels,
        len(layers) * first.out_channels,
        first.kernel_size,  # type: ignore[arg-type]
        stride=first.stride,  # type: ignore[arg-type]
        padding=first.padding,  # type: ignore[arg-type]
        dilation=first.dilation,  # type: ignore[arg-type]
        groups=len(layers) * first.groups,
        bias=first.bias is not None,
    )
    return _loaded(made, layers)


def _loaded(made: nn.Module, layers: Sequence[nn.Module]) -> nn.Module:
    """Load the values of these layers into a module, one after another."""
    states = [layer.state_dict() for layer in layers]
    made.load_state_dict(
        {
            name: torch.cat([state[name] for state in states]) if value.ndim else value
            for name, value in states[0].items()
        }
    )
    return made


class StackedFlatten(nn.Module):
    """From images_BMHW to features_SBF, in the order of ``nn.Flatten``."""

    def __init__(self, networks: int) -> None:
        super().__init__()
        self._networks = networks

    def forward(self, images_BMHW: Tensor) -> Tensor:
        """Flatten each network's own channels; what is flat stays as it is."""
        if images_BMHW.ndim == 3:
            return images_BMHW
        features_BSF = images_BMHW.reshape(len(images_BMHW), self._networks, -1)
        return features_BSF.transpose(0, 1)


class StackedLinear(nn.Module):
    """S linear layers: features_SBI to features_SBO, with I features in and O features out."""

    def __init__(self, layers: Sequence[nn.Module]) -> None:
        super().__init__()
        states = [layer.state_dict() for layer in layers]
        self.weight = nn.Parameter(torch.stack([state["weight"] for state in states]))
        biases = [state["bias"] for state in states if "bias" in state]
        self.bias = nn.Parameter(torch.stack(biases)) if biases else None

    def forward(self, features_SBI: Tensor) -> Tensor:
        """Multiply each network's features by its own weights."""
        weight_SIO = self.weight.transpose(1, 2)
        if self.bias is None:
            return torch.bmm(features_SBI, weight_SIO)
        return torch.baddbmm(self.bias.unsqueeze(1), features_SBI, weight_SIO)


class StackedBatchNorm1d(nn.BatchNorm1d):
    """S batch norms of features: features_SBF to features_SBF."""

    def forward(self, features_SBF: Tensor) -> Tensor:
        """Normalise each network's features by themselves."""
        features_BSF = features_SBF.transpose(0, 1)
        normed_BM = super().forward(features_BSF.flatten(1))
        return normed_BM.view(features_BSF.shape).transpose(0, 1)


class StackedSoftmax(nn.Module):
    """Softmax, or its logarithm, over each network's own channels or features."""

    def __init__(self, networks: int, *, is_log: bool) -> None:
        super().__init__()
        self._networks = networks
        self._softmax = torch.log_softmax if is_log else torch.softmax

    def forward(self, values: Tensor) -> Tensor:
        """Apply it to features_SBF, or to images_BMHW."""
        if values.ndim == 3:
            return self._softmax(values, 2)
        batch, channels, *sides = values.shape
        apart_BSCHW = values.reshape(batch, self._networks, channels // self._networks, *sides)
        return self._softmax(apart_BSCHW, 2).flatten(1, 2)
