"""Architectures: the JSON that users send, as frozen schemas in PyTorch's vocabulary.

Input is validated here, once (:mod:`solver.network.validation`). All other code relies on that.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, Final

from pydantic import (
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from solver.network import sentences, validation
from solver.network.graph import IMAGE, Links, is_sequence, links_of
from solver.network.layers import LAYERS, AdaptiveAvgPool2d, GlobalAvgPool2d, Layer, Number, Shape
from solver.network.schema import Channels, Fault, Positive, Schema, digest, later

MAX_LAYERS: Final = 4096
"""Largest number of layers in a network."""


def _some(layers: Any) -> Any:
    """Refuse a list that is wrong as a whole, before its layers are validated."""
    if not isinstance(layers, list | tuple):
        raise sentences.expected('a list of layers, such as [{"type": "flatten"}]')
    if len(layers) > MAX_LAYERS:
        reason = f"a network has at most {MAX_LAYERS:,} layers; this one has {len(layers):,}"
        raise sentences.refusal("Architecture", [((), reason)])
    if not layers:
        raise sentences.refusal("Architecture", [((), "a network has at least one layer")])
    return layers


def _sides_given(image: "Input") -> list[Fault]:
    """What is wrong with an image's resolution, height and width."""
    if image.resolution is not None:
        return [((), "write either resolution, or both height and width")]
    if image.height is None and image.width is None:
        return [(("resolution",), f"{sentences.MISSING}; or write both height and width")]
    given, other = ("height", "width") if image.width is None else ("width", "height")
    return [((other,), f"{sentences.MISSING}; an image with a {given} has a {other}")]


def _one_side(value: Any) -> Any:
    """Refuse a pair of sides, and say that they belong in ``height`` and ``width``."""
    match value:
        case [int() as height, int() as width] if height != width:
            raise sentences.told(f"of a rectangle write 'height': {height} and 'width': {width}")
        case _:
            return value


class Input(Schema):
    """The images: ``channels`` × ``resolution`` × ``resolution`` pixels, or a rectangle."""

    channels: Channels
    resolution: Annotated[Positive | None, BeforeValidator(_one_side)] = later(None)
    height: Positive | None = later(None)
    width: Positive | None = later(None)

    @model_validator(mode="wrap")
    @classmethod
    def _check(cls, data: Any, handler: ModelWrapValidatorHandler["Input"]) -> "Input":
        """Take ``resolution``, or ``height`` and ``width``; equal sides become a resolution."""
        if not isinstance(data, Mapping | cls):
            raise sentences.expected('an object such as {"channels": 3, "resolution": 32}')
        image = handler(data)
        pair = (image.height, image.width)
        if (image.resolution is None) == (pair == (None, None)) or None in pair != (None, None):
            raise sentences.refusal(cls.__name__, _sides_given(image))
        if image.height is not None and image.height == image.width:
            return cls(channels=image.channels, resolution=image.height)
        return image

    @classmethod
    def of(cls, channels: int, height: int, width: int) -> "Input":
        """Images of a valid shape."""
        if height == width:
            return cls.trusted(channels=channels, resolution=height, height=None, width=None)
        return cls.trusted(channels=channels, resolution=None, height=height, width=width)

    @property
    def shape(self) -> Shape:
        """Shape of one image."""
        if self.resolution is not None:
            return (self.channels, self.resolution, self.resolution)
        return (self.channels, self.height, self.width)

    def scaled(self, resolution: Number) -> Shape:
        """Shape of images whose shorter side is ``resolution``, a number or a column.

        Rectangles keep their ratio: the longer side is rounded to the nearest whole pixel.
        """
        _, *sides = self.shape
        short = min(sides)
        height, width = (
            resolution if side == short else (2 * resolution * side + short) // (2 * short)
            for side in sides
        )
        return (self.channels, height, width)


class _AnyLayer:
    """A layer of the type that its ``type`` names."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Look up types when a layer is validated; the JSON schema lists the types known now."""
        known = {name: handler.generate_schema(layer) for name, layer in LAYERS.items()}
        return core_schema.no_info_wrap_validator_function(
            lambda value, _: validation.layer(value),
            core_schema.tagged_union_schema(known, discriminator="type"),
            serialization=core_schema.simple_ser_schema("any"),
        )


AnyLayer = Annotated[Layer, _AnyLayer]
"""A layer of any type in :data:`solver.network.layers.LAYERS`."""


class Architecture(Schema):
    """A convolutional network: its layers, each listed after the layers that it reads.

    ``in_channels`` and ``in_features`` are inferred. ``name`` and ``description`` are for people.
    Neither they nor the names of layers change :attr:`id`.
    """

    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    description: Annotated[str, Field(max_length=2_000)] | None = None
    input: Input
    layers: Annotated[
        tuple[AnyLayer, ...], Field(min_length=1, max_length=MAX_LAYERS), BeforeValidator(_some)
    ]

    @model_validator(mode="wrap")
    @classmethod
    def _check(
        cls, data: Any, handler: ModelWrapValidatorHandler["Architecture"]
    ) -> "Architecture":
        """Report all faults at once: those of the fields and those of the network as a whole."""
        if isinstance(data, cls):
            return data
        with sentences.few():
            try:
                architecture = handler(data)
            except ValidationError as refused:
                raise validation.everything(cls.__name__, refused, data, Input) from None
        layers = named([_plain(layer) for layer in architecture.layers])
        object.__setattr__(architecture, "layers", layers)
        if faults := list(validation.violations(architecture.input.shape, layers)):
            raise sentences.refusal(cls.__name__, faults)
        return architecture

    @cached_property
    def links(self) -> Links:
        """The tensors that each layer reads: 0 is the image, ``i + 1`` layer ``i``'s output."""
        return links_of(self.layers)

    @property
    def is_sequence(self) -> bool:
        """Whether each layer reads the layer before it and nothing else."""
        return is_sequence(self.links)

    @property
    def resolution(self) -> int:
        """Side of the images; the shorter side if they are rectangular."""
        _, height, width = self.input.shape
        return int(min(height, width))

    @property
    def id(self) -> str:
        """Hash of what the network computes; architectures that differ only in names share it.

        The hash holds a layer's inputs as positions, and only if they are not the layer before it.
        """
        content = self.model_dump(
            mode="json",
            exclude={"name": True, "description": True, "layers": {"__all__": {"name", "inputs"}}},
        )
        places = {layer.name: place for place, layer in enumerate(self.layers)}
        for place, (layer, read) in enumerate(zip(content["layers"], self.links, strict=True)):
            if read != (place,):
                layer["inputs"] = [tensor - 1 for tensor in read]
            if "shares" in layer:
                layer["shares"] = places[layer["shares"]]
        return digest(content)[:32]


def _plain(layer: Layer) -> Layer:
    """Replace an adaptive pool that makes one pixel by a global pool; keep other layers."""
    if isinstance(layer, AdaptiveAvgPool2d) and layer.output_size == 1:
        return GlobalAvgPool2d(name=layer.name, inputs=layer.inputs)
    return layer


def named(layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """Give unnamed layers PyTorch-like names, counted per kind: ``conv1``, ``pool1``, …

    Names that other layers already have are skipped.
    """
    taken = {layer.name for layer in layers} | {IMAGE}
    counted: dict[str, int] = {}
    free: dict[str, int] = {}
    """For each kind a number below which all numbers are taken that are still to be tried."""
    found = []
    for layer in layers:
        kind = layer.kind or layer.type
        number = counted[kind] = counted.get(kind, 0) + 1
        if layer.name is None:
            number = max(number, free.get(kind, 0))
            while f"{kind}{number}" in taken:
                number += 1
            layer = layer.having({"name": f"{kind}{number}"})
            free[kind] = number + 1
        found.append(layer)
    return tuple(found)
