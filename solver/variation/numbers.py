"""Many variants at once, recounted layer by layer (Eqs. 2-5).

Like :mod:`solver.network.counting`, with a column of values where one variant has a number. Nothing
here knows how the solver encodes a network. Columns are numpy's; only their operators are used, so
that whoever imports this does not load numpy.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from solver.network.architecture import (
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    Flatten,
    GlobalAvgPool2d,
    Layer,
    Linear,
    MaxPool2d,
    Pool2d,
    stride_of,
)
from solver.variation.template import RESOLUTION, Template

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Flags: TypeAlias = NDArray[np.bool_]

Numbers: TypeAlias = Any
"""A column of whole numbers, or one number that all variants share."""

CHUNK: Final = 1 << 16
"""Rows that are looked at together."""
LARGEST: Final = 2**62
"""Beyond this a 64-bit column is not trusted with a sum."""


class Columns:
    """The variants with these values of the unknowns, one each row.

    Attributes
    ----------
    template
        The network that they are variants of.
    values
        A column for each unknown.
    """

    def __init__(self, template: Template, values: Mapping[str, Numbers]) -> None:
        self.template = template
        self.values = values

    @classmethod
    def exact(cls, template: Template, values: "Mapping[str, NDArray[np.int64]]") -> "Columns":
        """Variants whose counts may be large: beyond 64 bits columns become Python's integers."""
        if not all(len(column) for column in values.values()):
            return cls(template, values)
        highest = {symbol: int(column.max()) for symbol, column in values.items()}
        bound = _UpperBound(template, highest)
        if max(bound.params, bound.flops(count_pooling=True)) < LARGEST:
            return cls(template, values)
        return cls(template, {symbol: column.astype(object) for symbol, column in values.items()})

    def chunks(self) -> "Iterator[Columns]":
        """Some rows after the other: whoever walks through many layers holds a column for each."""
        for start in range(0, len(self), CHUNK):
            end = start + CHUNK
            values = {symbol: column[start:end] for symbol, column in self.values.items()}
            yield Columns.exact(self.template, values)

    def __len__(self) -> int:
        return len(self.values[RESOLUTION])

    def __getitem__(self, symbol: str) -> Numbers:
        return self.values[symbol]

    def field(self, index: int, name: str) -> Numbers:
        """A layer's field."""
        if symbol := self.template.unknowns.get((index, name)):
            return self.values[symbol]
        layer = self.template.layers[index]
        if name == "stride" and isinstance(layer, Conv2d | Pool2d):
            return stride_of(layer)
        return getattr(layer, name, 1)

    @cached_property
    def sides(self) -> list[Numbers]:
        """Side of each layer's input, and of the last output; once flat, 1 (Eq. 4).

        Where a window does not fit, what follows is without meaning.
        """
        found: list[Numbers] = [self.values[RESOLUTION]]
        for index, layer in enumerate(self.template.layers):
            match layer:
                case Conv2d() | Pool2d():
                    found.append(self._side_behind(index, found[-1]))
                case GlobalAvgPool2d() | Flatten():
                    found.append(1)
                case _:
                    found.append(found[-1])
            if index == self.template.junction:
                found[-1] = _shared(found[-1])
        return found

    def _side_behind(self, index: int, side: Numbers) -> Numbers:
        return self._slack(index, side) // self.field(index, "stride") + 1

    def _slack(self, index: int, side: Numbers) -> Numbers:
        """How many rows a window can move; negative where it does not fit."""
        kernel, dilation = self.field(index, "kernel_size"), self.field(index, "dilation")
        return side + 2 * self.field(index, "padding") - dilation * (kernel - 1) - 1

    def fits(self, last: int) -> "Flags":
        """Where all windows fit, from the input to the last layer."""
        fitting = self.values[RESOLUTION] > 0
        for index, layer in enumerate(self.template.layers[: last + 1]):
            if isinstance(layer, Conv2d | Pool2d):
                fitting = fitting & (self._slack(index, self.sides[index]) >= 0)
        return fitting  # type: ignore[no-any-return]

    @cached_property
    def channels(self) -> list[Numbers]:
        """Channels (once flat: features) of each layer's input, and of the last output."""
        found: list[Numbers] = [self.template.original.input.channels]
        for index, layer in enumerate(self.template.layers):
            match layer:
                case Conv2d():
                    found.append(self.field(index, "out_channels"))
                case Linear():
                    found.append(self.field(index, "out_features"))
                case Flatten():
                    found.append(found[-1] * self.sides[index] * self.sides[index])
                case _:
                    found.append(found[-1])
        return found

    @cached_property
    def params(self) -> Numbers:
        """Parameters of the whole networks."""
        return sum(self._weights(index, layer) for index, layer in enumerate(self.template.layers))

    def flops(self, *, count_pooling: bool) -> Numbers:
        """FLOPs of the whole networks."""
        total: Numbers = 0
        for index, layer in enumerate(self.template.layers):
            match layer:
                case Conv2d():
                    side = self.sides[index + 1]
                    total = total + side * side * self._weights(index, layer)
                case Linear():
                    total = total + self._weights(index, layer)
                case MaxPool2d() | AvgPool2d() | GlobalAvgPool2d() if count_pooling:
                    side = self.sides[index]
                    total = total + side * side * self.channels[index]
        return total

    @cached_property
    def receptive_field(self) -> Numbers:
        """Receptive field of the last layer before the first linear one, in input pixels."""
        field: Numbers = 1
        step: Numbers = 1
        for index, layer in enumerate(self.template.layers):
            match layer:
                case Conv2d() | Pool2d():
                    kernel, dilation = (
                        self.field(index, "kernel_size"),
                        self.field(index, "dilation"),
                    )
                    field = field + dilation * (kernel - 1) * step
                    step = step * self.field(index, "stride")
                case GlobalAvgPool2d():
                    field = field + (self.sides[index] - 1) * step
                case Linear():
                    break
        return field

    def _weights(self, index: int, layer: Layer) -> Numbers:
        inputs, outputs = self.channels[index], self.channels[index + 1]
        match layer:
            case Conv2d():
                kernel = self.field(index, "kernel_size")
                weights = kernel * kernel * (inputs // layer.groups) * outputs
                return weights + outputs if layer.bias else weights
            case Linear():
                return inputs * outputs + outputs if layer.bias else inputs * outputs
            case BatchNorm2d():
                return 2 * inputs
            case _:
                return 0


def _shared(column: Numbers) -> Numbers:
    """The one number, where all rows have the same: what follows is counted once."""
    if isinstance(column, int) or not len(column) or (column != column[0]).any():
        return column
    return int(column[0])


class _UpperBound(Columns):
    """No count of variants is larger than that of their largest values with no strides."""

    def _side_behind(self, index: int, side: Numbers) -> Numbers:
        return side + 2 * self.field(index, "padding")
