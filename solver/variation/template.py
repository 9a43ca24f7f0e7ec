"""Templates: networks in which some fields are unknown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from solver.network.architecture import Architecture, Input
from solver.network.counting import Walk, walk
from solver.network.graph import Links, couple, insert
from solver.network.layers import Conv2d, Layer, Shape
from solver.network.schema import Place
from solver.network.widths import TiedError, form
from solver.variation.polynomial import Polynomial
from solver.variation.symbols import Symbols
from solver.variation.unknown import IMAGE, RESOLUTION, Role, Unknown

Assignment: TypeAlias = Mapping[str, int]
"""Values of the primed unknowns, by the paper's symbols."""


class MisfitError(ValueError):
    """An approach cannot be applied to a network; the text names the layer that is in the way.

    ``place`` is where that stands in the architecture.
    """

    def __init__(self, reason: str, place: Place = ("layers",)) -> None:
        super().__init__(reason)
        self.place = place


@dataclass(frozen=True)
class Template:
    """An original's layers with unknowns in some of their fields.

    Attributes
    ----------
    original
        The network whose budget and map sizes the variants keep.
    layers
        The variant's layers; where a field is unknown, any value stands in it.
    links
        The tensors that each of them reads: 0 is the image, ``i + 1`` what layer ``i`` makes.
    unknowns
        What varies, in the order in which answers are sorted.
    places
        Where the layers stand that the unknowns name.
    junction
        The last layer that sees another map size than in the original. Everything goes through it;
        what is behind it gets the maps that it got before, or those of one pixel where it is a
        global pool.
    """

    original: Architecture
    layers: tuple[Layer, ...]
    links: Links
    unknowns: tuple[Unknown, ...]
    places: Mapping[str, int]
    junction: int

    @cached_property
    def fields(self) -> Mapping[tuple[int, str], Polynomial]:
        """Every field that varies, by layer and name: an unknown, or a width that is tied to one.

        Raises
        ------
        MisfitError
            A width cannot vary; see :attr:`widths`.
        """
        own = {
            (self.places[it.layer], it.field): Polynomial.symbol(it.symbol)
            for it in self.unknowns
            if it.layer != IMAGE
        }
        return {**self._tied, **own}

    @cached_property
    def symbols(self) -> Symbols:
        """The fold over polynomials: the network as the unknowns change it, for the encoding."""
        return Symbols(self)

    @cached_property
    def width(self) -> str | None:
        """The unknown that pays for the resolution, if any: a number of filters or features."""
        return next((it.symbol for it in self.unknowns if it.role is Role.WIDTH), None)

    def symbol(self, place: int, field: str) -> str | None:
        """The unknown in a field of a layer, if there is one."""
        at = (it.symbol for it in self.unknowns if self._is_at(it, place) and it.field == field)
        return next(at, None)

    def _is_at(self, unknown: Unknown, place: int) -> bool:
        return unknown.layer != IMAGE and self.places[unknown.layer] == place

    @cached_property
    def windows(self) -> list[int]:
        """The layers whose geometry is unknown, in their order."""
        geometry = (it for it in self.unknowns if it.role not in (Role.WIDTH, Role.RESOLUTION))
        return sorted({self.places[it.layer] for it in geometry})

    def substituted(self, values: Mapping[str, Any], end: int | None = None) -> list[Layer]:
        """Layers before a place (or all), with values in the fields that vary.

        Values are whole numbers or columns. Where an unknown has none, its field stays as it is.
        """
        layers = list(self.layers[:end])
        for place, fields in self._changes.items():
            if place < len(layers):
                update = {
                    name: values[symbol] if field is None else field.at(values)
                    for name, symbol, field in fields
                    if symbol in values
                }
                layers[place] = layers[place].having(update)
        return layers

    @cached_property
    def _changes(self) -> Mapping[int, Sequence[tuple[str, str, Polynomial | None]]]:
        """The fields of each layer that vary: name, unknown, and its multiple if it is not bare."""
        found: dict[int, list[tuple[str, str, Polynomial | None]]] = {}
        for (place, name), field in self.fields.items():
            (symbol,) = field.symbols
            is_bare = field == Polynomial.symbol(symbol)
            found.setdefault(place, []).append((name, symbol, None if is_bare else field))
        return dict(sorted(found.items()))

    @property
    def changed(self) -> tuple[int, ...]:
        """The layers in which a field varies."""
        return tuple(self._changes)

    def walk(self, values: Assignment, end: int | None = None) -> Walk:
        """The layers before a place (or all) of the variant with these values."""
        channels, resolution = self.original.input.channels, values[RESOLUTION]
        image = (channels, resolution, resolution)
        return Walk(self.substituted(values, end), self.links[:end], image)

    def architecture(self, assignment: Assignment) -> Architecture:
        """Build the variant with these values; it may break rules until it was checked."""
        return self.built(self.substituted(assignment), assignment[RESOLUTION])

    def built(
        self, layers: Sequence[Layer], resolution: int, name: str | None = None
    ) -> Architecture:
        """A network of layers in which values stand, on images of a resolution."""
        channels = self.original.input.channels
        image = Input.trusted(channels=channels, resolution=resolution, height=None, width=None)
        return Architecture.trusted(name=name, description=None, input=image, layers=tuple(layers))

    @cached_property
    def _tied(self) -> Mapping[tuple[int, str], Polynomial]:
        """Fields that follow from the unknown width: all that its group of channels goes through.

        Raises
        ------
        MisfitError
            The width is cut, or is part of the network's input or output.
        """
        return self._ties.fields() if self.width else {}

    @cached_property
    def divisors(self) -> Mapping[int, int]:
        """What the unknown width is divided by, and what must be left, so that groups are whole.

        Nothing is left but where a convolution has groups of channels that several layers make.
        """
        return self._ties.divisors() if self.width else {}

    @cached_property
    def _ties(self) -> "_Ties":
        return _Ties(self)

    @cached_property
    def original_walk(self) -> Walk:
        """The original, layer by layer."""
        return walk(self.original)


class _Ties:
    """The width group of the layer whose width is unknown."""

    def __init__(self, template: Template) -> None:
        self._template = template
        unknown = next(it for it in template.unknowns if it.role is Role.WIDTH)
        self._symbol = Polynomial.symbol(unknown.symbol)
        self._place = template.places[unknown.layer]
        self._shapes = self._walked(template)
        try:
            self._widths, self._tensors = couple(template.layers, template.links, self._shapes)
        except TiedError as tied:
            raise MisfitError(str(tied)) from None
        self._layer = template.layers[self._place]

    @cached_property
    def _group(self) -> int:
        """The group.

        Raises
        ------
        MisfitError
            It is not one that may vary.
        """
        segments = self._tensors[self._place + 1]
        if len(segments) != 1 or segments[0][1] != 1:
            raise MisfitError(self._cut())
        group = segments[0][0]
        if self._widths.is_frozen(group):
            raise MisfitError(self._kept(group))
        return group

    def _cut(self) -> str:
        return f"the channels of {self._layer.name} are cut in parts that belong to other widths"

    def _kept(self, group: int) -> str:
        name = self._layer.name
        image = {it for it, _ in self._tensors[0]}
        if group in image:
            return f"the channels of {name} are tied to those of the image"
        last = self._template.layers[-1].name
        return f"the channels of {name} are tied to the network's output ({last})"

    def _walked(self, template: Template) -> list[Shape]:
        """Shapes of the tensors; where no layer was put in they are the original's."""
        if len(template.layers) == len(template.original.layers):
            return template.original_walk.shapes
        return Walk(template.layers, template.links, template.original.input.shape).shapes

    def fields(self) -> Mapping[tuple[int, str], Polynomial]:
        """Widths, and groups of depthwise convolutions, as multiples of the unknown."""
        group, found = self._group, dict[tuple[int, str], Polynomial]()
        for place, layer in enumerate(self._template.layers):
            made = self._of(self._tensors[place + 1], group)
            if made is None:
                continue
            for name in layer.width_fields:
                found[place, name] = made
            read = self._template.links[place][0]
            width = self._of(self._tensors[read], group)
            if width is None or not layer.width_fields:
                continue
            if layer.is_depthwise(self._shapes[read]):
                found[place, "groups"] = made if made == width else width
            else:
                raise MisfitError(
                    f"{layer.name} reads and makes the channels of {self._layer.name}, which "
                    "multiplies them by themselves"
                )
        return found

    def _of(self, segments: Sequence[tuple[int, int]], group: int) -> Polynomial | None:
        """Channels as a polynomial of the unknown; ``None`` where they do not depend on it."""
        times = form(segments)
        if group not in times:
            return None
        rest = sum(self._widths.sizes[it] * n for it, n in times.items() if it != group)
        return self._symbol * times[group] + rest

    def divisors(self) -> Mapping[int, int]:
        """What the group's width is divided by, and what is left of it."""
        group = self._group
        width = self._widths.sizes[group]
        return {number: width % number for number in sorted(self._widths.divisors(group))}


def convolutions(layers: Sequence[Layer]) -> list[int]:
    """Where the convolutions stand."""
    return [place for place, layer in enumerate(layers) if isinstance(layer, Conv2d)]


def with_pool(
    architecture: Architecture, place: int, pool: Layer
) -> tuple[tuple[Layer, ...], Links]:
    """A network's layers with a pool put in, under the first name that is free."""
    taken = {layer.name for layer in architecture.layers}
    numbers = range(1, len(architecture.layers) + 2)
    name = next(name for number in numbers if (name := f"pool{number}") not in taken)
    new = pool.having({"name": name})
    return insert(architecture.layers, architecture.links, place, new)
