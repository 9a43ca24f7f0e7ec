"""All rules for networks; a violation is reported as a sentence with its place."""

import keyword
from collections.abc import Container, Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import islice
from typing import Any, Final

from pydantic import ValidationError

from solver.network.graph import IMAGE
from solver.network.layers import LAYERS, Layer, Shape, Weighted
from solver.network.schema import MOST_KEYS, Fault, Place
from solver.network.sentences import (
    MOST_FAULTS,
    again,
    error,
    only_misses_what_was_refused,
    others,
    refusal,
    worded,
)
from solver.network.slips import squeezed


def violations(image: Shape | None, layers: Sequence[Layer | None]) -> Iterator[Fault]:
    """Yield every fault of a network, with its place.

    ``None`` stands for an image or layer that was already refused. Rules that depend on it are
    skipped.
    """
    yield from _naming(layers)
    shapes: dict[str | int | None, Shape | None] = {IMAGE: image, -1: image}
    unread = dict[int, str]()
    places = dict[str | None, int]()
    widths = dict[str | None, int | None]()
    names = frozenset(layer.name for layer in layers if layer is not None)
    known_as = dict[str | None, Layer]()
    for place, layer in enumerate(layers):
        shapes[place] = None
        if layer is None:
            unread.pop(place - 1, None)
            continue
        read: list[Shape | None] = []
        for name in (place - 1,) if layer.inputs is None else layer.inputs:
            unread.pop(places.get(name, -1) if isinstance(name, str) else name, None)
            if name not in shapes:
                yield (*_at(place), "inputs"), _unknown_input(name, layer, names)
            read.append(shapes.get(name))
        faults = list(_arity(layer, len(read)))
        known = [shape for shape in read if shape is not None]
        if len(known) == len(read) and not faults:
            faults += _misfits(layer, known)
        widths[layer.name] = known[0][0] if known else None
        faults += [*layer.faults(), *_sharing(layer, known_as, widths)]
        yield from (((*_at(place), *field), reason) for field, reason in faults)
        if layer.is_linear or (len(known) == len(read) and not faults):
            shapes[place] = _output(layer, known, is_known=len(known) == len(read) and not faults)
        shapes[layer.name], places[layer.name] = shapes[place], place
        known_as.setdefault(layer.name, layer)
        unread[place] = layer.name or layer.type
    unread.pop(len(layers) - 1, None)
    if None not in layers:
        for place, name in unread.items():
            yield _at(place), f"no layer reads '{name}'; only the last layer is the output"


def _output(layer: Layer, inputs: Sequence[Shape], *, is_known: bool) -> Shape:
    """Shape of a layer's output; a linear layer has one even if its input was refused."""
    return layer.output(inputs) if is_known else (layer.channels(()),)


def _at(place: int) -> Place:
    return ("layers", place)


def _unknown_input(name: str | int, layer: Layer, names: Container[str | None]) -> str:
    """What is wrong with an input that is no layer before; ``names`` are those of all layers."""
    if name == layer.name:
        return f"'{name}' reads itself"
    if name in names:
        return f"'{name}' stands further down; a layer reads layers before it"
    return f"there is no such layer; inputs are names of layers before this one, or '{IMAGE}'"


def _arity(layer: Layer, number: int) -> Iterator[Fault]:
    if layer.most_inputs == 1 and number != 1:
        yield ("inputs",), f"{layer.type} reads one tensor, not {number}"
    elif layer.most_inputs > 1 and not 2 <= number <= layer.most_inputs:
        given = "one" if number == 1 else f"{number}"
        yield (
            ("inputs",),
            f"{layer.type} reads 2 to {layer.most_inputs} tensors, not {given}; "
            'name them: "inputs": ["conv1", "conv2"]',
        )


def _sharing(
    layer: Layer, before: Mapping[str | None, Layer], widths: Mapping[str | None, int | None]
) -> Iterator[Fault]:
    """Yield faults of a layer that shares weights with a layer that is not earlier or not alike.

    ``before`` holds the layers before it by their names, and ``widths`` the number of channels that
    each layer reads, by the layer's name.
    """
    name = layer.shares if isinstance(layer, Weighted) else None
    if name is None:
        return
    other = before.get(name)
    if other is None:
        yield ("shares",), "there is no such layer before this one"
    elif not isinstance(other, Weighted) or other.type != layer.type:
        yield ("shares",), f"'{name}' is a {other.type}, and this a {layer.type}"
    elif other.shares is not None:
        yield ("shares",), f"'{name}' shares the weights of '{other.shares}'; name that one"
    else:
        own, others = (it.model_dump(exclude={"name", "inputs", "shares"}) for it in (layer, other))
        if unlike := [field for field in own if own[field] != others[field]]:
            yield ("shares",), f"'{name}' has another {' and '.join(unlike)}"
        own_width, width = widths[layer.name], widths[name]
        if own_width is not None and width is not None and own_width != width:
            what = "features" if layer.takes == "a vector" else "channels"
            yield ("shares",), f"'{name}' reads {width:,} {what}, and this {own_width:,}"


def _naming(layers: Sequence[Layer | None]) -> Iterator[Fault]:
    """Yield faults of names, which become attributes of a PyTorch module: unique, no keywords."""
    seen: dict[str, int] = {}
    for place, layer in enumerate(layers):
        if layer is None or layer.name is None:
            continue
        at = (*_at(place), "name")
        for part in layer.name.split("."):
            if keyword.iskeyword(part):
                yield at, f"'{part}' is a Python keyword; choose another name"
        if layer.name == IMAGE:
            yield at, f"'{IMAGE}' is what layers call the image; choose another name"
        if layer.name in seen:
            first = seen[layer.name]
            yield at, f"layers/{first} has this name already; names are unique"
        seen.setdefault(layer.name, place)


def _misfits(layer: Layer, inputs: Sequence[Shape]) -> Iterator[Fault]:
    """Yield what is wrong with a layer that reads inputs of these shapes."""
    for shape in inputs:
        if len(shape) == 1 and layer.takes == "maps":
            yield (), f"{layer.type} needs maps, but its input is flat ({shape[0]} features)"
            return
        if len(shape) == 3 and layer.takes == "a vector":
            channels, height, width = shape
            yield (
                (),
                f"{layer.type} needs a flat input, but gets {channels} maps of {height}×{width}; "
                "put a flatten layer before it",
            )
            return
    yield from layer.misfits(inputs)


def layer(value: Any) -> Layer:
    """A layer of the type that a document names.

    Raises
    ------
    ValidationError
        The type is unknown, or the fields do not fit the type.
    """
    if isinstance(value, Layer):
        return value
    if not isinstance(value, dict):
        raise refusal("Layer", [((), worded(_no_object, value))])
    if "type" not in value:
        raise refusal("Layer", [(("type",), worded(_missing_type, value))])
    name = value["type"]
    if not isinstance(name, str) or name not in LAYERS:
        raise refusal("Layer", [(("type",), worded(_unknown_type, name))])
    return LAYERS[name].model_validate(value)


def _no_object(value: Any) -> str:
    if isinstance(value, str) and (name := _type_meant(value)):
        return f'a layer is an object; write {{"type": "{name}"}}'
    return (
        "a layer is an object with its type and its parameters by their names, such as "
        '{"type": "conv2d", "out_channels": 8, "kernel_size": 3}'
    )


def _missing_type(value: dict[Any, Any]) -> str:
    """A message that says what to write; it looks for the type under, or as, another key."""
    reason = "a layer needs a type"
    for key, inner in islice(value.items(), MOST_KEYS):
        if isinstance(inner, str) and key != "name" and (name := _type_meant(inner)):
            return f'{reason}; write "type": "{name}"'
        if isinstance(inner, dict) and isinstance(key, str) and (name := _type_meant(key)):
            return f'{reason}, with its parameters beside it; write "type": "{name}"'
    return f'{reason}, for example "type": "conv2d"'


def _unknown_type(name: Any) -> str:
    if not isinstance(name, str):
        return f"the type of a layer is text, one of {', '.join(sorted(LAYERS))}"
    if near := _type_meant(name):
        return f"there is no such layer type; write '{near}'"
    if close := get_close_matches(squeezed(name.partition("(")[0][:40]), LAYERS, 1):
        return f"there is no such layer type; do you mean '{close[0]}'?"
    return f"there is no such layer type; the types are {', '.join(sorted(LAYERS))}"


def _type_meant(name: str) -> str | None:
    """The type that a foreign name stands for: ``nn.Conv2d(3, 8, 3)`` is a ``conv2d``."""
    plain = squeezed(name[:200].partition("(")[0].rpartition(".")[2][:80])
    known = {squeezed(it): it for it in LAYERS}
    return known.get(plain) or _COMMON.get(plain)


_COMMON: Final = {
    **dict.fromkeys(["conv", "convolution", "depthwiseconv2d"], "conv2d"),
    **dict.fromkeys(["dense", "fc", "fullyconnected"], "linear"),
    **dict.fromkeys(["maxpool", "maxpooling2d"], "max_pool2d"),
    **dict.fromkeys(["avgpool", "averagepooling2d", "averagepool"], "avg_pool2d"),
    **dict.fromkeys(["globalaveragepooling2d", "globalavgpool", "globalaveragepool", "gap"],
                    "global_avg_pool2d"),
    **dict.fromkeys(["adaptiveavgpool", "adaptiveaveragepool2d"], "adaptive_avg_pool2d"),
    **dict.fromkeys(["batchnorm", "batchnormalization", "bn"], "batch_norm2d"),
    "layernormalization": "layer_norm",
    "swish": "silu",
    "hswish": "hardswish",
    "hsigmoid": "hardsigmoid",
    "lrelu": "leaky_relu",
    "zeropadding2d": "zero_pad2d",
    "layerscale": "scale",
    **dict.fromkeys(["cat", "concatenate"], "concat"),
    "multiply": "mul",
    "sum": "add",
}  # fmt: skip
"""Layer types by their names in other libraries, in lower case and without punctuation."""


def everything(title: str, refused: ValidationError, data: Any, image: Any) -> ValidationError:
    """The faults of an architecture: what pydantic found in its fields, and broken rules.

    Of more than :data:`MOST_FAULTS` the others are only counted.
    """
    raw = data.get("layers") if isinstance(data, dict) else None
    told = [it for it in refused.errors(include_url=False) if not only_misses_what_was_refused(it)]
    is_list = isinstance(raw, list | tuple) and not any(it["loc"] == ("layers",) for it in told)
    layers = [_lenient(item) for item in raw or ()] if is_list else []
    broken = list(violations(_lenient_image(data, image), layers))
    errors = [again(details) for details in told[:MOST_FAULTS]]
    errors += [error(*fault) for fault in broken[: MOST_FAULTS - len(errors)]]
    if left := len(told) + len(broken) - len(errors):
        errors.append(others(left))
    return ValidationError.from_exception_data(title, errors)


def _lenient(item: Any) -> Layer | None:
    try:
        return layer(item)
    except ValidationError:
        return None


def _lenient_image(data: Any, image: Any) -> Shape | None:
    try:
        shape: Shape = image.model_validate(data.get("input")).shape
    except (ValidationError, AttributeError):
        return None
    return shape
