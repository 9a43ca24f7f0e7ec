"""Layers with an output of a fixed size, and the layer that flattens maps."""

from collections.abc import Sequence
from math import prod
from typing import Literal

from solver.network.layers.base import Layer, Number, Shape, Weighted, elements
from solver.network.schema import Features, Flag, PositiveSize
from solver.network.widths import Segments, Widths


class GlobalAvgPool2d(Layer):
    """The mean of each map: ``torch.nn.AdaptiveAvgPool2d(1)``."""

    type: Literal["global_avg_pool2d"] = "global_avg_pool2d"

    kind = "pool"
    takes = "maps"
    changes_maps = True
    spans_its_map = True
    is_pool = True

    def sides(self, inputs: Sequence[Shape]) -> Shape:
        """One pixel."""
        return (1, 1)

    def window(self, inputs: Sequence[Shape], axis: int) -> tuple[Number, Number]:
        """The whole map."""
        return inputs[0][1 + axis] - 1, 1

    def rows_read(self, rows: int, side: int) -> int:
        """All rows, if any row of the output is asked for."""
        return (1 << side) - 1 if rows else 0


class AdaptiveAvgPool2d(Layer):
    """As ``torch.nn.AdaptiveAvgPool2d``; with one output pixel it is a ``global_avg_pool2d``."""

    type: Literal["adaptive_avg_pool2d"] = "adaptive_avg_pool2d"
    output_size: PositiveSize

    kind = "pool"
    takes = "maps"
    changes_maps = True
    spans_its_map = True
    is_pool = True

    @property
    def is_square(self) -> bool:
        """Whether its output is square."""
        return not isinstance(self.output_size, tuple)

    def sides(self, inputs: Sequence[Shape]) -> Shape:
        """As declared."""
        size = self.output_size
        return size if isinstance(size, tuple) else (size, size)

    def window(self, inputs: Sequence[Shape], axis: int) -> tuple[Number, Number]:
        """The largest of its windows, and the largest distance of two neighbouring windows.

        Of ``n = q·k + r`` pixels an output reads at most ``q``, plus one if ``r > 0``, plus one
        more if ``r`` does not divide ``k``.
        """
        side, size = inputs[0][1 + axis], self.sides(inputs)[axis]
        rest = side % size
        more = (rest > 0) * (1 + (size % (rest + (rest == 0)) != 0))
        return side // size - 1 + more, -(-side // size)

    def rows_read(self, rows: int, side: int) -> int:
        """Output ``i`` of ``k`` reads from ``⌊i·n/k⌋`` up to ``⌈(i + 1)·n/k⌉``."""
        size, read = self.sides(())[0], 0
        for row in range(size):
            if rows >> row & 1:
                read |= (1 << -(-(row + 1) * side // size)) - (1 << row * side // size)
        return read


class Flatten(Layer):
    """As ``torch.nn.Flatten``: one vector for each image."""

    type: Literal["flatten"] = "flatten"

    writes_in_place = True

    def channels(self, inputs: Sequence[Shape]) -> Number:
        """Every element."""
        return elements(inputs[0])

    def sides(self, inputs: Sequence[Shape]) -> Shape:
        """None."""
        return ()

    def segments(
        self, inputs: Sequence[Segments], shapes: Sequence[Shape], widths: Widths
    ) -> Segments:
        """Each segment, repeated for each pixel of a map."""
        pixels = prod(shapes[0][1:])
        return [(group, times * pixels) for group, times in inputs[0]]


class Linear(Weighted):
    """As ``torch.nn.Linear``."""

    type: Literal["linear"] = "linear"
    out_features: Features
    bias: Flag = True

    takes = "a vector"
    is_linear = True
    width_fields = ("out_features",)

    def channels(self, inputs: Sequence[Shape]) -> Number:
        """As declared."""
        return self.out_features

    def params(self, inputs: Sequence[Shape]) -> Number:
        """``I·O``, and ``O`` biases (Eq. 3)."""
        weights = inputs[0][0] * self.out_features
        return weights + self.out_features if self.bias else weights

    def macs(self, output: Shape, params: Number) -> Number:
        """Every weight once."""
        return params - self.out_features if self.bias else params

    def flops(self, inputs: Sequence[Shape], output: Shape, params: Number) -> Number:
        """Every weight and bias once."""
        return params

    def segments(
        self, inputs: Sequence[Segments], shapes: Sequence[Shape], widths: Widths
    ) -> Segments:
        """A group of its own."""
        return widths.new(self.out_features)
