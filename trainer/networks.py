"""Architectures as PyTorch modules, and what those modules cost.

B images, C channels, H height, W width, K classes.
"""

import torch
from torch import nn
from torch.func import functional_call
from torch.utils.flop_counter import FlopCounterMode

from solver.network.architecture import Architecture
from solver.network.counting import Counts, shapes
from solver.network.layers import (
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Dropout2d,
    Flatten,
    GlobalAvgPool2d,
    Layer,
    Linear,
    MaxPool2d,
    ReLU,
    Shape,
)
from trainer.errors import RunFailed


class CountMismatch(RunFailed):
    """The built module does not cost what its architecture was counted to cost."""

    kind = "count_mismatch"


def build(architecture: Architecture) -> nn.Sequential:
    """Build a network with PyTorch's default initialisation: images_BCHW to logits_BK.

    Submodules are keyed by position, since the name of a layer may be one of a module's own
    attributes (``forward``).
    """
    inputs = zip(architecture.layers, shapes(architecture), strict=False)
    return nn.Sequential(*(_module(layer, shape) for layer, shape in inputs))


def _module(layer: Layer, shape: Shape) -> nn.Module:
    """Make the module of a layer whose input has this shape."""
    match layer:
        case Conv2d():
            return nn.Conv2d(
                shape[0],
                layer.out_channels,
                layer.kernel_size,
                stride=layer.stride,
                padding=layer.padding,
                dilation=layer.dilation,
                groups=layer.groups,
                bias=layer.bias,
            )
        case MaxPool2d():
            return nn.MaxPool2d(layer.kernel_size, layer.stride, layer.padding)
        case AvgPool2d():
            return nn.AvgPool2d(layer.kernel_size, layer.stride, layer.padding)
        case GlobalAvgPool2d():
            return nn.AdaptiveAvgPool2d(1)
        case BatchNorm2d():
            return nn.BatchNorm2d(shape[0])
        case ReLU():
            return nn.ReLU()
        case Dropout():
            return nn.Dropout(layer.p)
        case Dropout2d():
            return nn.Dropout2d(layer.p)
        case Flatten():
            return nn.Flatten()
        case Linear():
            return nn.Linear(shape[0], layer.out_features, bias=layer.bias)
        case _:
            raise NotImplementedError(layer.type)


def counts_of(module: nn.Module, architecture: Architecture) -> tuple[int, int]:
    """Measure a built module: parameters, and multiply-adds for one image.

    The forward pass runs in evaluation mode on the meta device, so it computes nothing.
    """
    channels, resolution = architecture.input.channels, architecture.resolution
    images_BCHW = torch.empty(1, channels, resolution, resolution, device="meta")
    weights = {name: value.to("meta") for name, value in module.state_dict().items()}
    was_training = module.training
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        functional_call(module.eval(), weights, (images_BCHW,))
    module.train(was_training)
    params = sum(parameter.numel() for parameter in module.parameters())
    return params, counter.get_total_flops() // 2


def check_counts(module: nn.Module, architecture: Architecture, expected: Counts) -> None:
    """Recount a built module, before compute is spent on it.

    Raises
    ------
    CountMismatch
        Its parameters or its multiply-adds are not the expected ones.
    """
    params, macs = counts_of(module, architecture)
    if (params, macs) != (expected.params, expected.macs):
        raise CountMismatch(
            f"The built network has {params:,} parameters and {macs:,} multiply-adds, but was "
            f"counted to have {expected.params:,} and {expected.macs:,}."
        )
