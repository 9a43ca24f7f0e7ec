"""Layers that read several tensors, or that split or reorder channels."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal

from solver.network.layers.base import Layer, Number, Shape, larger
from solver.network.schema import Fault, NotNegative, Positive
from solver.network.widths import Segments, Widths, repeated


class Join(Layer):
    """A layer that reads two or more tensors whose maps have the same size."""

    most_inputs = 64

    stretches: ClassVar[bool] = True
    """Whether maps of one pixel can be joined with maps of any size (squeeze-and-excitation)."""
    joins_channels: ClassVar[bool] = True
    """Whether all inputs must have the same number of channels."""

    def sides(self, inputs: Sequence[Shape]) -> Shape:
        """The sides of the largest maps."""
        first, *others = inputs
        sides = first[1:]
        for shape in others:
            sides = tuple(map(larger, sides, shape[1:]))
        return sides

    def fits(self, inputs: Sequence[Shape]) -> Number:
        """Whether all sides are equal; if the join stretches, some may be 1."""
        first, *others = inputs
        fitting: Number = True
        for shape in others:
            for a, b in zip(first[1:], shape[1:], strict=False):
                agree = a == b
                if self.stretches:
                    agree = agree | (a == 1) | (b == 1)
                fitting = fitting & agree
        return fitting

    def misfits(self, inputs: Sequence[Shape]) -> Iterator[Fault]:
        """Yield in what the inputs differ."""
        if len({len(shape) for shape in inputs}) > 1:
            yield ("inputs",), f"{self.type} needs maps, or vectors, not some of each"
            return
        if self.joins_channels and len({shape[0] for shape in inputs}) > 1:
            widths = " and ".join(f"{shape[0]:,}" for shape in inputs)
            what = "channels" if len(inputs[0]) > 1 else "features"
            yield ("inputs",), f"{self.type} needs the same {what} in all it reads, not {widths}"
        if not self.fits(inputs):
            sides = " and ".join(f"{height}×{width}" for _, height, width in inputs)
            yield ("inputs",), f"{self.type} needs maps of one size, not {sides}"

    def rows_read(self, rows: int, side: int) -> int:
        """The same rows of each input; the only row of a map of one pixel."""
        return rows if side > 1 else 1

    def segments(
        self, inputs: Sequence[Segments], shapes: Sequence[Shape], widths: Widths
    ) -> Segments:
        """The same width for all inputs."""
        first, *others = inputs
        for other in others:
            widths.unify(first, other)
        return widths.free(first)


class Add(Join):
    """The sum of two tensors or more: a residual connection."""

    type: Literal["add"] = "add"

    writes_in_place = True


class Mul(Join):
    """The product of two tensors or more: squeeze-and-excitation's gate."""

    type: Literal["mul"] = "mul"

    writes_in_place = True


class Concat(Join):
    """The channels of all inputs, one after the other: ``torch.cat(…, dim=1)``."""

    type: Literal["concat"] = "concat"

    stretches = False
    joins_channels = False

    def channels(self, inputs: Sequence[Shape]) -> Number:
        """The sum over the inputs."""
        first, *others = (shape[0] for shape in inputs)
        return sum(others, start=first)

    def sides(self, inputs: Sequence[Shape]) -> Shape:
        """The sides of the first input: all are equal."""
        return inputs[0][1:]

    def segments(
        self, inputs: Sequence[Segments], shapes: Sequence[Shape], widths: Widths
    ) -> Segments:
        """The segments of all inputs, one after the other."""
        return [segment for segments in inputs for segment in segments]


class Chunk(Layer):
    """One of the equal parts that ``torch.chunk(…, dim=1)`` makes of the channels."""

    type: Literal["chunk"] = "chunk"
    chunks: Positive
    index: NotNegative

    def faults(self) -> Iterator[Fault]:
        """The index is below the number of chunks."""
        if self.index >= self.chunks:
            yield ("index",), f"there is no part {self.index} of {self.chunks}; the first is 0"

    def misfits(self, inputs: Sequence[Shape]) -> Iterator[Fault]:
        """The chunks are equal."""
        if inputs[0][0] % self.chunks:
            reason = f"{self.chunks} chunks do not divide {inputs[0][0]} channels"
            yield ("chunks",), reason

    def channels(self, inputs: Sequence[Shape]) -> Number:
        """The channels of one chunk."""
        return inputs[0][0] // self.chunks

    def segments(
        self, inputs: Sequence[Segments], shapes: Sequence[Shape], widths: Widths
    ) -> Segments:
        """One of the equal parts."""
        return widths.parts(inputs[0], self.chunks)[self.index]


class ChannelShuffle(Layer):
    """As ``torch.nn.ChannelShuffle``: takes one channel of each group in turn."""

    type: Literal["channel_shuffle"] = "channel_shuffle"
    groups: Positive

    takes = "maps"

    def misfits(self, inputs: Sequence[Shape]) -> Iterator[Fault]:
        """The groups are equal."""
        if inputs[0][0] % self.groups:
            yield ("groups",), f"{self.groups} groups do not divide {inputs[0][0]} channels"

    def segments(
        self, inputs: Sequence[Segments], shapes: Sequence[Shape], widths: Widths
    ) -> Segments:
        """The first part, once for each group: all parts are equal."""
        return repeated(widths.parts(inputs[0], self.groups)[0], self.groups)
