"""Every rule that a network may violate, in sentences, each with its place."""

import keyword
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from solver.network.graph import IMAGE
from solver.network.layers import LAYERS, Layer, Shape, Weighted
from solver.network.schema import Fault, Place


def violations(image: Shape | None, layers: Sequence[Layer | None]) -> Iterator[Fault]:
    """Yield every rule that a network violates, with its place.

    ``None`` stands for an input or layer that was already refused; what depends on it is not
    judged.
    """
    yield from _naming(layers)
    shapes: dict[str | int | None, Shape | None] = {IMAGE: image, -1: image}
    unread = dict[int, str]()
    places = dict[str | None, int]()
    widths = dict[str | None, int | None]()
    for place, layer in enumerate(layers):
        shapes[place] = None
        if layer is None:
            unread.pop(place - 1, None)
            continue
        read: list[Shape | None] = []
        for name in (place - 1,) if layer.inputs is None else layer.inputs:
            unread.pop(places.get(name, -1) if isinstance(name, str) else name, None)
            if name not in shapes:
                yield (*_at(place), "inputs"), _unknown_input(name, layer, layers)
            read.append(shapes.get(name))
        faults = list(_arity(layer, len(read)))
        known = [shape for shape in read if shape is not None]
        if len(known) == len(read) and not faults:
            faults += _misfits(layer, known)
        widths[layer.name] = known[0][0] if known else None
        faults += [*layer.faults(), *_sharing(layer, layers[:place], widths)]
        yield from (((*_at(place), *field), reason) for field, reason in faults)
        if layer.is_linear or (len(known) == len(read) and not faults):
            shapes[place] = _output(layer, known, is_known=len(known) == len(read) and not faults)
        shapes[layer.name], places[layer.name] = shapes[place], place
        unread[place] = layer.name or layer.type
    unread.pop(len(layers) - 1, None)
    if None not in layers:
        for place, name in unread.items():
            yield _at(place), f"no layer reads '{name}'; only the last layer is the output"


def _output(layer: Layer, inputs: Sequence[Shape], *, is_known: bool) -> Shape:
    """What a layer makes; a linear one that was refused still makes its features."""
    return layer.output(inputs) if is_known else (layer.channels(()),)


def _at(place: int) -> Place:
    return ("layers", place)


def _unknown_input(name: str | int, layer: Layer, layers: Sequence[Layer | None]) -> str:
    later = {other.name for other in layers if other is not None}
    if name == layer.name:
        return f"'{name}' reads itself"
    if name in later:
        return f"'{name}' stands further down; a layer reads layers before it"
    return f"there is no layer '{name}'; inputs are names of layers before this one, or '{IMAGE}'"


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
    layer: Layer, before: Sequence[Layer | None], widths: Mapping[str | None, int | None]
) -> Iterator[Fault]:
    """What shares weights does so with an earlier layer like itself.

    ``widths`` are the channels that each layer reads, by names.
    """
    name = layer.shares if isinstance(layer, Weighted) else None
    if name is None:
        return
    other = next((it for it in before if it is not None and it.name == name), None)
    if other is None:
        yield ("shares",), f"there is no layer '{name}' before this one"
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
    """Names are attributes of a PyTorch module: unique, and no keywords."""
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
            yield at, f"'{layer.name}' is already the name of layers/{first}; names are unique"
        seen.setdefault(layer.name, place)


def _misfits(layer: Layer, inputs: Sequence[Shape]) -> Iterator[Fault]:
    """What is wrong with a layer behind inputs of these shapes."""
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
    PydanticCustomError
        It names none that is known.
    ValidationError
        Its fields are not as they should be.
    """
    if isinstance(value, Layer):
        return value
    if not isinstance(value, dict):
        raise PydanticCustomError("layer", 'a layer is an object such as {{"type": "relu"}}')
    if "type" not in value:
        raise PydanticCustomError("layer_type", "{reason}", {"reason": _missing_type()})
    name = value["type"]
    if not isinstance(name, str) or name not in LAYERS:
        raise PydanticCustomError("layer_type", "{reason}", {"reason": _unknown_type(name)})
    return LAYERS[name].model_validate(value)


def _missing_type() -> str:
    return 'a layer needs a type, for example "type": "conv2d"'


def _unknown_type(name: Any) -> str:
    known = {_squeezed(it): it for it in LAYERS}
    if isinstance(name, str):
        if near := known.get(_squeezed(name)) or _COMMON.get(_squeezed(name)):
            return f"there is no layer type '{name[:40]}'; write '{near}'"
        if close := get_close_matches(name[:40], LAYERS, 1):
            return f"there is no layer type '{name[:40]}'; do you mean '{close[0]}'?"
    return f"there is no such layer type; the types are {', '.join(sorted(LAYERS))}"


_COMMON: Final = {
    "conv": "conv2d",
    "convolution": "conv2d",
    "dense": "linear",
    "fc": "linear",
    "maxpool": "max_pool2d",
    "avgpool": "avg_pool2d",
    "batchnorm": "batch_norm2d",
    "swish": "silu",
    "adaptivemaxpool2d": "adaptive_avg_pool2d",
    "cat": "concat",
    "concatenate": "concat",
    "multiply": "mul",
    "sum": "add",
}
"""What other libraries call layer types, without capitals and underscores."""


def _squeezed(name: str) -> str:
    return name.lower().replace("_", "").removeprefix("nn.")


def everything(title: str, refused: ValidationError, data: Any, image: Any) -> ValidationError:
    """What pydantic found wrong with an architecture's fields, and what else is wrong with it."""
    raw = data.get("layers") if isinstance(data, dict) else None
    layers = [_lenient(item) for item in raw] if isinstance(raw, list | tuple) else []
    errors = [
        _field_error(details)
        for details in refused.errors(include_url=False)
        if not (layers and details["type"] == "too_short" and details["loc"] == ("layers",))
    ]
    errors += [_error(*fault) for fault in violations(_lenient_image(data, image), layers)]
    return ValidationError.from_exception_data(title, errors)


def refusal(title: str, faults: Iterable[Fault]) -> ValidationError:
    """An error that lists faults."""
    return ValidationError.from_exception_data(title, [_error(*fault) for fault in faults])


def _lenient(item: Any) -> Layer | None:
    try:
        return layer(item)
    except (ValidationError, PydanticCustomError):
        return None


def _lenient_image(data: Any, image: Any) -> Shape | None:
    try:
        shape: Shape = image.model_validate(data.get("input")).shape
    except (ValidationError, AttributeError):
        return None
    return shape


def _field_error(details: Any) -> InitErrorDetails:
    if details["type"] == "extra_forbidden":
        return _error(details["loc"], f"unknown key '{details['loc'][-1]}'", details["type"])
    return _error(details["loc"], details["msg"], details["type"])


def _error(place: Place, message: str, kind: str = "architecture") -> InitErrorDetails:
    reason = PydanticCustomError(kind, "{reason}", {"reason": message})
    return InitErrorDetails(type=reason, loc=place, input=None)
