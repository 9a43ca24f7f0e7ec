"""Layers in a few words: what kind they are, and how they are set."""

from collections.abc import Sequence
from typing import Any, Final, Literal, TypeAlias

from solver.network.layers import (
    Activation,
    ChannelShuffle,
    Chunk,
    Conv2d,
    Join,
    Layer,
    Linear,
    Norm,
    Scale,
)

Family: TypeAlias = Literal[
    "image", "block", "conv", "linear", "pool", "norm", "activation", "join", "shape"
]
"""What the colour of a box says."""

_FAMILIES: Final[Sequence[tuple[type[Layer], Family]]] = (
    (Conv2d, "conv"),
    (Linear, "linear"),
    (Norm, "norm"),
    (Scale, "norm"),
    (Activation, "activation"),
    (Join, "join"),
    (Chunk, "join"),
    (ChannelShuffle, "join"),
)
_HIDDEN: Final = ("name", "type", "inputs", "out_channels", "out_features", "shares")
_SHORT: Final = {"kernel_size": "", "stride": "/", "padding": "pad ", "dilation": "dilated "}
"""How the sizes of windows are written: 3×3 /2 pad 1."""


def family_of(layer: Layer) -> Family:
    """The family of a layer; what changes nothing but shapes has one of its own."""
    if layer.is_pool:
        return "pool"
    return next((name for kind, name in _FAMILIES if isinstance(layer, kind)), "shape")


def window_of(layer: Layer) -> str:
    """The kernel and stride of a layer, as a box has room for: ``7×7 /2``; empty if it has none."""
    return " ".join(_told(layer, ("kernel_size", "stride", "output_size")))


def settings_of(layer: Layer) -> str:
    """All fields that are not as usual, and the kernel: ``3×3, pad 1, no bias``."""
    names = [name for name in type(layer).model_fields if name not in _HIDDEN]
    shares = getattr(layer, "shares", None)
    words = _told(layer, names)
    return ", ".join([*words, f"the weights of {shares}"] if shares else words)


def _told(layer: Layer, names: Sequence[str]) -> list[str]:
    fields = type(layer).model_fields
    words = []
    for name in names:
        if name not in fields:
            continue
        value = getattr(layer, name)
        is_usual = value == fields[name].default or (
            name == "stride" and value == getattr(layer, "kernel_size", None) and layer.is_pool
        )
        if name == "kernel_size" or not is_usual:
            words.append(_word(name, value))
    return words


def _word(name: str, value: Any) -> str:
    if value is False:
        return f"no {name.replace('_', ' ')}"
    if value is True:
        return name.replace("_", " ")
    if name in _SHORT:
        is_kernel = name == "kernel_size"
        return _SHORT[name] + (size(value) if is_kernel or isinstance(value, tuple) else str(value))
    return f"{name.replace('_', ' ')} {size(value) if isinstance(value, tuple) else value}"


def size(value: int | tuple[int, ...]) -> str:
    """A size as height × width: 3 is ``3×3``."""
    sides = value if isinstance(value, tuple) else (value, value)
    return "×".join(map(str, sides))


def shape(value: Sequence[int]) -> str:
    """A shape: ``64×112×112``, or ``512`` once flat."""
    return "×".join(map(str, value))


def shortened(name: str, most: int) -> str:
    """A name in at most ``most`` characters: its first parts are left out for an ellipsis."""
    parts = name.split(".")
    shown = name
    while len(shown) > most and len(parts) > 1:
        del parts[0]
        shown = "…" + ".".join(parts)
    return shown if len(shown) <= most else "…" + shown[1 - most :]
