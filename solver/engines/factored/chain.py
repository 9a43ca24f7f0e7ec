"""The chain of map sizes, cut where windows have unknowns (Eqs. 4, 7, 11, 12, 16, 17)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from solver.engines.factored.arrays import Flags, Ints
from solver.network.counting import Walk
from solver.network.layers import Join, Sliding
from solver.variation.symbols import side_symbol
from solver.variation.template import Template

FIELDS: Final = ("kernel_size", "padding", "stride", "dilation")


@dataclass(frozen=True)
class Opening:
    """A layer with an unknown geometry: each field is a symbol, or a number if it is known."""

    index: int
    kernel_size: str | int
    padding: str | int
    stride: str | int
    dilation: str | int

    @property
    def symbols(self) -> list[str]:
        """Its unknowns."""
        fields = (getattr(self, field) for field in FIELDS)
        return [field for field in fields if isinstance(field, str)]


@dataclass(frozen=True)
class Chain:
    """Fixed layers, the first window, fixed layers, and the second window at the junction.

    Approach I has no window, and Approach II only the first.
    """

    template: Template

    @cached_property
    def windows(self) -> list[Opening]:
        """The layers with an unknown geometry, in order."""
        return [self._window(place) for place in self.template.windows]

    def _window(self, index: int) -> Opening:
        layer = self.template.symbols.layers[index]
        assert isinstance(layer, Sliding)
        kernel, padding, _, stride, dilation = layer.along(0)
        numbers = dict(zip(FIELDS, (kernel, padding, stride, dilation), strict=True))
        fields = {name: self.template.symbol(index, name) or numbers[name] for name in FIELDS}
        return Opening(index, **fields)

    @property
    def first(self) -> Opening | None:
        """The first window, if there is one."""
        return self.windows[0] if self.windows else None

    @property
    def second(self) -> Opening | None:
        """The second window, if there is one."""
        return self.windows[1] if len(self.windows) > 1 else None

    @property
    def kept(self) -> int | None:
        """Side that the map behind the last window must keep, if there is a window."""
        side = self.template.symbols.side(self.template.junction + 1)
        return side.value if self.windows else None

    @property
    def first_kernel(self) -> list[str]:
        """The symbol of the first window's kernel in a list, which is empty if it is known."""
        kernels = [window.kernel_size for window in self.windows[:1]]
        return [kernel for kernel in kernels if isinstance(kernel, str)]

    @property
    def first_side(self) -> str:
        """Symbol for the side of the map behind the first window; empty without a window."""
        return side_symbol(self.first.index + 1) if self.first else ""

    @property
    def end_of_before(self) -> int:
        """Place of the first window, or of the junction if there is no window."""
        return self.first.index if self.first else self.template.junction

    @property
    def span_of_between(self) -> tuple[int, int]:
        """Places of the layer behind the first window and of the second window."""
        start = self.first.index + 1 if self.first else 0
        return start, self.second.index if self.second else start

    def before(self, resolutions: Ints) -> "Sides":
        """Sides of the maps from the input to the first window, or to the junction."""
        return walk(self.template, 0, self.end_of_before, resolutions)

    def between(self, sides: Ints) -> "Sides":
        """Sides of the maps between the windows."""
        return walk(self.template, *self.span_of_between, sides)

    @cached_property
    def symbols_before(self) -> set[str]:
        """Symbols for the sides of maps from the input to the first window."""
        return self._symbols(0, self.end_of_before)

    @cached_property
    def symbols_between(self) -> set[str]:
        """Symbols for the sides of the maps between the windows; empty without a second."""
        return self._symbols(*self.span_of_between) if self.second else set()

    def _symbols(self, first: int, last: int) -> set[str]:
        sides = (self.template.symbols.side(tensor) for tensor in range(first, last + 1))
        return {symbol for side in sides for symbol in side.symbols}


@dataclass(frozen=True)
class Sides:
    """Sides of maps: the first, all by symbol, and the last, which is 0 if a window did not fit."""

    first: Ints
    by_symbol: Mapping[str, Ints]
    last: Ints

    def take(self, rows: Ints | Flags) -> "Sides":
        """Some of the rows."""
        by_symbol = {symbol: sides[rows] for symbol, sides in self.by_symbol.items()}
        return Sides(self.first[rows], by_symbol, self.last[rows])


def walk(template: Template, first: int, last: int, sides: Ints) -> Sides:
    """Sides of the tensors ``first .. last`` for given sides of the first (Eq. 4).

    Everything must go through the first and the last tensor.
    """
    links = tuple(tuple(tensor - first for tensor in read) for read in template.links[first:last])
    found = Walk(template.layers[first:last], links, (1, sides, sides))
    by_symbol = {side_symbol(first): sides}
    for place, layer in enumerate(found.layers):
        if isinstance(layer, Sliding | Join):
            side = found.shapes[place + 1][1]
            by_symbol[side_symbol(first + place + 1)] = np.broadcast_to(side, sides.shape)
    fits = found.fits(last - first) & (sides > 0)
    return Sides(sides, by_symbol, np.where(fits, found.shapes[-1][1], 0))
