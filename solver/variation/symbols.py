"""The fold over polynomials: a network's maps and counts as functions of its unknowns.

It is separate from the fold over numbers on purpose: what CP-SAT finds with these polynomials is
recounted by code that never sees them. Sides of maps are symbols up to the junction. Behind it they
are the original's numbers.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from solver.network.layers import Join, Layer, Shape, Sliding, Weighted
from solver.variation.polynomial import Polynomial
from solver.variation.unknown import RESOLUTION

if TYPE_CHECKING:
    from solver.variation.template import Template


def side_symbol(tensor: int) -> str:
    """Symbol for the side of a tensor's maps; the image's side is the resolution."""
    return f"side{tensor}" if tensor else RESOLUTION


class Symbols:
    """The layers of a template, with polynomials in the fields that vary.

    Attributes
    ----------
    template
        The network.
    layers
        Its layers, with polynomials in the fields that vary.
    """

    def __init__(self, template: "Template") -> None:
        self.template = template
        layers = list(template.layers)
        for (place, name), field in template.fields.items():
            layers[place] = layers[place].having({name: field})
        self.layers: Sequence[Layer] = layers

    @cached_property
    def shapes(self) -> list[Shape]:
        """Shapes of the tensors; channels, and sides up to the junction, may be polynomials."""
        side = Polynomial.symbol(RESOLUTION)
        found: list[Shape] = [(self.template.original.input.channels, side, side)]
        for place, (layer, read) in enumerate(zip(self.layers, self.template.links, strict=True)):
            inputs = [found[tensor] for tensor in read]
            found.append((layer.channels(inputs), *self._sides(place, layer, inputs)))
        return found

    def _sides(self, place: int, layer: Layer, inputs: Sequence[Shape]) -> Shape:
        junction = self.template.junction
        if place > junction:
            return layer.sides(inputs)
        if isinstance(layer, Join):
            return self._joined(place, layer, inputs)
        if not isinstance(layer, Sliding) or layer.keeps_sides:
            return layer.sides(inputs)
        if place == junction:
            return self._kept
        side = Polynomial.symbol(side_symbol(place + 1))
        return (side, side)

    def _joined(self, place: int, layer: Join, inputs: Sequence[Shape]) -> Shape:
        """The sides that all inputs share; a new symbol if inputs may be stretched."""
        first, *others = [it[1:] for it in inputs if it[1:] != (1, 1)] or [inputs[0][1:]]
        if not layer.stretches or all(other == first for other in others):
            return first
        side = Polynomial.symbol(side_symbol(place + 1))
        return (side, side)

    @cached_property
    def _kept(self) -> Shape:
        """Sides of the map behind the junction in the original; an inserted pool keeps them."""
        behind = self.template.junction - len(self.layers)
        return self.template.original_walk.shapes[behind][1:]

    def side(self, tensor: int) -> Polynomial:
        """Side of a tensor's maps; once flat, 1."""
        sides = self.shapes[tensor][1:]
        side = sides[0] if sides else 1
        return side if isinstance(side, Polynomial) else Polynomial.constant(side)

    def last_side(self) -> str:
        """Symbol for the side of the last map that varies."""
        sliding = (
            place
            for place, layer in enumerate(self.layers[: self.template.junction + 1])
            if isinstance(layer, Sliding) and not layer.keeps_sides
        )
        return side_symbol(max(sliding, default=-1) + 1)

    def unlike_sides(self, place: int) -> list[Polynomial]:
        """Sides of a layer's inputs that are not identical to 1 or to its output's side."""
        sides = dict.fromkeys(self.side(tensor) for tensor in self.template.links[place])
        return [side for side in sides if side not in (1, self.side(place + 1))]

    def inputs(self, place: int) -> list[Shape]:
        """Shapes of a layer's inputs."""
        return [self.shapes[tensor] for tensor in self.template.links[place]]

    @cached_property
    def _own_params(self) -> list[Polynomial]:
        return [
            Polynomial.constant(0) + layer.params(self.inputs(place))
            for place, layer in enumerate(self.layers)
        ]

    @cached_property
    def params(self) -> Polynomial:
        """Parameters of the whole network (Eqs. 2, 3); shared ones count once."""
        total = Polynomial.constant(0)
        for layer, params in zip(self.layers, self._own_params, strict=True):
            if not (isinstance(layer, Weighted) and layer.shares):
                total += params
        return total

    @property
    def macs(self) -> Polynomial:
        """Multiply-adds of the whole network."""
        total = Polynomial.constant(0)
        for place, layer in enumerate(self.layers):
            total += layer.macs(self.shapes[place + 1], self._own_params[place])
        return total

    def flops(self, *, count_pooling: bool) -> Polynomial:
        """FLOPs of the whole network (Eq. 5)."""
        total = Polynomial.constant(0)
        for place, layer in enumerate(self.layers):
            if count_pooling or not layer.is_pool:
                output, params = self.shapes[place + 1], self._own_params[place]
                total += layer.flops(self.inputs(place), output, params)
        return total

    @cached_property
    def receptive_field(self) -> Polynomial | None:
        """Receptive field of the last layer before the first linear one, in input pixels.

        ``None`` if it is no polynomial: branches join and none of them sees most in all variants,
        or an adaptive pool's window depends on a side that varies.
        """
        tall, wide = (self._reach(axis) for axis in (0, 1))
        return None if tall is None or wide is None else _dominant([tall, wide])

    def _reach(self, axis: int) -> Polynomial | None:
        """The receptive field along an axis."""
        one = Polynomial.constant(1)
        found: list[tuple[Polynomial, Polynomial] | None] = [(one, one)]
        for place, layer in enumerate(self.layers):
            if layer.is_linear:
                break
            reach = _largest([found[tensor] for tensor in self.template.links[place]])
            inputs = self.inputs(place)
            if reach is not None and len(inputs[0]) > 1:
                try:
                    spread, step = layer.window(inputs, axis)
                    reach = (reach[0] + reach[1] * spread, reach[1] * step)
                except ArithmeticError:
                    reach = None
            found.append(reach)
        last = found[-1]
        return None if last is None else last[0]


def _largest(
    reaches: Sequence[tuple[Polynomial, Polynomial] | None],
) -> tuple[Polynomial, Polynomial] | None:
    """The side and the step that are never smaller than any other; ``None`` if there are none."""
    known = [reach for reach in reaches if reach is not None]
    if len(known) < len(reaches):
        return None
    side, step = (_dominant([reach[it] for reach in known]) for it in (0, 1))
    return None if side is None or step is None else (side, step)


def _dominant(polynomials: Sequence[Polynomial]) -> Polynomial | None:
    for candidate in polynomials:
        if all(factor >= 0 for other in polynomials for _, factor in candidate - other):
            return candidate
    return None
