"""The base class of layer types: one class holds everything about a type.

A layer is generic in its numbers. Its rules (shape, cost, window) use ``+``, ``*`` and ``//`` only,
so the same method works on whole numbers (one network), on numpy columns (a million variants; numpy
is not imported here) and on polynomials (an equation). Fields that vary hold columns or
polynomials. Methods get the shapes of the layer's inputs from the fold that calls them.

A shape is ``(channels, height, width)`` for maps, ``(features,)`` once flat.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any, ClassVar, Final, Literal, Self, TypeAlias

from pydantic import GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from solver.network.schema import Fault, InputNames, LayerName, Schema, later
from solver.network.widths import Segments, Widths

Number: TypeAlias = Any
"""A whole number, a column of them, or a polynomial."""
Shape: TypeAlias = tuple[Number, ...]
"""Shape of one image's tensor: ``(channels, height, width)``, or ``(features,)`` once flat."""
Takes: TypeAlias = Literal["maps", "a vector", "anything"]

LAYERS: "Final[dict[str, type[Layer]]]" = {}
"""Every layer type by its name; subclasses of :class:`Layer` register themselves here."""


class Layer(Schema):
    """A layer: an optional name, the names of its inputs, and the rules of its type.

    A subclass is a layer type. It declares ``type`` and its fields. The methods here describe a
    layer that changes each element separately and learns nothing; a subclass overrides the others.
    """

    name: LayerName | None = None
    type: str
    inputs: InputNames | None = later(None)

    kind: ClassVar[str] = ""
    """Base of the default names: ``conv`` for ``conv1``, ``conv2``, …; the type if empty."""
    takes: ClassVar[Takes] = "anything"
    most_inputs: ClassVar[int] = 1
    writes_in_place: ClassVar[bool] = False
    """Whether its output may overwrite an input that no later layer reads."""
    is_pool: ClassVar[bool] = False
    """Whether its FLOPs count as pooling, which a request may leave out."""
    changes_maps: ClassVar[bool] = False
    """Whether the maps of its output may differ in size from those of its input."""
    spans_its_map: ClassVar[bool] = False
    """Whether the size of its window depends on the size of its input's maps."""
    width_fields: ClassVar[tuple[str, ...]] = ()
    """The fields that set the number of its output channels."""
    is_linear: ClassVar[bool] = False
    """Whether it sees all maps at once; receptive fields end before the first such layer."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Register the type."""
        super().__pydantic_init_subclass__(**kwargs)
        name = cls.model_fields["type"].default
        if isinstance(name, str):
            LAYERS[name] = cls

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler, /
    ) -> JsonSchemaValue:
        """Describe ``type`` as required: its default is for code that names the class."""
        reference = handler(core_schema)
        schema = handler.resolve_ref_schema(reference)
        if schema["properties"]["type"].pop("default", None):
            schema["required"] = ["type", *schema.get("required", [])]
        return reference

    def having(self, fields: Mapping[str, Any]) -> Self:
        """The layer with other values in some fields; they are not validated.

        Like ``model_copy`` in a fifth of its time; searches call this thousands of times.
        """
        return self.trusted(**{**self.__dict__, **fields})

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with the fields, regardless of the inputs."""
        yield from ()

    def misfits(self, inputs: Sequence[Shape]) -> Iterator[Fault]:
        """Yield what is wrong with the layer for inputs of these shapes (whole numbers)."""
        yield from ()

    def fits(self, inputs: Sequence[Shape]) -> Number:
        """Whether the input maps are large enough and agree; with columns, one flag a row."""
        return True

    def channels(self, inputs: Sequence[Shape]) -> Number:
        """Channels of the output, or its features once flat."""
        return inputs[0][0]

    def sides(self, inputs: Sequence[Shape]) -> Shape:
        """Height and width of the output's maps; empty once flat."""
        return inputs[0][1:]

    def output(self, inputs: Sequence[Shape]) -> Shape:
        """Shape of the output, for inputs that fit."""
        return (self.channels(inputs), *self.sides(inputs))

    def params(self, inputs: Sequence[Shape]) -> Number:
        """Learned numbers (Eqs. 2, 3)."""
        return 0

    def macs(self, output: Shape, params: Number) -> Number:
        """Multiply-adds for one image: half of what ``torch.utils.flop_counter`` counts.

        ``params`` are the layer's own parameters; its biases take no multiply-adds.
        """
        return 0

    def flops(self, inputs: Sequence[Shape], output: Shape, params: Number) -> Number:
        """FLOPs for one image (Eq. 5: a multiply-add counts one, a bias addition one).

        A pool takes every element of its input once (Section 2's example). ``params`` are the
        layer's own parameters, of which most costs are a multiple.
        """
        return elements(inputs[0]) if self.is_pool else 0

    def window(self, inputs: Sequence[Shape], axis: int) -> tuple[Number, Number]:
        """The part of the input that an output depends on, along an axis (0 height, 1 width).

        Returns
        -------
        spread
            Length of the window in input pixels, minus one.
        step
            Input pixels between two outputs.
        """
        return 0, 1

    def rows_read(self, rows: int, side: int) -> int:
        """The rows of an input of ``side`` rows that these rows of the output depend on.

        Rows are the bits of a number; the first row is the least significant bit.
        """
        return rows

    def segments(
        self, inputs: Sequence[Segments], shapes: Sequence[Shape], widths: Widths
    ) -> Segments:
        """The output's channels as width groups.

        ``shapes`` are the inputs' shapes.
        """
        return inputs[0]

    def is_depthwise(self, shape: Shape) -> bool:
        """Whether the layer is a depthwise convolution for an input of this shape."""
        return False

    @property
    def is_square(self) -> bool:
        """Whether it treats height and width alike."""
        return True


class Weighted(Layer):
    """A layer with parameters; it may share those of another layer."""

    shares: LayerName | None = later(None)


class Elementwise(Layer):
    """A layer that changes each element separately, so that it can work in place."""

    writes_in_place = True


def elements(shape: Shape) -> Number:
    """Number of elements of a tensor of this shape."""
    return prod(shape[1:], start=shape[0])


def same(a: Number, b: Number) -> bool:
    """Whether two numbers or polynomials are equal; columns are equal if they are one object."""
    return a is b or (a == b) is True


def larger(a: Number, b: Number) -> Number:
    """The larger of two numbers; with columns, row by row."""
    return a if a is b else a + (b - a) * (b > a)
