"""The chain of map sizes, cut where windows have unknowns (Eqs. 4, 7, 11, 12, 16, 17)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from solver.engines.factored.arrays import Flags, Ints
from solver.network.architecture import Conv2d, GlobalAvgPool2d, Layer, Pool2d, reach, stride_of
from solver.variation.template import Template, side_symbol

FIELDS: Final = ("kernel_size", "padding", "stride", "dilation")


@dataclass(frozen=True)
class Window:
    """A layer with unknowns in it: its fields as symbols, or as the numbers that they keep."""

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
    """Fixed layers, the first window, fixed layers, and the second window, at the junction.

    Either window may be missing: Approach I has none, Approach II only the first.
    """

    template: Template

    @cached_property
    def windows(self) -> list[Window]:
        """The layers whose geometry is unknown, in their order."""
        unknowns = self.template.unknowns
        places = sorted({index for index, field in unknowns if field in FIELDS})
        return [self._window(index) for index in places]

    def _window(self, index: int) -> Window:
        layer = self.template.layers[index]
        assert isinstance(layer, Conv2d | Pool2d)
        numbers = {
            "kernel_size": layer.kernel_size,
            "padding": layer.padding,
            "stride": stride_of(layer),
            "dilation": layer.dilation if isinstance(layer, Conv2d) else 1,
        }
        fields = {name: self.template.unknowns.get((index, name), numbers[name]) for name in FIELDS}
        return Window(index, **fields)

    @property
    def first(self) -> Window | None:
        """The first convolution, if anything of its geometry changes."""
        return self.windows[0] if self.windows else None

    @property
    def second(self) -> Window | None:
        """The layer at the junction, if it is another one."""
        return self.windows[1] if len(self.windows) > 1 else None

    @property
    def kept(self) -> int | None:
        """Side of the map behind the last window, which must stay."""
        return self.template.sides[self.template.junction + 1].value if self.windows else None

    @property
    def first_kernel(self) -> list[str]:
        """Symbol of the first window's kernel, if it is unknown."""
        kernels = [window.kernel_size for window in self.windows[:1]]
        return [kernel for kernel in kernels if isinstance(kernel, str)]

    @property
    def first_side(self) -> str:
        """Symbol of the side of the map behind the first window."""
        return side_symbol(self.first.index + 1) if self.first else ""

    @property
    def end_of_before(self) -> int:
        """The first window; where there is none, the junction."""
        return self.first.index if self.first else self.template.junction

    @property
    def span_of_between(self) -> tuple[int, int]:
        """The layer behind the first window, and the second window."""
        start = self.first.index + 1 if self.first else 0
        return start, self.second.index if self.second else start

    def before(self, resolutions: Ints) -> "Sides":
        """Sides of the maps from the input to the first window, or to the junction."""
        return walk(self.template.layers, 0, self.end_of_before, resolutions)

    def between(self, sides: Ints) -> "Sides":
        """Sides of the maps from that behind the first window to the second window."""
        return walk(self.template.layers, *self.span_of_between, sides)

    @cached_property
    def symbols_before(self) -> set[str]:
        """The resolution, and the sides of maps up to the first window."""
        return self._symbols(0, self.end_of_before)

    @cached_property
    def symbols_between(self) -> set[str]:
        """The sides of maps from that behind the first window to the second window."""
        return self._symbols(*self.span_of_between) if self.second else set()

    def _symbols(self, first: int, last: int) -> set[str]:
        sides = self.template.sides[first : last + 1]
        return {symbol for side in sides for symbol in side.symbols}


@dataclass(frozen=True)
class Sides:
    """Sides of maps: the first, by their symbols, and the last; 0 where a window did not fit."""

    first: Ints
    by_symbol: Mapping[str, Ints]
    last: Ints

    def take(self, rows: Ints | Flags) -> "Sides":
        """Some of them."""
        by_symbol = {symbol: sides[rows] for symbol, sides in self.by_symbol.items()}
        return Sides(self.first[rows], by_symbol, self.last[rows])


def walk(layers: tuple[Layer, ...], first: int, last: int, sides: Ints) -> Sides:
    """Sides of the inputs of layers ``first .. last``, from that of the first (Eq. 4)."""
    start, found = sides, {side_symbol(first): sides}
    fits = np.ones(len(sides), bool)
    for index in range(first, last):
        layer = layers[index]
        if isinstance(layer, GlobalAvgPool2d):
            sides = np.ones_like(sides)
        elif isinstance(layer, Conv2d | Pool2d):
            fits &= sides + 2 * layer.padding >= reach(layer)
            slack = np.maximum(sides + 2 * layer.padding - reach(layer), 0)
            sides = slack // stride_of(layer) + 1
            found[side_symbol(index + 1)] = sides
    return Sides(start, found, np.where(fits, sides, 0))
