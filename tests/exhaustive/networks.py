"""Networks as plain dictionaries, and what they cost: layer by layer, in plain integers.

A network is a graph: each layer names the tensors that it reads, the image being ``input``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from math import ceil, prod
from typing import Any, Final, TypeAlias

from solver.network.architecture import Architecture

Bounds: TypeAlias = tuple[int, int]
Layer: TypeAlias = dict[str, Any]
Layers: TypeAlias = list[Layer]
Shape: TypeAlias = tuple[int, ...]
"""Channels, height and width of maps; features once flat."""

WINDOWS: Final = ("conv2d", "max_pool2d", "avg_pool2d")
JOINS: Final = ("add", "mul", "concat")
NORMS: Final = ("batch_norm2d", "batch_norm1d", "layer_norm")
ACTIVATIONS: Final = (
    "relu", "relu6", "leaky_relu", "elu", "silu", "gelu", "hardswish", "hardsigmoid", "sigmoid",
    "tanh", "softmax", "log_softmax",
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A question about an original; ``below`` and ``above`` are written as decimals."""

    original: Architecture
    budget: str = "params"
    scope: str = "network"
    below: str = "0"
    above: str = "0"
    ranges: Mapping[str, Bounds] = field(default_factory=dict)
    count_pooling: bool = True
    min_coverage: str = "0"
    approach: str = "IV"
    kernel_grows: bool = True

    @cached_property
    def layers(self) -> Layers:
        """The original's layers."""
        return plain(self.original)

    @property
    def channels(self) -> int:
        """The image's channels."""
        return self.original.input.channels

    @property
    def resolution(self) -> int:
        """The original's resolution."""
        return self.original.resolution

    def span(self, name: str) -> range:
        """Return the values of an unknown, Section 4's where nothing is asked."""
        section4 = {
            "resolution": (self.resolution + 1, 2 * self.resolution),
            "kernel_size": (3, 8),
            "stride": (1, 5),
            "padding": (1, 5),
            "dilation": (2, 4),
            "pool_kernel_size": (2, 8),
            "pool_stride": (1, 5),
            "pool_padding": (0, 5),
        }
        low, high = self.ranges.get(name, section4.get(name, (1, 1_000_000)))
        return range(low, high + 1)


@dataclass
class Cost:
    """What a walk through a network adds up: its counts, and the shape behind each layer."""

    params: int = 0
    flops: int = 0
    shapes: list[Shape] = field(default_factory=list)

    @property
    def sides(self) -> list[int]:
        """The side behind each layer; 1 once flat."""
        return [shape[1] if len(shape) == 3 else 1 for shape in self.shapes]


def walk(
    layers: Layers, channels: int, side: int, count_pooling: bool = True, width: int | None = None
) -> Cost | None:
    """Count a network layer by layer; ``None`` where a window does not fit, or maps differ."""
    cost = Cost()
    tensors: dict[str, Shape] = {"input": (channels, side, width or side)}
    for layer in layers:
        inputs = [tensors[name] for name in layer["inputs"]]
        output = shape_of(layer, inputs)
        if output is None:
            return None
        params, flops = price(layer, inputs[0], output, count_pooling)
        cost.params += 0 if layer.get("shares") else params
        cost.flops += flops
        cost.shapes.append(output)
        tensors[layer["name"]] = output
    return cost


def shape_of(layer: Layer, inputs: list[Shape]) -> Shape | None:
    """What a layer makes of inputs of these shapes; ``None`` where it does not fit them."""
    kind, first = layer["type"], inputs[0]
    if kind in WINDOWS:
        sides = [window(layer, axis, first[1 + axis]) for axis in (0, 1)]
        if None in sides:
            return None
        return (layer.get("out_channels", first[0]), *(side for side in sides if side))
    if kind in JOINS:
        return joined(kind, inputs)
    match kind:
        case "global_avg_pool2d":
            return (first[0], 1, 1)
        case "adaptive_avg_pool2d":
            return (first[0], *pair(layer["output_size"]))
        case "zero_pad2d":
            left, right, top, bottom = borders(layer)
            return (first[0], first[1] + top + bottom, first[2] + left + right)
        case "chunk":
            return (first[0] // layer["chunks"], *first[1:])
        case "flatten":
            return (prod(first),)
        case "linear":
            return (layer["out_features"],)
        case _:
            return first


def window(layer: Layer, axis: int, n: int) -> int | None:
    """Side of what a window makes of a side ``n``, as PyTorch's documentation has it."""
    c, s = pair(layer["kernel_size"])[axis], pair(layer["stride"])[axis]
    d, p = pair(layer.get("dilation", 1))[axis], layer["padding"]
    if p == "same":
        return n
    p = pair(p)[axis]
    free = n + 2 * p - d * (c - 1) - 1
    if free < 0:
        return None
    if not layer.get("ceil_mode"):
        return int(free // s + 1)
    side = ceil(free / s) + 1
    return side - 1 if (side - 1) * s >= n + p else side  # none may start behind the map


def joined(kind: str, inputs: list[Shape]) -> Shape | None:
    """What a join makes: sides are equal, or 1 where it broadcasts."""
    sides = tuple(max(column) for column in zip(*(shape[1:] for shape in inputs), strict=True))
    may_be = [{side} if kind == "concat" else {1, side} for side in sides]
    for shape in inputs:
        if any(side not in allowed for side, allowed in zip(shape[1:], may_be, strict=True)):
            return None
    channels = [shape[0] for shape in inputs]
    return (sum(channels) if kind == "concat" else channels[0], *sides)


def price(layer: Layer, read: Shape, made: Shape, count_pooling: bool) -> tuple[int, int]:
    """Parameters and FLOPs of a layer."""
    kind = layer["type"]
    match kind:
        case "conv2d":
            tall, wide = pair(layer["kernel_size"])
            weights = made[0] * tall * wide * (read[0] // layer["groups"])
            params = weights + (made[0] if layer["bias"] else 0)
            return params, made[1] * made[2] * params
        case "linear":
            params = (read[0] + bool(layer["bias"])) * made[0]
            return params, params
        case "scale":
            return read[0], 0
    if kind in NORMS:
        return (2 * read[0] if layer.get("affine", True) else 0), 0
    return 0, prod(read) if "pool" in kind and count_pooling else 0


def pair(size: Any) -> tuple[int, int]:
    """Height and width."""
    return tuple(size) if isinstance(size, list | tuple) else (size, size)


def borders(layer: Layer) -> tuple[int, int, int, int]:
    """Pixels that are padded at the left, right, top and bottom."""
    padding = layer["padding"]
    return tuple(padding) if isinstance(padding, list | tuple) else (padding,) * 4


def channels_of(layers: Layers, channels: int) -> dict[str, int]:
    """Channels of each tensor by name; 0 once flat."""
    found = {"input": channels}
    for layer in layers:
        read = [found[name] for name in layer["inputs"]]
        made = read[0]
        match layer["type"]:
            case "conv2d":
                made = layer["out_channels"]
            case "concat":
                made = sum(read)
            case "chunk":
                made = read[0] // layer["chunks"]
            case "flatten" | "linear":
                made = 0
        found[layer["name"]] = made
    return found


def divides(layers: Layers, channels: int) -> bool:
    """Whether groups divide the channels on both sides of each convolution."""
    found = channels_of(layers, channels)
    return not any(
        found[layer["inputs"][0]] % layer["groups"] or layer["out_channels"] % layer["groups"]
        for layer in layers
        if layer["type"] == "conv2d"
    )


def reads_enough(asked: Asked, variant: Layers, N: int) -> bool:
    """Whether conv1, first of all layers, reads the asked share of the rows of its input."""
    share = Fraction(asked.min_coverage)
    places = convolutions(variant)
    if not share or not places:
        return True
    before, conv1 = variant[: places[0]], variant[places[0]]
    assert not any(layer["type"].endswith(("pool2d", "pad2d")) for layer in before), "not followed"
    C1, P1, dilation = conv1["kernel_size"], conv1["padding"], conv1["dilation"]
    if P1 == "same":
        P1 = dilation * (C1 - 1) // 2
    read = {
        row * conv1["stride"] - P1 + tap * dilation
        for row in range(window(conv1, 0, N) or 0)
        for tap in range(C1)
    }
    return Fraction(len(read & set(range(N))), N) >= share


def plain(original: Architecture) -> Layers:
    """Return the layers as dictionaries, each with the names of what it reads."""
    found: Layers = []
    before = "input"
    for layer in original.layers:
        body = layer.model_dump()
        body["inputs"] = list(body.get("inputs") or [before])
        before = body["name"]
        found.append(body)
    return found


def convolutions(layers: Layers) -> list[int]:
    """Where the convolutions stand."""
    return [i for i, layer in enumerate(layers) if layer["type"] == "conv2d"]


def put_in(layers: Layers, place: int, new: Layer) -> Layers:
    """Put a layer in behind the one before a place: whoever read that reads the new one."""
    source = layers[place - 1]["name"]
    behind = [
        layer | {"inputs": ["put in" if it == source else it for it in layer["inputs"]]}
        for layer in layers[place:]
    ]
    return [*layers[:place], new | {"name": "put in", "inputs": [source]}, *behind]


def readers(layers: Layers, name: str) -> list[int]:
    """The layers that read a tensor."""
    return [i for i, layer in enumerate(layers) if name in layer["inputs"]]


def is_passed_by(layers: Layers, place: int) -> bool:
    """Whether some layer behind a place reads a tensor from before it."""
    before = {"input", *(layer["name"] for layer in layers[:place])}
    return any(before & set(layer["inputs"]) for layer in layers[place + 1 :])
