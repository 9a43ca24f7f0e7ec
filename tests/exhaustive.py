"""Approach IV by trying everything: plain loops over plain integers.

Written from the equations alone; of the solver it takes nothing but the schema of the original, so
that a fault of the encoding, the counting or the truth tests cannot be in both.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import product
from typing import Any

from solver.architecture import Architecture

Row = tuple[int, ...]
"""``N, K1, C1, P1, S1, C2, P2, S2``."""
Bounds = tuple[int, int]

WIDEST = 1_000_000
"""Most filters that a convolution can have."""


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

    @cached_property
    def layers(self) -> list[dict[str, Any]]:
        """The original's layers."""
        return plain(self.original)


@dataclass
class Cost:
    """What a walk through a network adds up: its counts, and the side behind each layer."""

    params: int = 0
    flops: int = 0
    sides: list[int] = field(default_factory=list)


def rows(asked: Asked) -> Iterator[Row]:
    """Yield all that Approach IV allows, each once, in no stated order."""
    allowed = bands(asked, sides_of_the_budget(asked))
    most = [high for _, high in allowed]
    for geometry in fitting_geometries(asked):
        for row, counts in widths(asked, geometry, most):
            inside = zip(allowed, counts, strict=True)
            if all(low <= counted <= high for (low, high), counted in inside):
                yield row


def least_deviation(asked: Asked) -> Fraction | None:
    """How near the counts come, as the sum of the shares by which they miss."""
    targets = sides_of_the_budget(asked)
    found = None
    for geometry in fitting_geometries(asked):
        for _, counts in widths(asked, geometry, targets):
            missed = deviation(targets, counts)
            found = missed if found is None else min(found, missed)
    return found


def deviation(targets: list[int], counts: list[int]) -> Fraction:
    """Sum of the shares by which counts miss their targets."""
    pairs = zip(targets, counts, strict=True)
    return sum((Fraction(abs(counted - target), target) for target, counted in pairs), Fraction(0))


def bands(asked: Asked, targets: list[int]) -> list[Bounds]:
    """Inclusive counts within the tolerance, rounded towards the target."""
    below, above = Fraction(asked.below), Fraction(asked.above)
    return [(t - int(below * t), t + int(above * t)) for t in targets]


def sides_of_the_budget(asked: Asked, row: Row | None = None) -> list[int]:
    """What must be equal, of the original or of a row: one count, or two for ``both``."""
    layers, image = asked.layers, asked.original.input
    side = image.resolution
    if row is not None:
        layers, side = changed(layers, row), row[0]
    cost = walk(layers, image.channels, side, asked.count_pooling)
    assert cost is not None
    counts = {"params": cost.params, "flops": cost.flops}
    if asked.scope == "paper":
        counts = printed(image.channels, layers, cost.sides)
    return [counts[name] for name in ("params", "flops") if asked.budget in (name, "both")]


def printed(D: int, layers: list[dict[str, Any]], sides: list[int]) -> dict[str, int]:
    """One side of Eq. 15 and of Eq. 19, term by term."""
    first, second = convolutions(layers)
    K1, C1, M1 = layers[first]["out_channels"], layers[first]["kernel_size"], sides[first]
    K2, C2, M2 = layers[second]["out_channels"], layers[second]["kernel_size"], sides[second]
    return {
        "params": K1 * C1 * C1 * D + K2 * C2 * C2 * K1,
        "flops": D * M1 * M1 * C1 * C1 * K1 + M2 * M2 * K1 * C2 * C2 * K2,
    }


def fitting_geometries(asked: Asked) -> Iterator[Row]:
    """Yield rows with the least width for which every window fits and conv2's map is kept."""
    layers, image = asked.layers, asked.original.input
    first, second = convolutions(layers)
    before = walk(layers, image.channels, image.resolution)
    assert before is not None
    kernels, strides = span(asked, "kernel_size"), span(asked, "stride")
    paddings = span(asked, "padding")
    for N, C1, P1, S1 in product(span(asked, "resolution"), kernels, paddings, strides):
        grows = layers[first]["kernel_size"] < C1
        if not grows or not reads_enough(asked, layers, N, C1, P1, S1):
            continue
        for C2, P2, S2 in product(kernels, paddings, strides):
            row = (N, 1, C1, P1, S1, C2, P2, S2)
            cost = walk(changed(layers, row)[: second + 1], image.channels, N)
            if cost and cost.sides[second] == before.sides[second]:
                yield row


def widths(asked: Asked, geometry: Row, most: list[int]) -> Iterator[tuple[Row, list[int]]]:
    """Yield a geometry with each width K1', and the counts, until all counts exceed ``most``.

    Every filter adds weights and multiply-adds: what is beyond stays beyond, ever further.
    """
    groups = [asked.layers[index]["groups"] for index in convolutions(asked.layers)]
    low, high = asked.ranges.get("out_channels", (1, WIDEST))
    for K1 in range(low, high + 1):
        if any(K1 % count for count in groups):
            continue
        row = (geometry[0], K1, *geometry[2:])
        counts = sides_of_the_budget(asked, row)
        yield row, counts
        if all(counted > limit for counted, limit in zip(counts, most, strict=True)):
            return


def walk(
    layers: list[dict[str, Any]], channels: int, side: int, count_pooling: bool = True
) -> Cost | None:
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


def reads_enough(
    asked: Asked, layers: list[dict[str, Any]], N: int, C1: int, P1: int, S1: int
) -> bool:
    """Whether conv1, first of all layers, reads the asked share of the rows of its input."""
    share = Fraction(asked.min_coverage)
    if not share:
        return True
    first, _ = convolutions(layers)
    assert not any("pool" in layer["type"] for layer in layers[:first]), "not followed through"
    dilation = layers[first]["dilation"]
    read = {
        top + tap * dilation
        for top in range(-P1, N + P1 - dilation * (C1 - 1), S1)
        for tap in range(C1)
    }
    return Fraction(len(read & set(range(N))), N) >= share


def plain(original: Architecture) -> list[dict[str, Any]]:
    """Return the layers as dictionaries."""
    return [layer.model_dump() for layer in original.layers]


def convolutions(layers: list[dict[str, Any]]) -> tuple[int, int]:
    """Where the first two convolutions stand."""
    first, second, *_ = [i for i, layer in enumerate(layers) if layer["type"] == "conv2d"]
    return first, second


def changed(layers: list[dict[str, Any]], row: Row) -> list[dict[str, Any]]:
    """Return the layers with a row's values in the first two convolutions."""
    _, K1, C1, P1, S1, C2, P2, S2 = row
    first, second = convolutions(layers)
    variant = list(layers)
    variant[first] = layers[first] | {
        "out_channels": K1,
        "kernel_size": C1,
        "padding": P1,
        "stride": S1,
    }
    variant[second] = layers[second] | {"kernel_size": C2, "padding": P2, "stride": S2}
    return variant


def span(asked: Asked, name: str) -> range:
    """Return the values of an unknown, Section 4's where nothing is asked."""
    N = asked.original.input.resolution
    section4 = {
        "resolution": (N + 1, 2 * N),
        "kernel_size": (3, 8),
        "stride": (1, 5),
        "padding": (1, 5),
    }
    low, high = asked.ranges.get(name, section4[name])
    return range(low, high + 1)
