"""Counting: parameters, multiply-adds, FLOPs, activations, receptive fields (Eqs. 2-5).

Nothing here knows how the solver encodes a network; answers are recounted with this module.
"""

from collections.abc import Iterator
from itertools import pairwise
from math import prod
from typing import NamedTuple

from pydantic import Field

from solver.architecture import (
    MAX_COUNT,
    Architecture,
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    GlobalAvgPool2d,
    Layer,
    Linear,
    MaxPool2d,
    Pool2d,
    Schema,
    Shape,
    output_shape,
    reach,
    stride_of,
)


class Counts(Schema):
    """What a network costs, per image.

    ``params`` counts weights, biases and norm parameters; ``macs`` multiply-adds of convolutions
    and linear layers; ``flops`` those, bias additions and pooling (Eq. 5: a multiply-add counts
    one); ``activations`` is the largest sum of one layer's input and output elements.
    """

    params: int
    macs: int
    flops: int
    activations: int


class Delta(Schema):
    """A variant's counts minus the original's."""

    params: int
    macs: int
    flops: int


class LayerReport(Schema):
    """One layer of a counted network."""

    name: str
    type: str
    output: list[int] = Field(description="[channels, height, width], or [features] once flat")
    params: int
    macs: int
    flops: int
    receptive_field: int = Field(
        description="Side, in input pixels, of the square that one output depends on; padding "
        "counts, so it may exceed the resolution"
    )


class Window(NamedTuple):
    """What one output of a layer depends on, in input pixels."""

    side: int
    step: int


def shapes(architecture: Architecture) -> list[Shape]:
    """Shapes from the input (first) to the output of the last layer."""
    image = architecture.input
    found: list[Shape] = [(image.channels, image.resolution, image.resolution)]
    for layer in architecture.layers:
        found.append(output_shape(layer, found[-1]))
    return found


def layer_params(layer: Layer, shape: Shape) -> int:
    """Learned values of a layer (Eqs. 2, 3) whose input has this shape."""
    match layer:
        case Conv2d(out_channels=filters, kernel_size=kernel):
            weights = filters * kernel**2 * (shape[0] // layer.groups)
            return weights + (filters if layer.bias else 0)
        case Linear(out_features=features):
            return shape[0] * features + (features if layer.bias else 0)
        case BatchNorm2d():
            return 2 * shape[0]
        case _:
            return 0


def layer_macs(layer: Layer, shape: Shape) -> int:
    """Multiply-adds of a layer whose input has this shape."""
    match layer:
        case Conv2d(out_channels=filters, kernel_size=kernel):
            _, height, width = output_shape(layer, shape)
            return height * width * kernel**2 * (shape[0] // layer.groups) * filters
        case Linear(out_features=features):
            return shape[0] * features
        case _:
            return 0


def layer_flops(layer: Layer, shape: Shape, *, count_pooling: bool = True) -> int:
    """FLOPs of a layer (Eq. 5); pooling costs its input's elements (Section 2's example)."""
    match layer:
        case Conv2d(bias=True) | Linear(bias=True):
            return layer_macs(layer, shape) + prod(output_shape(layer, shape))
        case MaxPool2d() | AvgPool2d() | GlobalAvgPool2d():
            return prod(shape) if count_pooling else 0
        case _:
            return layer_macs(layer, shape)


def params(architecture: Architecture) -> int:
    """Parameters of a whole network."""
    return sum(layer_params(layer, shape) for layer, shape in _inputs(architecture))


def macs(architecture: Architecture) -> int:
    """Multiply-adds of a whole network."""
    return sum(layer_macs(layer, shape) for layer, shape in _inputs(architecture))


def flops(architecture: Architecture, *, count_pooling: bool = True) -> int:
    """FLOPs of a whole network."""
    return sum(
        layer_flops(layer, shape, count_pooling=count_pooling)
        for layer, shape in _inputs(architecture)
    )


def count(architecture: Architecture, *, count_pooling: bool = True) -> Counts:
    """Count a whole network.

    Raises
    ------
    OverflowError
        A count exceeds 2⁵³ − 1, the largest integer that every JSON reader keeps exact.
    """
    counts = Counts(
        params=params(architecture),
        macs=macs(architecture),
        flops=flops(architecture, count_pooling=count_pooling),
        activations=max(prod(a) + prod(b) for a, b in pairwise(shapes(architecture))),
    )
    largest = max(counts.params, counts.flops, counts.activations)
    if largest > MAX_COUNT:
        raise OverflowError(f"a count of {largest:,} exceeds 2^53 - 1, what JSON keeps exact")
    return counts


def _inputs(architecture: Architecture) -> Iterator[tuple[Layer, Shape]]:
    """Yield each layer with the shape of its input."""
    return zip(architecture.layers, shapes(architecture), strict=False)


def describe(architecture: Architecture) -> list[LayerReport]:
    """Count a network layer by layer."""
    sizes = shapes(architecture)
    return [
        LayerReport(
            name=layer.name or layer.type,
            type=layer.type,
            output=list(output),
            params=layer_params(layer, shape),
            macs=layer_macs(layer, shape),
            flops=layer_flops(layer, shape),
            receptive_field=window.side,
        )
        for layer, shape, output, window in zip(
            architecture.layers, sizes[:-1], sizes[1:], windows(architecture), strict=True
        )
    ]


def windows(architecture: Architecture) -> Iterator[Window]:
    """Yield what one output of each layer depends on, from the first layer to the last."""
    window = Window(side=1, step=1)
    map_side = architecture.input.resolution
    for layer, shape in zip(architecture.layers, shapes(architecture), strict=False):
        map_side = shape[1] if len(shape) > 1 else map_side
        match layer:
            case Conv2d() | MaxPool2d() | AvgPool2d():
                side = window.side + (reach(layer) - 1) * window.step
                window = Window(side, window.step * stride_of(layer))
            case GlobalAvgPool2d() | Linear():
                window = Window(window.side + (map_side - 1) * window.step, window.step)
                map_side = 1
        yield window


def receptive_field(architecture: Architecture) -> int:
    """Receptive field of the last layer before the first linear one, in input pixels."""
    side = 1
    for layer, window in zip(architecture.layers, windows(architecture), strict=True):
        if isinstance(layer, Linear):
            break
        side = window.side
    return side


def coverage(architecture: Architecture) -> float:
    """Share of the input's rows that the first convolution reads (1.0 where there is none)."""
    layers = list(architecture.layers)
    first = next((i for i, layer in enumerate(layers) if isinstance(layer, Conv2d)), None)
    if first is None:
        return 1.0
    sizes = shapes(architecture)
    rows = set(range(sizes[first + 1][1]))
    for layer, shape in zip(
        reversed(layers[: first + 1]), reversed(sizes[: first + 1]), strict=True
    ):
        match layer:
            case Conv2d() | Pool2d():
                rows = set(_rows_read(layer, rows, shape[1]))
            case GlobalAvgPool2d():
                rows = set(range(shape[1])) if rows else set()
    return len(rows) / architecture.input.resolution


def _rows_read(layer: Conv2d | Pool2d, rows: set[int], side: int) -> Iterator[int]:
    """Yield the rows of a layer's input (of this side) that these rows of its output read."""
    dilation = layer.dilation if isinstance(layer, Conv2d) else 1
    for row in rows:
        for tap in range(layer.kernel_size):
            read = row * stride_of(layer) - layer.padding + tap * dilation
            if 0 <= read < side:
                yield read
