"""What a layer type is: everything that is known of it stands in one class.

A layer is generic in its numbers. Its rules (shape, cost, window) are written with ``+``, ``*`` and
``//``, so that the same method counts a network (whole numbers), a million variants of it (columns
of numpy, of which nothing is imported here) and an equation (polynomials). Whoever walks through a
network gives a layer the shapes of what it reads; fields that vary hold columns or polynomials.

A shape is ``(channels, height, width)`` for maps, ``(features,)`` once flat.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any, ClassVar, Final, Literal, Self, TypeAlias

from solver.network.schema import Fault, InputNames, LayerName, Schema, later
from solver.network.widths import Segments, Widths

Number: TypeAlias = Any
"""A whole number, a column of them, or a polynomial."""
Shape: TypeAlias = tuple[Number, ...]
"""One image's elements: ``(channels, height, width)`` of maps, ``(features,)`` once flat."""
Takes: TypeAlias = Literal["maps", "a vector", "anything"]

LAYERS: "Final[dict[str, type[Layer]]]" = {}
"""Every layer type by its name; a subclass of :class:`Layer` that names one is put in here."""


class Layer(Schema):
    """A layer: an optional name, what it reads, and the rules of its type.

    A subclass is a layer type. It declares ``type`` and its fields, and overrides what is not as in
    a layer that computes each element by itself and learns nothing.
    """

    name: LayerName | None = None
    type: str
    inputs: InputNames | None = later(None)

    kind: ClassVar[str] = ""
    """What layers without a name are called, counted per kind; the type where it is empty."""
    takes: ClassVar[Takes] = "anything"
    most_inputs: ClassVar[int] = 1
    writes_in_place: ClassVar[bool] = False
    """Whether its output may be written over an input that nobody reads afterwards."""
    is_pool: ClassVar[bool] = False
    """Whether its FLOPs are those of pooling, which a request may leave out."""
    changes_maps: ClassVar[bool] = False
    """Whether its output's maps may be of another size than its input's."""
    spans_its_map: ClassVar[bool] = False
    """Whether its window follows the size of its input's maps."""
    width_fields: ClassVar[tuple[str, ...]] = ()
    """The fields that say how many channels it makes."""
    is_linear: ClassVar[bool] = False
    """Whether it sees all maps at once: receptive fields are told up to the first of these."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Register the type."""
        super().__pydantic_init_subclass__(**kwargs)
        name = cls.model_fields["type"].default
        if isinstance(name, str):
            LAYERS[name] = cls

    def having(self, fields: Mapping[str, Any]) -> Self:
        """The layer with other values in some fields, which nobody checks.

        As ``model_copy``, in a fifth of its time: searches do it thousands of times.
        """
        return self.trusted(**{**self.__dict__, **fields})

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with the fields, whatever the layer reads."""
        yield from ()

    def misfits(self, inputs: Sequence[Shape]) -> Iterator[Fault]:
        """Yield what is wrong with the layer behind inputs of these shapes, whole numbers all."""
        yield from ()

    def fits(self, inputs: Sequence[Shape]) -> Number:
        """Whether the maps that it reads are large enough, and agree; of columns, where."""
        return True

    def channels(self, inputs: Sequence[Shape]) -> Number:
        """Channels of the output; once flat, features."""
        return inputs[0][0]

    def sides(self, inputs: Sequence[Shape]) -> Shape:
        """Height and width of the output's maps; nothing once flat."""
        return inputs[0][1:]

    def output(self, inputs: Sequence[Shape]) -> Shape:
        """Shape of the output, of inputs that fit."""
        return (self.channels(inputs), *self.sides(inputs))

    def params(self, inputs: Sequence[Shape]) -> Number:
        """Learned numbers (Eqs. 2, 3)."""
        return 0

    def macs(self, output: Shape, params: Number) -> Number:
        """Multiply-adds of an image, as ``torch.utils.flop_counter`` counts them, halved.

        ``params`` are its own, of which biases take no part.
        """
        return 0

    def flops(self, inputs: Sequence[Shape], output: Shape, params: Number) -> Number:
        """FLOPs for one image (Eq. 5: a multiply-add counts one, a bias addition one).

        A pool takes every element of its input once (Section 2's example). ``params`` are the
        layer's own parameters, of which most costs are a multiple.
        """
        return elements(inputs[0]) if self.is_pool else 0

    def window(self, inputs: Sequence[Shape], axis: int) -> tuple[Number, Number]:
        """What an output depends on along an axis (0 height, 1 width).

        Returns
        -------
        spread
            By how many pixels of the input the window exceeds one pixel.
        step
            Pixels of the input between two outputs.
        """
        return 0, 1

    def rows_read(self, rows: int, side: int) -> int:
        """The rows of an input with so many that these rows of the output read.

        Rows are the bits of a number, the first row the least significant one.
        """
        return rows

    def segments(
        self, inputs: Sequence[Segments], shapes: Sequence[Shape], widths: Widths, place: int
    ) -> Segments:
        """How the output's channels are made of width groups.

        ``shapes`` are those of the inputs, ``place`` is this layer's.
        """
        return inputs[0]

    def is_depthwise(self, shape: Shape) -> bool:
        """Whether each channel of an input of this shape makes channels of its own."""
        return False

    @property
    def is_square(self) -> bool:
        """Whether it treats height and width alike."""
        return True


class Weighted(Layer):
    """What layers with learned numbers share: they may use those of another layer."""

    shares: LayerName | None = later(None)


class Elementwise(Layer):
    """What layers share that change each element by itself."""

    writes_in_place = True


def elements(shape: Shape) -> Number:
    """How many numbers a tensor of this shape holds."""
    return prod(shape[1:], start=shape[0])


def same(a: Number, b: Number) -> bool:
    """Whether two numbers or polynomials are equal; of columns, whether they are one object."""
    return a is b or (a == b) is True


def larger(a: Number, b: Number) -> Number:
    """The larger of two numbers, or of each two of two columns."""
    return a if a is b else a + (b - a) * (b > a)
