"""Architectures: the JSON that users send, as frozen schemas in PyTorch's vocabulary.

Validation happens here, once, in sentences. Everything behind it works on good data.
"""

import hashlib
import json
import keyword
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Final, Literal, TypeAlias, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

Shape: TypeAlias = tuple[int, ...]
"""One image's elements: ``(channels, height, width)`` of a map, ``(features,)`` once flat."""

MAX_COUNT: Final = 2**53 - 1
"""Largest count that JSON readers keep exact (RFC 8259, section 6)."""

MAX_LAYERS: Final = 256
"""Most layers of a network."""

LayerName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=64)]
Channels = Annotated[int, Field(ge=1, le=1_000_000, strict=True)]
Positive = Annotated[int, Field(ge=1, le=65_536, strict=True)]
NotNegative = Annotated[int, Field(ge=0, le=65_536, strict=True)]
Probability = Annotated[float, Field(ge=0.0, lt=1.0, allow_inf_nan=False, strict=True)]


class Schema(BaseModel):
    """Frozen, and closed: unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Input(Schema):
    """The images: ``channels`` × ``resolution`` × ``resolution`` pixels."""

    channels: Channels
    resolution: Positive


class BaseLayer(Schema):
    """What all layers have: an optional name, inferred where it is missing."""

    name: LayerName | None = None


class Conv2d(BaseLayer):
    """A convolution with square kernels, as ``torch.nn.Conv2d``."""

    type: Literal["conv2d"] = "conv2d"
    out_channels: Channels
    kernel_size: Positive
    stride: Positive = 1
    padding: NotNegative = 0
    dilation: Positive = 1
    groups: Positive = 1
    bias: bool = Field(default=True, strict=True)


class Pool2d(BaseLayer):
    """What max and average pooling share. ``stride`` is the kernel size where it is missing."""

    kernel_size: Positive
    stride: Positive | None = None
    padding: NotNegative = 0

    @model_validator(mode="wrap")
    @classmethod
    def _fill_stride(cls, data: Any, handler: ModelWrapValidatorHandler["Pool2d"]) -> "Pool2d":
        pool = handler(data)
        if pool.stride is None:
            object.__setattr__(pool, "stride", pool.kernel_size)
        return pool


class MaxPool2d(Pool2d):
    """As ``torch.nn.MaxPool2d``."""

    type: Literal["max_pool2d"] = "max_pool2d"


class AvgPool2d(Pool2d):
    """As ``torch.nn.AvgPool2d`` (padding counts as zeros)."""

    type: Literal["avg_pool2d"] = "avg_pool2d"


class GlobalAvgPool2d(BaseLayer):
    """The mean of each map: ``torch.nn.AdaptiveAvgPool2d(1)``."""

    type: Literal["global_avg_pool2d"] = "global_avg_pool2d"


class BatchNorm2d(BaseLayer):
    """As ``torch.nn.BatchNorm2d`` with its two learned values a channel."""

    type: Literal["batch_norm2d"] = "batch_norm2d"


class ReLU(BaseLayer):
    """As ``torch.nn.ReLU``."""

    type: Literal["relu"] = "relu"


class Dropout(BaseLayer):
    """As ``torch.nn.Dropout``: ``p`` is the probability that an element is zeroed."""

    type: Literal["dropout"] = "dropout"
    p: Probability = 0.5


class Dropout2d(BaseLayer):
    """As ``torch.nn.Dropout2d``: ``p`` is the probability that a whole map is zeroed."""

    type: Literal["dropout2d"] = "dropout2d"
    p: Probability = 0.5


class Flatten(BaseLayer):
    """As ``torch.nn.Flatten``: one vector an image."""

    type: Literal["flatten"] = "flatten"


class Linear(BaseLayer):
    """As ``torch.nn.Linear``."""

    type: Literal["linear"] = "linear"
    out_features: Annotated[int, Field(ge=1, le=10_000_000, strict=True)]
    bias: bool = Field(default=True, strict=True)


Layer = Annotated[
    Conv2d
    | MaxPool2d
    | AvgPool2d
    | GlobalAvgPool2d
    | BatchNorm2d
    | ReLU
    | Dropout
    | Dropout2d
    | Flatten
    | Linear,
    Field(discriminator="type"),
]
_LAYER_TYPES: Final = {cls.model_fields["type"].default for cls in get_args(get_args(Layer)[0])}
_LAYER: Final[TypeAdapter[Layer]] = TypeAdapter(Layer)
_KINDS: Final = {"conv2d": "conv", "batch_norm2d": "norm"}

Place: TypeAlias = tuple[str | int, ...]
Violation: TypeAlias = tuple[Place, str]


def digest(content: Any) -> str:
    """SHA-256 of a document, as canonical JSON: equal documents share it."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def out_side(n: int, c: int, p: int, s: int, d: int = 1) -> int:
    """Side of the map that a window makes of an input of side ``n`` (Eq. 4).

    ``c`` kernel, ``p`` padding, ``s`` stride, ``d`` dilation. Only valid where the window fits.
    """
    return (n + 2 * p - d * (c - 1) - 1) // s + 1


class Architecture(Schema):
    """A sequential convolutional network on square images.

    ``in_channels`` and ``in_features`` are inferred. ``name`` and ``description`` are for people:
    they, like the names of layers, take no part in :attr:`id`.
    """

    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    description: Annotated[str, Field(max_length=2_000)] | None = None
    input: Input
    layers: Annotated[tuple[Layer, ...], Field(min_length=1, max_length=MAX_LAYERS)]

    @model_validator(mode="wrap")
    @classmethod
    def _check(
        cls, data: Any, handler: ModelWrapValidatorHandler["Architecture"]
    ) -> "Architecture":
        """Report what the fields and what the network as a whole violate, all at once."""
        try:
            architecture = handler(data)
        except ValidationError as refused:
            raw = data.get("layers") if isinstance(data, dict) else None
            layers = [_lenient(item) for item in raw] if isinstance(raw, list) else []
            errors = [
                _field_error(details)
                for details in refused.errors()
                if not (layers and details["type"] == "too_short" and details["loc"] == ("layers",))
            ]
            errors += [_rule_error(v) for v in violations(_lenient_input(data), layers)]
            raise ValidationError.from_exception_data(cls.__name__, errors) from None
        object.__setattr__(architecture, "layers", _named(architecture.layers))
        if found := list(violations(architecture.input, architecture.layers)):
            raise ValidationError.from_exception_data(
                cls.__name__, [_rule_error(violation) for violation in found]
            )
        return architecture

    @property
    def id(self) -> str:
        """Hash of what the network computes: two architectures that differ in names share it."""
        content = self.model_dump(
            mode="json",
            exclude={"name": True, "description": True, "layers": {"__all__": {"name"}}},
        )
        return digest(content)[:32]


def violations(image: Input | None, layers: Sequence[Layer | None]) -> Iterator[Violation]:
    """Yield every rule that a network violates, with its place.

    ``None`` stands for an input or layer that was already refused; what depends on it is not
    judged.
    """
    yield from _naming(layers)
    shape: Shape | None = None
    if image:
        shape = (image.channels, image.resolution, image.resolution)
    for index, layer in enumerate(layers):
        for field, reason in _misfits(layer, shape) if layer else ():
            yield ("layers", index, *field), reason
        shape = _shape_behind(layer, shape)


def _naming(layers: Sequence[Layer | None]) -> Iterator[Violation]:
    """Names are the attributes of a PyTorch module: unique, and no keywords."""
    seen: dict[str, int] = {}
    for index, layer in enumerate(layers):
        if layer is None or layer.name is None:
            continue
        place = ("layers", index, "name")
        if keyword.iskeyword(layer.name):
            yield place, f"'{layer.name}' is a Python keyword; choose another name"
        if layer.name in seen:
            first = seen[layer.name]
            yield place, f"'{layer.name}' is already the name of layers/{first}; names are unique"
        seen.setdefault(layer.name, index)


def _misfits(layer: Layer, shape: Shape | None) -> Iterator[Violation]:
    """Yield what is wrong with a layer behind an input of this shape (``None``: not known)."""
    if isinstance(layer, Pool2d) and 2 * layer.padding > layer.kernel_size:
        yield (
            ("padding",),
            f"padding {layer.padding} is more than half of kernel {layer.kernel_size}; "
            "PyTorch refuses such a pool",
        )
    if isinstance(layer, Conv2d) and layer.out_channels % layer.groups:
        yield (
            ("groups",),
            f"{layer.groups} groups do not divide {layer.out_channels} output channels",
        )
    if shape is None:
        return
    if len(shape) == 1:
        if not isinstance(layer, ReLU | Dropout | Flatten | Linear):
            yield (), f"{layer.type} needs maps, but its input is flat ({shape[0]} features)"
        return
    channels, side, _ = shape
    if isinstance(layer, Linear):
        yield (
            (),
            f"linear needs a flat input, but gets {channels} maps of {side}×{side}; "
            "put a flatten layer before it",
        )
    if isinstance(layer, Conv2d) and channels % layer.groups:
        yield ("groups",), f"{layer.groups} groups do not divide {channels} input channels"
    if isinstance(layer, Conv2d | Pool2d):
        span = reach(layer)
        if span > side + 2 * layer.padding:
            dilated = f" (dilated to {span})" if span > layer.kernel_size else ""
            padded = f" padded by {layer.padding}" if layer.padding else ""
            yield (
                ("kernel_size",),
                f"kernel {layer.kernel_size}{dilated} does not fit its {side}×{side} input{padded}",
            )


def reach(layer: Conv2d | Pool2d) -> int:
    """Side of the square that a kernel spans, dilation included."""
    dilation = layer.dilation if isinstance(layer, Conv2d) else 1
    return dilation * (layer.kernel_size - 1) + 1


def stride_of(layer: Conv2d | Pool2d) -> int:
    """Stride; a pool's is its kernel size where it is not given (PyTorch's default)."""
    return layer.stride or layer.kernel_size


def output_shape(layer: Layer, shape: Shape) -> Shape:
    """Shape of a layer's output, for an input of a shape that fits it (Eq. 4)."""
    match layer.type:
        case "conv2d":
            n, c, p, s, d = shape[1], layer.kernel_size, layer.padding, layer.stride, layer.dilation
            side = out_side(n, c, p, s, d)
            return (layer.out_channels, side, side)
        case "max_pool2d" | "avg_pool2d":
            side = out_side(shape[1], layer.kernel_size, layer.padding, stride_of(layer))
            return (shape[0], side, side)
        case "global_avg_pool2d":
            return (shape[0], 1, 1)
        case "flatten":
            return (_elements(shape),)
        case "linear":
            return (layer.out_features,)
        case _:
            return shape


def _elements(shape: Shape) -> int:
    return shape[0] if len(shape) == 1 else shape[0] * shape[1] * shape[2]


def _shape_behind(layer: Layer | None, shape: Shape | None) -> Shape | None:
    if isinstance(layer, Linear):
        return (layer.out_features,)
    if layer is None or shape is None or any(_misfits(layer, shape)):
        return None
    return output_shape(layer, shape)


def _named(layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """Give unnamed layers PyTorch-like names, counted per kind: ``conv1``, ``pool1``, …"""
    counted: dict[str, int] = {}
    named = []
    for layer in layers:
        kind = _KINDS.get(layer.type) or ("pool" if "pool" in layer.type else layer.type)
        kind = kind.removesuffix("2d")
        counted[kind] = counted.get(kind, 0) + 1
        named.append(
            layer if layer.name else layer.model_copy(update={"name": f"{kind}{counted[kind]}"})
        )
    return tuple(named)


def _lenient(item: Any) -> Layer | None:
    try:
        return _LAYER.validate_python(item)
    except ValidationError:
        return None


def _lenient_input(data: Any) -> Input | None:
    try:
        return Input.model_validate(data.get("input"))
    except (ValidationError, AttributeError):
        return None


def _field_error(details: Any) -> InitErrorDetails:
    """Carry pydantic's error over, without the union's tag in its place."""
    place = tuple(
        part
        for position, part in enumerate(details["loc"])
        if not (position == 2 and details["loc"][0] == "layers" and part in _LAYER_TYPES)
    )
    if details["type"] == "extra_forbidden":
        return _error(place, details["type"], f"unknown key '{place[-1]}'")
    return _error(place, details["type"], details["msg"])


def _rule_error(violation: Violation) -> InitErrorDetails:
    place, reason = violation
    return _error(place, "architecture", reason)


def _error(place: Place, kind: str, message: str) -> InitErrorDetails:
    reason = PydanticCustomError(kind, "{reason}", {"reason": message})
    return InitErrorDetails(type=reason, loc=place, input=None)
