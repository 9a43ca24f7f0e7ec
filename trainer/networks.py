"""Architectures as PyTorch modules, and what those modules cost.

B images, C channels, H height, W width, K classes.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any, Final, TypeAlias

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from solver.network import layers
from solver.network.architecture import Architecture
from solver.network.counting import Counts, walk
from solver.network.layers import Layer, Shape, Weighted
from trainer import modules
from trainer.errors import RunFailed
from trainer.graph import Graph

Builder: TypeAlias = Callable[[Any, Sequence[Shape]], nn.Module]
"""A builder makes a layer's module from the layer and the shapes of its inputs."""


def _bare(module: Callable[[], nn.Module]) -> Builder:
    """Return a builder of modules that take no arguments."""
    return lambda _layer, _read: module()


BUILDERS: Final[dict[type[Layer], Builder]] = {
    layers.Conv2d: lambda it, read: nn.Conv2d(
        read[0][0],
        it.out_channels,
        it.kernel_size,
        stride=it.stride,
        padding=it.padding,
        dilation=it.dilation,
        groups=it.groups,
        bias=it.bias,
    ),
    layers.Linear: lambda it, read: nn.Linear(read[0][0], it.out_features, bias=it.bias),
    layers.MaxPool2d: lambda it, _: nn.MaxPool2d(
        it.kernel_size, it.stride, it.padding, it.dilation, ceil_mode=it.ceil_mode
    ),
    layers.AvgPool2d: lambda it, _: nn.AvgPool2d(
        it.kernel_size,
        it.stride,
        it.padding,
        ceil_mode=it.ceil_mode,
        count_include_pad=it.count_include_pad,
    ),
    layers.AdaptiveAvgPool2d: lambda it, _: nn.AdaptiveAvgPool2d(it.output_size),
    layers.GlobalAvgPool2d: lambda _, __: nn.AdaptiveAvgPool2d(1),
    layers.ZeroPad2d: lambda it, _: nn.ZeroPad2d(it.borders),
    layers.Flatten: _bare(nn.Flatten),
    layers.BatchNorm2d: lambda it, read: nn.BatchNorm2d(read[0][0], it.eps, affine=it.affine),
    layers.BatchNorm1d: lambda it, read: nn.BatchNorm1d(read[0][0], it.eps, affine=it.affine),
    layers.LayerNorm: lambda it, read: modules.ChannelNorm(
        read[0][0], eps=it.eps, affine=it.affine
    ),
    layers.Scale: lambda _, read: modules.Scale(read[0][0]),
    layers.Add: _bare(modules.Add),
    layers.Mul: _bare(modules.Mul),
    layers.Concat: _bare(modules.Concat),
    layers.Chunk: lambda it, _: modules.Chunk(it.chunks, it.index),
    layers.ChannelShuffle: lambda it, _: modules.ChannelShuffle(it.groups),
    layers.Dropout: lambda it, _: nn.Dropout(it.p),
    layers.Dropout2d: lambda it, _: nn.Dropout2d(it.p),
    layers.Identity: _bare(nn.Identity),
    layers.ReLU: _bare(nn.ReLU),
    layers.ReLU6: _bare(nn.ReLU6),
    layers.LeakyReLU: lambda it, _: nn.LeakyReLU(it.negative_slope),
    layers.ELU: lambda it, _: nn.ELU(it.alpha),
    layers.SiLU: _bare(nn.SiLU),
    layers.GELU: _bare(nn.GELU),
    layers.Hardswish: _bare(nn.Hardswish),
    layers.Hardsigmoid: _bare(nn.Hardsigmoid),
    layers.Sigmoid: _bare(nn.Sigmoid),
    layers.Tanh: _bare(nn.Tanh),
    layers.Softmax: lambda _, __: nn.Softmax(dim=1),
    layers.LogSoftmax: lambda _, __: nn.LogSoftmax(dim=1),
}
"""How each layer type is built, one line a type; your own types are added here, too."""


class CountMismatch(RunFailed):
    """The built module's counts differ from those of its architecture."""

    kind = "count_mismatch"


def build(architecture: Architecture) -> nn.Sequential | Graph:
    """Build a network with PyTorch's default initialisation; it maps images_BCHW to its output.

    Submodules are keyed by position, since a layer's name may be an attribute that every module has
    (``forward``). A layer that shares another's weights uses the other's module.
    """
    walked = walk(architecture)
    made: dict[str | None, nn.Module] = {}
    for place, layer in enumerate(architecture.layers):
        if isinstance(layer, Weighted) and layer.shares is not None:
            made[layer.name] = made[layer.shares]
        else:
            made[layer.name] = BUILDERS[type(layer)](layer, walked.inputs(place))
    ordered = [made[layer.name] for layer in architecture.layers]
    if architecture.is_sequence:
        return nn.Sequential(*ordered)
    return Graph(ordered, architecture.links)


def valueless(module: nn.Module) -> nn.Module:
    """Copy a module to the meta device, where tensors have shapes and no values."""
    made: dict[int, Any] = {
        id(parameter): nn.Parameter(parameter.detach().to("meta"))
        for parameter in module.parameters()
    }
    made |= {id(buffer): buffer.to("meta") for buffer in module.buffers()}
    return deepcopy(module, made)  # not functional_call: it spoils shared modules


def counts_of(module: nn.Module, architecture: Architecture) -> tuple[int, int]:
    """Count a built module's parameters, and its multiply-adds for one image.

    A copy without values runs in evaluation mode on the meta device, so that nothing is computed.
    """
    images_BCHW = torch.empty(1, *architecture.input.shape, device="meta")
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        valueless(module).eval()(images_BCHW)
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
