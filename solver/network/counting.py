"""Counting: parameters, multiply-adds, FLOPs, activations, receptive fields (Eqs. 2-5).

Nothing here knows how the solver encodes a network; answers are recounted with this module.
"""

from collections.abc import Iterable, Iterator, Sequence
from math import prod
from typing import Final, NamedTuple

from pydantic import Field

from solver.network.architecture import (
    MAX_COUNT,
    Architecture,
    Conv2d,
    Layer,
    Linear,
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


class Span(NamedTuple):
    """What consecutive layers cost for one shape of their input, and what they make of it.

    ``window`` is what one output depends on, in pixels of the layers' input, linear layers aside.
    """

    output: Shape
    params: int
    macs: int
    flops: int
    activations: int
    window: Window

    def then(self, behind: "Span") -> "Span":
        """These layers and those behind them, whose input is this output."""
        side, step = self.window
        return Span(
            behind.output,
            self.params + behind.params,
            self.macs + behind.macs,
            self.flops + behind.flops,
            max(self.activations, behind.activations),
            Window(side + (behind.window.side - 1) * step, step * behind.window.step),
        )

    @property
    def counts(self) -> Counts:
        """What a network of these layers costs.

        Raises
        ------
        OverflowError
            A count exceeds 2⁵³ − 1, the largest integer that every JSON reader keeps exact.
        """
        largest = max(self.params, self.flops, self.activations)
        if largest > MAX_COUNT:
            raise OverflowError(f"a count of {largest:,} exceeds 2^53 - 1, what JSON keeps exact")
        return Counts(
            params=self.params, macs=self.macs, flops=self.flops, activations=self.activations
        )


class Cost(NamedTuple):
    """What one layer costs."""

    params: int
    macs: int
    flops: int


FREE: Final = Cost(params=0, macs=0, flops=0)
PIXEL: Final = Window(side=1, step=1)


def shapes(architecture: Architecture) -> list[Shape]:
    """Shapes from the input (first) to the output of the last layer."""
    return _shapes(architecture.layers, input_shape(architecture))


def input_shape(architecture: Architecture) -> Shape:
    """Shape of one image."""
    image = architecture.input
    return (image.channels, image.resolution, image.resolution)


def _shapes(layers: Sequence[Layer], shape: Shape) -> list[Shape]:
    found = [shape]
    for layer in layers:
        found.append(output_shape(layer, found[-1]))
    return found


def layer_cost(layer: Layer, shape: Shape, output: Shape, *, count_pooling: bool = True) -> Cost:
    """What a layer costs that makes an output of an input of these shapes (Eqs. 2, 3, 5).

    Pooling costs its input's elements (Section 2's example).
    """
    match layer.type:
        case "conv2d":
            weights = layer.out_channels * layer.kernel_size**2 * (shape[0] // layer.groups)
            learned = weights + (layer.out_channels if layer.bias else 0)
            _, height, width = output
            return Cost(learned, height * width * weights, height * width * learned)
        case "linear":
            weights = shape[0] * layer.out_features
            learned = weights + (layer.out_features if layer.bias else 0)
            return Cost(learned, weights, learned)
        case "batch_norm2d":
            return Cost(2 * shape[0], 0, 0)
        case "max_pool2d" | "avg_pool2d" | "global_avg_pool2d" if count_pooling:
            return Cost(0, 0, prod(shape))
        case _:
            return FREE


def span(layers: Iterable[Layer], shape: Shape, *, count_pooling: bool = True) -> Span:
    """Count consecutive layers whose input has this shape."""
    params = macs = flops = activations = 0
    window = PIXEL
    for layer in layers:
        output = output_shape(layer, shape)
        cost = layer_cost(layer, shape, output, count_pooling=count_pooling)
        params, macs, flops = params + cost.params, macs + cost.macs, flops + cost.flops
        activations = max(activations, prod(shape) + prod(output))
        window = _widened(window, layer, shape)
        shape = output
    return Span(shape, params, macs, flops, activations, window)


def _widened(window: Window, layer: Layer, shape: Shape) -> Window:
    """What an output of a layer depends on, if its input (of this shape) depends on a window."""
    match layer.type:
        case "conv2d" | "max_pool2d" | "avg_pool2d":
            side = window.side + (reach(layer) - 1) * window.step
            return Window(side, window.step * stride_of(layer))
        case "global_avg_pool2d":
            return Window(window.side + (shape[1] - 1) * window.step, window.step)
        case _:
            return window


def _whole(architecture: Architecture, *, count_pooling: bool = True) -> Span:
    return span(architecture.layers, input_shape(architecture), count_pooling=count_pooling)


def params(architecture: Architecture) -> int:
    """Parameters of a whole network."""
    return _whole(architecture).params


def macs(architecture: Architecture) -> int:
    """Multiply-adds of a whole network."""
    return _whole(architecture).macs


def flops(architecture: Architecture, *, count_pooling: bool = True) -> int:
    """FLOPs of a whole network."""
    return _whole(architecture, count_pooling=count_pooling).flops


def count(architecture: Architecture, *, count_pooling: bool = True) -> Counts:
    """Count a whole network.

    Raises
    ------
    OverflowError
        A count is too large, see :attr:`Span.counts`.
    """
    return _whole(architecture, count_pooling=count_pooling).counts


def receptive_field(architecture: Architecture) -> int:
    """Receptive field of the last layer before the first linear one, in input pixels."""
    return _whole(architecture).window.side


def describe(architecture: Architecture) -> list[LayerReport]:
    """Count a network layer by layer."""
    sizes = shapes(architecture)
    return [
        LayerReport(
            name=layer.name or layer.type,
            type=layer.type,
            output=list(output),
            **layer_cost(layer, shape, output)._asdict(),
            receptive_field=window.side,
        )
        for layer, shape, output, window in zip(
            architecture.layers, sizes[:-1], sizes[1:], windows(architecture), strict=True
        )
    ]


def windows(architecture: Architecture) -> Iterator[Window]:
    """Yield what one output of each layer depends on, from the first layer to the last."""
    window = PIXEL
    map_side = architecture.input.resolution
    for layer, shape in zip(architecture.layers, shapes(architecture), strict=False):
        map_side = shape[1] if len(shape) > 1 else map_side
        if isinstance(layer, Linear):  # it sees the whole map
            window = Window(window.side + (map_side - 1) * window.step, window.step)
            map_side = 1
        window = _widened(window, layer, shape)
        yield window


def coverage(architecture: Architecture) -> float:
    """Share of the input's rows that the first convolution reads (1.0 where there is none)."""
    layers = architecture.layers
    first = next((i for i, layer in enumerate(layers) if isinstance(layer, Conv2d)), None)
    if first is None:
        return 1.0
    *sizes, output = _shapes(layers[: first + 1], input_shape(architecture))
    read = _rows(output[1])
    for layer, shape in zip(reversed(layers[: first + 1]), reversed(sizes), strict=True):
        read = _rows_read(layer, read, shape[1])
    return read.bit_count() / architecture.input.resolution


def _rows(side: int) -> int:
    """All rows of a map; rows are the bits of a number."""
    return (1 << side) - 1


def _rows_read(layer: Layer, rows: int, side: int) -> int:
    """The rows of a layer's input (of this side) that these rows of its output read."""
    match layer.type:
        case "conv2d" | "max_pool2d" | "avg_pool2d":
            dilation = layer.dilation if isinstance(layer, Conv2d) else 1
            spread = int(("0" * (stride_of(layer) - 1)).join(f"{rows:b}"), 2)
            read = 0
            for tap in range(layer.kernel_size):
                read |= spread << tap * dilation
            return read >> layer.padding & _rows(side)
        case "global_avg_pool2d":
            return _rows(side) if rows else 0
        case _:
            return rows
