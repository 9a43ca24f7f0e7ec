"""Networks as plain dictionaries, and what they cost: layer by layer, in plain integers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any, TypeAlias

from solver.network.architecture import Architecture

Bounds: TypeAlias = tuple[int, int]
Layers: TypeAlias = list[dict[str, Any]]


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
    """What a walk through a network adds up: its counts, and the side behind each layer."""

    params: int = 0
    flops: int = 0
    sides: list[int] = field(default_factory=list)


def walk(layers: Layers, channels: int, side: int, count_pooling: bool = True) -> Cost | None:
    """Count a network layer by layer; ``None`` where a window does not fit."""
    cost = Cost()
    features = 0
    for layer in layers:
        kind = layer["type"]
        if kind in ("conv2d", "max_pool2d", "avg_pool2d"):
            if "pool" in kind and count_pooling:
                cost.flops += side * side * channels
            dilation = layer["dilation"] if kind == "conv2d" else 1
            slack = side + 2 * layer["padding"] - dilation * (layer["kernel_size"] - 1) - 1
            if slack < 0:
                return None
            side = slack // layer["stride"] + 1
        if kind == "conv2d":
            K = layer["out_channels"]
            weights = K * layer["kernel_size"] ** 2 * channels // layer["groups"]
            biases = K if layer["bias"] else 0
            cost.params += weights + biases
            cost.flops += side * side * (weights + biases)
            channels = K
        elif kind == "global_avg_pool2d":
            cost.flops += side * side * channels if count_pooling else 0
            side = 1
        elif kind == "batch_norm2d":
            cost.params += 2 * channels
        elif kind == "flatten":
            features = features or channels * side * side
        elif kind == "linear":
            weights = features * layer["out_features"]
            weights += layer["out_features"] if layer["bias"] else 0
            cost.params += weights
            cost.flops += weights
            features = layer["out_features"]
        cost.sides.append(side)
    return cost


def divides(layers: Layers, channels: int) -> bool:
    """Whether groups divide the channels on both sides of each convolution."""
    for layer in layers:
        if layer["type"] == "conv2d":
            if channels % layer["groups"] or layer["out_channels"] % layer["groups"]:
                return False
            channels = layer["out_channels"]
    return True


def reads_enough(asked: Asked, variant: Layers, N: int) -> bool:
    """Whether conv1, first of all layers, reads the asked share of the rows of its input."""
    share = Fraction(asked.min_coverage)
    places = convolutions(variant)
    if not share or not places:
        return True
    before, conv1 = variant[: places[0]], variant[places[0]]
    assert not any("pool" in layer["type"] for layer in before), "not followed through"
    C1, P1, dilation = conv1["kernel_size"], conv1["padding"], conv1["dilation"]
    read = {
        top + tap * dilation
        for top in range(-P1, N + P1 - dilation * (C1 - 1), conv1["stride"])
        for tap in range(C1)
    }
    return Fraction(len(read & set(range(N))), N) >= share


def plain(original: Architecture) -> Layers:
    """Return the layers as dictionaries."""
    return [layer.model_dump() for layer in original.layers]


def convolutions(layers: Layers) -> list[int]:
    """Where the convolutions stand."""
    return [i for i, layer in enumerate(layers) if layer["type"] == "conv2d"]
