"""Templates: networks in which some fields are unknown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from solver.network.architecture import (
    Architecture,
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    Flatten,
    GlobalAvgPool2d,
    Layer,
    Linear,
    MaxPool2d,
    Pool2d,
    output_shape,
    stride_of,
)
from solver.network.counting import shapes
from solver.variation.polynomial import Polynomial

Assignment: TypeAlias = Mapping[str, int]
"""Values of the primed unknowns, by the paper's symbols."""

RESOLUTION = "N"


@dataclass(frozen=True)
class Template:
    """An original's layers with unknowns in some of their fields.

    Attributes
    ----------
    original
        The network whose budget and map sizes the variants keep.
    layers
        The variant's layers; where a field is unknown, any value stands in it.
    unknowns
        Which symbol stands for which field of which layer: ``{(0, "kernel_size"): "C1"}``.
    junction
        The last layer that sees another map size than in the original. What is behind it gets
        the maps that it got before, or those of one pixel where it is a global pool.
    """

    original: Architecture
    layers: tuple[Layer, ...]
    unknowns: Mapping[tuple[int, str], str]
    junction: int

    def variant(
        self, assignment: Assignment, last: int | None = None
    ) -> tuple[int, tuple[Layer, ...]]:
        """Resolution and layers, up to and including the last, with these values.

        Values of unknowns that occur only behind the last layer may be missing.
        """
        layers = list(self.layers if last is None else self.layers[: last + 1])
        for index, symbols in self._changes.items():
            if index < len(layers):
                known = {f: assignment[s] for f, s in symbols.items() if s in assignment}
                layers[index] = layers[index].model_copy(update=known)
        return assignment[RESOLUTION], tuple(layers)

    @cached_property
    def _changes(self) -> Mapping[int, Mapping[str, str]]:
        """The fields of each layer that are unknown, and their symbols."""
        found: dict[int, dict[str, str]] = {}
        for (index, field), symbol in self.unknowns.items():
            found.setdefault(index, {})[field] = symbol
        return found

    @property
    def changed(self) -> tuple[int, int]:
        """The first and the last layer with an unknown."""
        return min(self._changes), max(self._changes)

    def architecture(self, assignment: Assignment, last: int | None = None) -> Architecture:
        """Build the variant with these values; it may break rules until it was checked."""
        resolution, layers = self.variant(assignment, last)
        image = self.original.input.model_copy(update={"resolution": resolution})
        return Architecture.model_construct(name=None, description=None, input=image, layers=layers)

    def side_behind(self, index: int, assignment: Assignment) -> int:
        """Side of the map behind a layer of the variant with these values, in numbers."""
        return shapes(self.architecture(assignment, index))[-1][1]

    def field(self, index: int, name: str) -> Polynomial:
        """A layer's field: its unknown, or its value."""
        if symbol := self.unknowns.get((index, name)):
            return Polynomial.symbol(symbol)
        layer = self.layers[index]
        if name == "stride" and isinstance(layer, Conv2d | Pool2d):
            return Polynomial.constant(stride_of(layer))
        return Polynomial.constant(getattr(layer, name, 1))

    @cached_property
    def sides(self) -> list[Polynomial]:
        """Side of each layer's input (once flat: 1): symbols to the junction, then numbers."""
        found = [Polynomial.symbol(side_symbol(0))]
        for index, layer in enumerate(self.layers):
            match layer:
                case Conv2d() | Pool2d():
                    found.append(self._side_behind_window(index, layer, found[-1]))
                case GlobalAvgPool2d() | Flatten():
                    found.append(Polynomial.constant(1))
                case _:
                    found.append(found[-1])
        return found

    def _side_behind_window(self, index: int, layer: Layer, side: Polynomial) -> Polynomial:
        if index < self.junction:
            return Polynomial.symbol(side_symbol(index + 1))
        if index == self.junction:
            return Polynomial.constant(shapes(self.original)[index - len(self.layers)][1])
        assert side.value is not None, "behind the junction every side is a number"
        return Polynomial.constant(output_shape(layer, (1, side.value, side.value))[1])

    @cached_property
    def channels(self) -> list[Polynomial]:
        """Channels (once flat: features) of each layer's input."""
        found = [Polynomial.constant(self.original.input.channels)]
        for index, layer in enumerate(self.layers):
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
    def params(self) -> Polynomial:
        """Parameters of the whole network (Eqs. 2, 3)."""
        total = Polynomial.constant(0)
        for index, layer in enumerate(self.layers):
            inputs, outputs = self.channels[index], self.channels[index + 1]
            match layer:
                case Conv2d():
                    total += self._kernel_weights(index, layer) + outputs * int(layer.bias)
                case Linear():
                    total += inputs * outputs + outputs * int(layer.bias)
                case BatchNorm2d():
                    total += inputs * 2
        return total

    def flops(self, *, count_pooling: bool) -> Polynomial:
        """FLOPs of the whole network (Eq. 5)."""
        total = Polynomial.constant(0)
        for index, layer in enumerate(self.layers):
            inputs, outputs = self.channels[index], self.channels[index + 1]
            match layer:
                case Conv2d():
                    side = self.sides[index + 1]
                    cost = self._kernel_weights(index, layer) + outputs * int(layer.bias)
                    total += side * side * cost
                case Linear():
                    total += inputs * outputs + outputs * int(layer.bias)
                case MaxPool2d() | AvgPool2d() | GlobalAvgPool2d() if count_pooling:
                    total += self.sides[index] * self.sides[index] * inputs
        return total

    def _kernel_weights(self, index: int, layer: Conv2d) -> Polynomial:
        """Weights of a convolution; its groups divide whichever of its two widths is known."""
        inputs, outputs = self.channels[index], self.channels[index + 1]
        kernel = self.field(index, "kernel_size")
        if inputs.value is not None:
            return kernel * kernel * outputs * (inputs.value // layer.groups)
        if outputs.value is None:
            raise ValueError(f"{layer.name}: both its input and its output width are unknown")
        return kernel * kernel * inputs * (outputs.value // layer.groups)


def convolutions(layers: Sequence[Layer]) -> list[tuple[int, Conv2d]]:
    """The convolutions, each with its place."""
    return [(index, layer) for index, layer in enumerate(layers) if isinstance(layer, Conv2d)]


def with_pool(
    layers: tuple[Layer, ...], position: int, pool: MaxPool2d | GlobalAvgPool2d
) -> tuple[Layer, ...]:
    """Layers with a pool put in, under the first name that is free; the others keep theirs."""
    taken = {layer.name for layer in layers}
    name = next(name for n in range(1, len(layers) + 2) if (name := f"pool{n}") not in taken)
    return (*layers[:position], pool.model_copy(update={"name": name}), *layers[position:])


def side_symbol(index: int) -> str:
    """Name of the side of a layer's input; the first one is the resolution."""
    return f"side{index}" if index else RESOLUTION
