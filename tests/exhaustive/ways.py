"""Section 3's four ways, each as loops over its unknowns and a change of layers."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from itertools import product
from typing import ClassVar, TypeAlias

from tests.exhaustive.networks import (
    ACTIVATIONS,
    NORMS,
    Asked,
    Layer,
    Layers,
    channels_of,
    convolutions,
    is_passed_by,
    put_in,
    readers,
    walk,
)

Row: TypeAlias = tuple[int, ...]
"""The unknowns, ``N`` first and the width, if there is one, second."""


class Way(ABC):
    """One approach."""

    width: ClassVar[str | None] = "out_channels"
    """The range of the second unknown, where that is a width."""

    @abstractmethod
    def geometries(self, asked: Asked) -> Iterator[Row]:
        """Yield all rows within the ranges, with the least width."""

    @abstractmethod
    def changed(self, asked: Asked, row: Row) -> Layers:
        """Return the original's layers with a row's values."""

    @abstractmethod
    def junction(self, layers: Layers) -> int:
        """Which of the original's layers makes the map that must stay."""

    @abstractmethod
    def printed(self, D: int, layers: Layers, sides: list[int], is_variant: bool) -> dict[str, int]:
        """One side of the printed equations; ``sides[i]`` is that of layer ``i``'s input."""

    def keeps_its_map(self, asked: Asked, variant: Layers, N: int) -> bool:
        """Whether the windows fit, and the rest of the network sees the map that it saw."""
        last = self.junction(asked.layers)
        behind = len(asked.layers) - last - 1
        before = walk(asked.layers, asked.channels, asked.resolution)
        after = walk(variant[: len(variant) - behind], asked.channels, N)
        return bool(before and after and after.sides[-1] == before.sides[last])


class One(Way):
    """``N, Z1``: average pooling before the first linear layer."""

    width = "out_features"

    def geometries(self, asked: Asked) -> Iterator[Row]:
        """Only the resolution is left."""
        for N in asked.span("resolution"):
            yield (N, 1)

    def changed(self, asked: Asked, row: Row) -> Layers:
        """One more pool in front of the vector, unless one is the last to change maps."""
        layers = asked.layers
        pool = self.pool(layers)
        if pool == self.flat(layers):
            layers = put_in(layers, pool, {"type": "global_avg_pool2d"})
        first, _ = linears(layers)
        return [*layers[:first], layers[first] | {"out_features": row[1]}, *layers[first + 1 :]]

    def flat(self, layers: Layers) -> int:
        """Where maps end."""
        return [layer["type"] for layer in layers].index("flatten")

    def pool(self, layers: Layers) -> int:
        """Where the average pool stands, or where it has to be put in."""
        flat = self.flat(layers)
        kinds = ("conv2d", "pool2d", "pad2d")
        changing = [i for i in range(flat) if layers[i]["type"].endswith(kinds)]
        if not changing or layers[changing[-1]]["type"] != "global_avg_pool2d":
            return flat
        return flat if is_passed_by(layers, changing[-1]) else changing[-1]

    def junction(self, layers: Layers) -> int:
        """No map must stay; the windows before the vector must fit."""
        return self.flat(layers)

    def keeps_its_map(self, asked: Asked, variant: Layers, N: int) -> bool:
        """Whether the windows fit."""
        return walk(variant, asked.channels, N) is not None

    def printed(self, D: int, layers: Layers, sides: list[int], is_variant: bool) -> dict[str, int]:
        """``Z1' = Z1`` and Eq. 6."""
        pool = self.pool(layers)
        V1 = channels_of(layers, D)[layers[pool]["inputs"][0]]
        U1 = sides[pool]
        Z1, Z2 = (layers[index]["out_features"] for index in linears(layers))
        return {"params": Z1, "flops": U1 * U1 * V1 + V1 * Z1 + Z1 * Z2}


class Two(Way):
    """``N, P1, S1, D1``: dilated convolution in the first convolution."""

    width = None

    def geometries(self, asked: Asked) -> Iterator[Row]:
        """Three unknowns and the resolution."""
        names = ("resolution", "padding", "stride", "dilation")
        yield from product(*(asked.span(name) for name in names))

    def changed(self, asked: Asked, row: Row) -> Layers:
        """Return conv1 spread."""
        _, P1, S1, D1 = row
        layers = asked.layers
        first = convolutions(layers)[0]
        conv1 = layers[first] | {"padding": P1, "stride": S1, "dilation": D1}
        return [*layers[:first], conv1, *layers[first + 1 :]]

    def junction(self, layers: Layers) -> int:
        """``M1' = M1``."""
        return convolutions(layers)[0]

    def printed(self, D: int, layers: Layers, sides: list[int], is_variant: bool) -> dict[str, int]:
        """Nothing: Eq. 8 has no budget."""
        return {}


class Three(Way):
    """``N, K1, C1, P1, S1, Cp, Pp, Sp``: a pool behind the first convolution."""

    def geometries(self, asked: Asked) -> Iterator[Row]:
        """``C1' > C1``, and pools that are some and that PyTorch accepts."""
        C1 = asked.layers[convolutions(asked.layers)[0]]["kernel_size"]
        conv1 = [asked.span(name) for name in ("kernel_size", "padding", "stride")]
        fields = ("pool_kernel_size", "pool_padding", "pool_stride")
        pools = list(product(*(asked.span(name) for name in fields)))
        for N, kernel, *window in product(asked.span("resolution"), *conv1):
            for Cp, Pp, Sp in pools:
                if kernel >= C1 + asked.kernel_grows and Cp >= 2 and 2 * Pp <= Cp:
                    yield (N, 1, kernel, *window, Cp, Pp, Sp)

    def changed(self, asked: Asked, row: Row) -> Layers:
        """Return conv1 changed, and a pool behind it and its norms and activations."""
        _, K1, C1, P1, S1, Cp, Pp, Sp = row
        layers = asked.layers
        first = convolutions(layers)[0]
        last = self.junction(layers)
        conv1 = layers[first] | {"kernel_size": C1, "padding": P1, "stride": S1}
        pool = {"type": "max_pool2d", "kernel_size": Cp, "padding": Pp, "stride": Sp}
        variant = [*layers[:first], conv1, *layers[first + 1 :]]
        followed = follow(asked, conv1["name"], K1, variant)
        return put_in(followed, last + 1, pool)

    def junction(self, layers: Layers) -> int:
        """``Mp = M1``, behind the norms and activations that follow conv1."""
        last = convolutions(layers)[0]
        while layers[last + 1]["type"] in (*NORMS, *ACTIVATIONS):
            if readers(layers, layers[last]["name"]) != [last + 1]:
                break
            last += 1
        return last

    def printed(self, D: int, layers: Layers, sides: list[int], is_variant: bool) -> dict[str, int]:
        """One side of Eq. 9 and of Eq. 14, term by term."""
        first = convolutions(layers)[0]
        K1, C1, M1 = layers[first]["out_channels"], layers[first]["kernel_size"], sides[first + 1]
        pooling = M1 * M1 * K1 if is_variant else 0
        return {"params": K1 * C1 * C1 * D, "flops": M1 * M1 * C1 * C1 * D * K1 + pooling}


class Four(Way):
    """``N, K1, C1, P1, S1, C2, P2, S2``: the first two convolutions."""

    def geometries(self, asked: Asked) -> Iterator[Row]:
        """``C1' > C1``."""
        C1 = asked.layers[convolutions(asked.layers)[0]]["kernel_size"]
        windows = list(product(*(asked.span(it) for it in ("kernel_size", "padding", "stride"))))
        for N, first, second in product(asked.span("resolution"), windows, windows):
            if first[0] >= C1 + asked.kernel_grows:
                yield (N, 1, *first, *second)

    def changed(self, asked: Asked, row: Row) -> Layers:
        """Return conv1 and conv2 changed."""
        _, K1, C1, P1, S1, C2, P2, S2 = row
        layers = asked.layers
        first, second = convolutions(layers)[:2]
        variant = list(layers)
        variant[first] = layers[first] | {"kernel_size": C1, "padding": P1, "stride": S1}
        window = {"kernel_size": C2, "padding": P2, "stride": S2}
        variant[second] = layers[second] | window | {"K2": layers[second]["out_channels"]}
        return follow(asked, layers[first]["name"], K1, variant)

    def junction(self, layers: Layers) -> int:
        """``M2' = M2``."""
        return convolutions(layers)[1]

    def printed(self, D: int, layers: Layers, sides: list[int], is_variant: bool) -> dict[str, int]:
        """One side of Eq. 15 and of Eq. 19, term by term."""
        first, second = convolutions(layers)[:2]
        K1, C1, M1 = layers[first]["out_channels"], layers[first]["kernel_size"], sides[first + 1]
        conv2 = layers[second]
        K2, C2 = conv2.get("K2", conv2["out_channels"]), conv2["kernel_size"]
        M2 = sides[second + 1]
        return {
            "params": K1 * C1 * C1 * D + K2 * C2 * C2 * K1,
            "flops": D * M1 * M1 * C1 * C1 * K1 + M2 * M2 * K1 * C2 * C2 * K2,
        }


def follow(asked: Asked, name: str, width: int, variant: Layers) -> Layers:
    """Let all widths follow one that must: of what is added to it, and of what is depthwise.

    Tensors that must be as wide as one another are alike. All keep their width, but for the one
    that is given and those that a concatenation, or a depthwise layer of several filters a channel,
    makes of others.
    """
    before = channels_of(asked.layers, asked.channels)
    alike = tied(asked.layers, before)
    now = {it: before[it] for it in alike.values()} | {alike[name]: width}
    for layer in asked.layers:
        read = [now[alike[it]] for it in layer["inputs"]]
        if layer["type"] == "concat":
            now[alike[layer["name"]]] = sum(read)
        elif is_depthwise(layer, before) and alike[layer["inputs"][0]] != alike["input"]:
            times = layer["out_channels"] // before[layer["inputs"][0]]
            now[alike[layer["name"]]] = times * read[0]
    followed = []
    for layer in variant:
        if layer["type"] == "conv2d":
            layer = layer | {"out_channels": now[alike[layer["name"]]]}
            if is_depthwise(layer, before):
                layer["groups"] = now[alike[layer["inputs"][0]]]
        followed.append(layer)
    return followed


def tied(layers: Layers, channels: Mapping[str, int]) -> dict[str, str]:
    """For each tensor one that stands for all that must be as wide as it."""
    alike = {name: name for name in channels}

    def tie(one: str, other: str) -> None:
        old, new = alike[other], alike[one]
        alike.update({name: new for name, it in alike.items() if it == old})

    named = {layer["name"]: layer for layer in layers}
    for layer in layers:
        name, read = layer["name"], layer["inputs"]
        is_new = layer["type"] in ("conv2d", "linear", "concat", "chunk", "flatten")
        if is_depthwise(layer, channels) and alike[read[0]] != alike["input"]:
            is_new = layer["out_channels"] != channels[read[0]]
        if not is_new:
            for other in (*read[1:], name):
                tie(read[0], other)
        if shared := layer.get("shares"):
            tie(shared, name)
            tie(named[shared]["inputs"][0], read[0])
    return alike


def is_depthwise(layer: Layer, channels: Mapping[str, int]) -> bool:
    """Whether each channel makes channels of its own."""
    is_grouped = layer["type"] == "conv2d" and layer["groups"] > 1
    return is_grouped and bool(layer["groups"] == channels[layer["inputs"][0]])


def linears(layers: Layers) -> tuple[int, int]:
    """Where the first two linear layers stand."""
    first, second, *_ = [i for i, layer in enumerate(layers) if layer["type"] == "linear"]
    return first, second


WAYS = {"I": One(), "II": Two(), "III": Three(), "IV": Four()}
