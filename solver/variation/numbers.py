"""Many variants at once: the fold over numbers, with a column of values where a field varies.

Nothing here knows how the solver encodes a network. Columns are numpy arrays, but only their
operators are used, so importing this module does not load numpy.
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
"""A column of whole numbers, or one number if all variants have the same."""

CHUNK: Final = 1 << 16
"""Rows that are processed together."""
LARGEST: Final = 2**62
"""Columns with larger numbers do not use 64-bit arithmetic."""


class Columns(Walk):
    """The variants with these values of the unknowns, one in each row.

    Attributes
    ----------
    template
        The network with its unknowns.
    values
        A column for each unknown; columns that nothing depends on may be missing.
    """

    def __init__(self, template: Template, values: Mapping[str, Numbers]) -> None:
        self.template = template
        self.values = values
        self.links = template.links

    @cached_property
    def layers(self) -> Sequence[Layer]:  # type: ignore[override] # asked for when it is needed
        """The template's layers with columns in the fields that vary."""
        return self.template.substituted(self.values)

    @property
    def image(self) -> Shape:  # type: ignore[override]
        """Shape of the images."""
        return self.template.original.input.scaled(self.values[RESOLUTION])

    @classmethod
    def exact(cls, template: Template, values: "Mapping[str, NDArray[np.int64]]") -> "Columns":
        """Variants with exact counts: columns hold Python integers if 64 bits are too few."""
        if not all(len(column) for column in values.values()):
            return cls(template, values)
        highest = {symbol: int(column.max()) for symbol, column in values.items()}
        bound = _UpperBound(template, highest)
        if max(bound.params, bound.flops()) < LARGEST:
            return cls(template, values)
        return cls(template, {symbol: column.astype(object) for symbol, column in values.items()})

    def chunks(self) -> "Iterator[Columns]":
        """Yield the rows in blocks, since a walk holds a column for each layer."""
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
        """The rows in which all windows fit and all joins agree, up to the junction."""
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
        """Replace a constant side behind the junction by one number."""
        if place == self.template.junction and len(output) > 1:
            return (output[0], *map(_shared, output[1:]))
        return output


def _shared(column: Numbers) -> Numbers:
    """The number that all rows share, if there is one: what follows is then counted once."""
    if isinstance(column, int) or not len(column) or (column != column[0]).any():
        return column
    return int(column[0])


class _UpperBound(Columns):
    """A walk with the largest values and without strides, which no variant's counts exceed."""

    def made(self, place: int, inputs: Sequence[Shape], output: Shape) -> Shape:
        """Windows shrink no map."""
        layer = self.layers[place]
        if not isinstance(layer, Sliding):
            return output
        windows = [layer.along(axis) for axis in (0, 1)]
        sides = zip(inputs[0][1:], windows, strict=True)
        return (output[0], *(side + window.before + window.behind for side, window in sides))
