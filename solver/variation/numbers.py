"""Many variants at once: the fold over numbers, with a column of values where a field varies.

Nothing here knows how the solver encodes a network. Columns are numpy's; only their operators are
used, so that whoever imports this does not load numpy.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from solver.network.counting import Walk
from solver.network.layers import Layer, Shape, Sliding, larger
from solver.variation.template import Template
from solver.variation.unknown import RESOLUTION

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


class Columns(Walk):
    """The variants with these values of the unknowns, one each row.

    Attributes
    ----------
    template
        The network that they are variants of.
    values
        A column for each unknown; those that nothing is asked of may be missing.
    """

    def __init__(self, template: Template, values: Mapping[str, Numbers]) -> None:
        self.template = template
        self.values = values
        self.links = template.links

    @cached_property
    def layers(self) -> Sequence[Layer]:  # type: ignore[override] # asked for when it is needed
        """The template's layers, with columns in the fields that vary."""
        return self.template.substituted(self.values)

    @property
    def image(self) -> Shape:  # type: ignore[override]
        """Shape of the images."""
        side = self.values[RESOLUTION]
        return (self.template.original.input.channels, side, side)

    @classmethod
    def exact(cls, template: Template, values: "Mapping[str, NDArray[np.int64]]") -> "Columns":
        """Variants whose counts may be large: beyond 64 bits columns become Python's integers."""
        if not all(len(column) for column in values.values()):
            return cls(template, values)
        highest = {symbol: int(column.max()) for symbol, column in values.items()}
        bound = _UpperBound(template, highest)
        if max(bound.params, bound.flops()) < LARGEST:
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

    @cached_property
    def front_fits(self) -> Numbers:
        """Where all windows fit, and all joins agree, as far as the junction."""
        return (self.values[RESOLUTION] > 0) & self.fits(self.template.junction + 1)

    def side(self, tensor: int) -> Numbers:
        """Side of a tensor's maps; once flat, 1."""
        sides = self.shapes[tensor][1:]
        return sides[0] if sides else 1

    @cached_property
    def receptive_field(self) -> Numbers:
        """Receptive field of the last layer before the first linear one, in input pixels."""
        tall = self.reaches(0)[self.end].side
        if all(layer.is_square for layer in self.layers):
            return tall
        return larger(tall, self.reaches(1)[self.end].side)

    def made(self, place: int, inputs: Sequence[Shape], output: Shape) -> Shape:  # noqa: ARG002
        """One number for the side behind the junction, where all rows have the same."""
        if place == self.template.junction and len(output) > 1:
            side = _shared(output[1])
            return (output[0], side, side)
        return output


def _shared(column: Numbers) -> Numbers:
    """The one number, where all rows have the same: what follows is counted once."""
    if isinstance(column, int) or not len(column) or (column != column[0]).any():
        return column
    return int(column[0])


class _UpperBound(Columns):
    """No count of variants is larger than that of their largest values with no strides."""

    def made(self, place: int, inputs: Sequence[Shape], output: Shape) -> Shape:
        """Windows take nothing away from a map."""
        layer = self.layers[place]
        if not isinstance(layer, Sliding):
            return output
        windows = [layer.along(axis) for axis in (0, 1)]
        sides = zip(inputs[0][1:], windows, strict=True)
        return (output[0], *(side + window.before + window.behind for side, window in sides))
