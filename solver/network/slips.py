"""Common slips: what users may have meant by a value that is refused, or by an unknown key."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

from solver.network.expectations import listed

MOST_OF_A_KEY: Final = 40
"""Characters of an unknown key that are compared with known keys."""
MOST_OF_A_LIST: Final = 16
"""Items that a list may have and still be taken for a slip; no list of numbers of ours has more."""
NAME: Final = re.compile(r"[A-Za-z0-9_.'-]{0,64}")
"""What users may call things, and what messages may therefore repeat."""


def shown(name: str) -> str:
    """A name that a user wrote, as a message may repeat it: ``…`` if it is long, or no name."""
    return name if NAME.fullmatch(name) else "…"


def meant(value: Any, choices: Sequence[str]) -> Iterator[Any]:
    """What a user may have meant by a value, the likeliest first."""
    match value:
        case bool():
            return
        case int() | float() if not abs(value) < _LARGE:
            return
        case str():
            yield from _meant_by_text(value.strip()[:200], choices)
        case int() | float():
            if value == int(value):
                yield int(value)
                yield _ROMAN.get(int(value)) if choices else None
                yield [int(value)]
                yield [int(value), int(value)]
            if value in (0, 1):
                yield bool(value)
            if 1 < value <= 100:
                yield _share(value)
            yield str(value)
        case [first, *others] if len(others) < MOST_OF_A_LIST:
            if not isinstance(first, list | dict) and all(it == first for it in others):
                yield first
                yield from meant(first, choices)
            whole = [_number(it) for it in value]
            yield whole
            yield sorted(whole, key=lambda it: (it is None, it))
        case {"min": low, "max": high} | {"low": low, "high": high} | {"from": low, "to": high}:
            yield [low, high]
        case {"height": height, "width": width}:
            yield from ([height, width], height)


def _meant_by_text(text: str, choices: Sequence[str]) -> Iterator[Any]:
    number = _number(text.removesuffix("%"))
    if text.endswith("%") and number is not None:
        yield _share(number)
    elif number is not None:
        yield number
        yield from meant(number, choices)
    elif re.fullmatch(r"[\s\d.,:x×()\[\]-]+", text):
        numbers = [_number(it) for it in re.findall(r"-?\d+(?:\.\d+)?", text)]
        yield from meant(numbers, choices)
    yield _WORDS.get(text.lower())
    if choices:
        yield from (text.upper(), text.lower(), re.sub(r"\W", "_", text.lower()))
        yield from get_close_matches(text, choices, 1) if len(text) > _SHORT else ()
    if NAME.fullmatch(text):
        yield [text]


def _number(value: Any) -> Any:
    """The number that a value or text stands for, as an integer if whole; ``None`` if none."""
    if isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    if not math.isfinite(number):
        return None
    return int(number) if number == int(number) else number


def _share(percent: float) -> float:
    return float(f"{percent / 100:.12g}")


def percent(value: Any, meant: Any) -> str:
    """The words ``5 % is 0.05`` if a percentage was meant; else empty."""
    number = _number(value.strip().removesuffix("%") if isinstance(value, str) else value)
    is_share = isinstance(meant, float) and number is not None and meant != number
    return f"{number:g} % is {meant:g}" if is_share else ""


_LARGE: Final = 1e15
_ROMAN: Final = {1: "I", 2: "II", 3: "III", 4: "IV", 5: "V"}
_WORDS: Final[Mapping[str, Any]] = {
    **dict.fromkeys(["true", "yes", "on"], True),
    **dict.fromkeys(["false", "no", "off"], False),
    "valid": 0,
}
_SHORT: Final = 3
"""Words with up to this many letters are not compared with similar words."""


def right_key(fields: Sequence[str], key: str) -> str:
    """What to write instead of an unknown key of a schema with these fields."""
    plain = squeezed(key[:MOST_OF_A_KEY])
    if name := _key_among(fields, plain):
        return f"write '{name}'"
    if "type" in fields and plain in _NEEDLESS:
        return _NEEDLESS[plain]
    for outer, inner in _INSIDE.items():
        if outer in fields and (meant := _key_among(inner, plain)):
            return f"write '{meant}' in '{outer}'"
    if close := get_close_matches(key.lower()[:MOST_OF_A_KEY], fields, 1):
        return f"do you mean '{close[0]}'?"
    return f"known are {listed(fields, 'and')}"


def _key_among(names: Sequence[str], plain: str) -> str | None:
    """The name that a squeezed key stands for; ``None`` if there is none."""
    alike = [it for it in names if squeezed(it) == plain]
    return next((it for it in [*alike, *_RENAMED.get(plain, ())] if it in names), None)


def squeezed(name: str) -> str:
    """A name in lower case and without punctuation: camelCase and snake_case become equal."""
    return re.sub(r"[\W_]", "", name.lower())


_RENAMED: Final[Mapping[str, Sequence[str]]] = {
    # layers
    **dict.fromkeys(["filters", "numfilters", "outchannel", "channels", "planes", "outputs"],
                    ("out_channels", "out_features")),
    **dict.fromkeys(["units", "outfeatures", "features", "neurons", "outputdim", "numclasses"],
                    ("out_features", "out_channels")),
    "outchannels": ("out_features",),
    **dict.fromkeys(["kernel", "ksize", "poolsize", "kernelshape", "window"], ("kernel_size",)),
    "size": ("kernel_size", "output_size", "resolution"),
    **dict.fromkeys(["strides", "step", "subsample"], ("stride",)),
    **dict.fromkeys(["pad", "pads", "paddings"], ("padding",)),
    **dict.fromkeys(["dilations", "dilationrate", "atrousrate"], ("dilation",)),
    **dict.fromkeys(["group", "numgroups"], ("groups",)),
    **dict.fromkeys(["usebias", "hasbias"], ("bias",)),
    **dict.fromkeys(["rate", "prob", "probability", "dropout", "droprate"], ("p",)),
    **dict.fromkeys(["alpha", "slope"], ("negative_slope",)),
    **dict.fromkeys(["from", "input", "parents", "bottom", "sources"], ("inputs",)),
    **dict.fromkeys(["id", "label"], ("name", "architecture_id")),
    # images
    **dict.fromkeys(["imagesize", "imgsize", "inputsize", "res", "side", "px"], ("resolution",)),
    **dict.fromkeys(["inchannels", "inchans", "numchannels", "depth"], ("channels",)),
    "h": ("height",),
    "w": ("width",),
    # requests, recipes and jobs
    **dict.fromkeys(["model", "network", "arch", "net"], ("architecture",)),
    **dict.fromkeys(["method", "algorithm"], ("approach",)),
    **dict.fromkeys(["timeout", "seconds", "maxtime"], ("time_limit",)),
    "coverage": ("min_coverage",),
    **dict.fromkeys(["maxvariants", "maxsolutions"], ("limit",)),
    **dict.fromkeys(["lr", "learnrate"], ("learning_rate",)),
    "optimiser": ("optimizer",),
    "search": ("search_id",),
    "data": ("dataset",),
    # ranges, by the paper's symbols
    "n": ("resolution",),
    "k1": ("out_channels",),
    "z1": ("out_features",),
    **dict.fromkeys(["c1", "c2"], ("kernel_size",)),
    **dict.fromkeys(["p1", "p2"], ("padding",)),
    **dict.fromkeys(["s1", "s2"], ("stride",)),
    "d1": ("dilation",),
    "cp": ("pool_kernel_size",),
    "pp": ("pool_padding",),
    "sp": ("pool_stride",),
}  # fmt: skip
"""Squeezed keys that people write, with our keys; the first key that the schema has is meant."""

_INFERRED: Final = "it is inferred: leave it out"
_USUAL: Final = "PyTorch's default is taken: leave it out"
_NEEDLESS: Final[Mapping[str, str]] = {
    **dict.fromkeys(["inchannels", "infeatures", "numfeatures", "numchannels", "inputdim"],
                    _INFERRED),
    **dict.fromkeys(["inputshape", "inputsize", "normalizedshape", "outputshape"], _INFERRED),
    **dict.fromkeys(["eps", "momentum", "trackrunningstats", "device", "dtype", "paddingmode",
                     "countincludepad", "returnindices", "divisoroverride"], _USUAL),
    **dict.fromkeys(["dim", "axis", "startdim", "enddim"],
                    "the dimensions are always those of one image's channels: leave it out"),
    "inplace": "it changes no count and no result: leave it out",
    "activation": 'an activation is a layer of its own behind this one, as {"type": "relu"}',
    **dict.fromkeys(["args", "kwargs", "params", "parameters", "config", "options"],
                    "write each parameter by its name, beside 'type'"),
}  # fmt: skip
"""Squeezed keys of layers that are not needed, with the reason why."""

_INSIDE: Final[Mapping[str, Sequence[str]]] = {
    "find": ("sample", "best", "top", "diverse", "seed"),
    "ranges": (
        "resolution", "kernel_size", "stride", "padding", "dilation", "pool_kernel_size",
        "pool_stride", "pool_padding", "out_channels", "out_features",
    ),
    "architecture": ("input", "layers", "name"),
    "input": ("channels", "resolution", "height", "width"),
    "variants": ("select", "ids", "count", "eta", "min_epochs"),
    "recipe": ("batch_size", "optimizer", "learning_rate", "weight_decay", "schedule"),
}  # fmt: skip
"""Keys that belong one level further in."""
