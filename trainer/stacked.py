"""Several networks of one architecture as one module, so that they are computed at once.

Small networks keep no processor busy: most of the time goes into starting operations. S networks
side by side are one network whose convolutions have S times the groups and whose linear layers are
batched matrix products; none of them sees another.

S networks (seeds), B images of a batch, C channels of one network, H height, W width, F features,
K classes.
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from itertools import pairwise
from typing import Final

import torch
from torch import Tensor, nn

_SPARE_THE_COPY: Final = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)
"""Modules whose gradients do not need their own output, which a ReLU may therefore overwrite."""


def stack(networks: Sequence[nn.Sequential], generators: Sequence[torch.Generator]) -> "Stacked":
    """Put networks of one architecture side by side, each with its own dropout.

    Parameters
    ----------
    generators
        One for each network, on the networks' device: what its dropout is drawn from.
    """
    modules = [_stacked(layers, generators) for layers in zip(*networks, strict=True)]
    if not any(isinstance(module, StackedFlatten) for module in modules):
        modules.append(StackedFlatten(len(networks)))  # maps of one pixel
    return Stacked(*_pools_first(modules))


class Stacked(nn.Sequential):
    """S networks: images_BMHW (M = S·C, one network's channels after the other's) to logits_SBK."""


def _stacked(layers: Sequence[nn.Module], generators: Sequence[torch.Generator]) -> nn.Module:
    """One module that does what these do, one network's each."""
    match first := layers[0]:
        case nn.Conv2d():
            return _convolution(layers)
        case nn.BatchNorm2d():
            return _loaded(nn.BatchNorm2d(len(layers) * first.num_features), layers)
        case nn.Linear():
            return StackedLinear(layers)
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
    """Give a module the values of these, one behind the other."""
    states = [layer.state_dict() for layer in layers]
    made.load_state_dict(
        {
            name: torch.cat([state[name] for state in states]) if value.ndim else value
            for name, value in states[0].items()
        }
    )
    return made


def _pools_first(modules: Sequence[nn.Module]) -> list[nn.Module]:
    """Have max pools change places with what they commute with: the same values, of fewer elements.

    So do ReLUs, and dropout of whole channels, which multiplies a window by one number.
    """
    ordered: list[nn.Module] = []
    for module in modules:
        at = len(ordered)
        while isinstance(module, nn.MaxPool2d) and at and _commutes(ordered[at - 1]):
            at -= 1
        ordered.insert(at, module)
    for before, module in pairwise(ordered):
        if isinstance(module, nn.ReLU):
            module.inplace = isinstance(before, _SPARE_THE_COPY)
    return ordered


def _commutes(module: nn.Module) -> bool:
    return isinstance(module, nn.ReLU) or (isinstance(module, StackedDropout) and module.channels)


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
    """S linear layers: features_SBI to features_SBO, I and O their numbers of features."""

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


class StackedDropout(nn.Module):
    """Dropout of elements or of whole channels, drawn for each network by itself.

    A network's draws do not depend on which others are beside it.
    """

    def __init__(self, p: float, generators: Sequence[torch.Generator], *, channels: bool) -> None:
        super().__init__()
        self._p = p
        self._generators = generators
        self.channels = channels

    def forward(self, values: Tensor) -> Tensor:
        """Drop some, and scale the others up, while training; else nothing."""
        if not self.training or self._p == 0:
            return values
        if values.ndim == 3:
            return values * self._scales(values.shape[1:])
        batch, channels, height, width = values.shape
        size = (1, 1) if self.channels else (height, width)
        scales_SBHWC = self._scales((batch, *size, channels // len(self._generators)))
        return values * scales_SBHWC.permute(1, 2, 3, 0, 4).flatten(3).permute(0, 3, 1, 2)

    def _scales(self, shape: Sequence[int]) -> Tensor:
        """Draw what each network's values are multiplied by: 0, or what makes up for it."""
        device = self._generators[0].device
        drawn = torch.empty(len(self._generators), *shape, device=device)
        for generator, own in zip(self._generators, drawn, strict=True):
            own.uniform_(generator=generator)
        return drawn.ge_(self._p).mul_(1 / (1 - self._p) if self._p < 1 else 0.0)


class Flat:
    """The parameters of a stack as views of one vector.

    An optimiser that treats every number by itself takes one step of a vector in the time of one
    step of any of its parameters.

    Attributes
    ----------
    vector
        All parameters; what the optimiser is given.
    """

    def __init__(self, network: Stacked) -> None:
        self._parameters = list(network.parameters())
        self.vector = nn.Parameter(torch.cat([_row(value) for value in self._parameters]).detach())
        for parameter, view in zip(self._parameters, self.views(self.vector), strict=True):
            parameter.data = view

    def views(self, vector: Tensor) -> Iterator[Tensor]:
        """Give the parts of a vector like this one that belong to each parameter, in its shape."""
        sizes = [parameter.numel() for parameter in self._parameters]
        for parameter, part in zip(
            self._parameters, torch.split(vector.detach(), sizes), strict=True
        ):
            if parameter.ndim == 4:
                out, into, height, width = parameter.shape
                yield part.view(out, height, width, into).permute(0, 3, 1, 2)
            else:
                yield part.view(parameter.shape)

    def differentiate(self, loss: Tensor) -> None:
        """Set the vector's gradient to that of a loss."""
        gradients = torch.autograd.grad(loss, self._parameters)
        self.vector.grad = torch.cat([_row(gradient) for gradient in gradients])


def _row(values: Tensor) -> Tensor:
    """All elements in a row; channels last, as convolutions want their weights."""
    return values.permute(0, 2, 3, 1).reshape(-1) if values.ndim == 4 else values.reshape(-1)
