"""Templates: networks in which some fields are unknown."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from solver.network.architecture import Architecture, Input
from solver.network.counting import Walk, walk
from solver.network.graph import Links, couple, insert
from solver.network.layers import Conv2d, Layer, Shape
from solver.network.schema import Fault, Place
from solver.network.widths import TiedError, Widths, form
from solver.variation.polynomial import Polynomial
from solver.variation.symbols import Symbols
from solver.variation.unknown import IMAGE, RESOLUTION, Role, Unknown

Assignment: TypeAlias = Mapping[str, int]
"""Values of the primed unknowns, by the paper's symbols."""


class MisfitError(ValueError):
    """An approach cannot be applied to a network; the message names the layer in the way.

    ``place`` is the place of that layer in the architecture.
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
        The variant's layers; unknown fields hold arbitrary values.
    links
        The tensors that each layer reads: 0 is the image, ``i + 1`` the output of layer ``i``.
    unknowns
        The unknowns, in the order in which answers are sorted.
    places
        Places of the layers that the unknowns name.
    junction
        Place of the last layer whose input has another map size than in the original. Everything
        goes through it. The layers behind it see maps of the original's size, or of one pixel if
        the junction is a global pool. It is the number of layers if every map may change.
    """

    original: Architecture
    layers: tuple[Layer, ...]
    links: Links
    unknowns: tuple[Unknown, ...]
    places: Mapping[str, int]
    junction: int

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with the request that the template is made for, with its places."""
        yield from ()

    @cached_property
    def fields(self) -> Mapping[tuple[int, str], Polynomial]:
        """Every field that varies, by place and name: an unknown, or a width tied to one.

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
        """The fold over polynomials, from which the encoding is made."""
        return Symbols(self)

    @cached_property
    def width(self) -> str | None:
        """The unknown number of filters or features that pays for the resolution, if any."""
        return next((it.symbol for it in self.unknowns if it.role is Role.WIDTH), None)

    @property
    def assigned(self) -> tuple[str, ...]:
        """The symbols of the unknowns, in order."""
        return tuple(it.symbol for it in self.unknowns)

    def symbol(self, place: int, field: str) -> str | None:
        """The unknown in a layer's field, if there is one."""
        at = (it.symbol for it in self.unknowns if self._is_at(it, place) and it.field == field)
        return next(at, None)

    def _is_at(self, unknown: Unknown, place: int) -> bool:
        return unknown.layer != IMAGE and self.places[unknown.layer] == place

    @cached_property
    def windows(self) -> list[int]:
        """Places of the layers with an unknown geometry, in order."""
        geometry = (it for it in self.unknowns if it.role not in (Role.WIDTH, Role.RESOLUTION))
        return sorted({self.places[it.layer] for it in geometry})

    def substituted(self, values: Mapping[str, Any], end: int | None = None) -> list[Layer]:
        """The layers before place ``end`` (or all), with values in the fields that vary.

        Values are whole numbers or columns. Fields with an unknown without a value stay as they
        are.
        """
        layers = list(self.layers[:end])
        for place, fields in self._changes.items():
            if place < len(layers):
                update = {
                    name: field.at(values) if symbol is None else values[symbol]
                    for name, symbol, field in fields
                    if field.symbols <= values.keys()
                }
                layers[place] = layers[place].having(update)
        return layers

    @cached_property
    def _changes(self) -> Mapping[int, Sequence[tuple[str, str | None, Polynomial]]]:
        """The varying fields of each layer: name, the unknown if it is bare, and polynomial."""
        found: dict[int, list[tuple[str, str | None, Polynomial]]] = {}
        for (place, name), field in self.fields.items():
            symbol = min(field.symbols)
            is_bare = field == Polynomial.symbol(symbol)
            found.setdefault(place, []).append((name, symbol if is_bare else None, field))
        return dict(sorted(found.items()))

    @property
    def changed(self) -> tuple[int, ...]:
        """Places of the layers in which a field varies."""
        return tuple(self._changes)

    def walk(self, values: Assignment, end: int | None = None) -> Walk:
        """A walk through the layers before place ``end`` (or all) of one variant."""
        image = self.original.input.scaled(values[RESOLUTION])
        return Walk(self.substituted(values, end), self.links[:end], image)

    def architecture(self, assignment: Assignment) -> Architecture:
        """The variant with these values, which is not validated."""
        return self.built(self.substituted(assignment), assignment[RESOLUTION])

    def built(
        self, layers: Sequence[Layer], resolution: int, name: str | None = None
    ) -> Architecture:
        """A network of layers without unknowns, for images of a resolution."""
        image = Input.of(*self.original.input.scaled(resolution))
        return Architecture.trusted(name=name, description=None, input=image, layers=tuple(layers))

    @cached_property
    def _tied(self) -> Mapping[tuple[int, str], Polynomial]:
        """Fields that follow from the unknown width: those that the same width group sets.

        Raises
        ------
        MisfitError
            The group is cut, or belongs to the network's input or output.
        """
        return self._ties.fields() if self.width else {}

    @cached_property
    def divisors(self) -> Mapping[int, int]:
        """Divisors of the unknown width and their remainders, which keep convolutions valid.

        Remainders are 0 unless a grouped convolution reads channels that several layers make.
        """
        return self._ties.divisors() if self.width else {}

    @cached_property
    def _ties(self) -> "_Ties":
        return _Ties(self)

    @cached_property
    def original_walk(self) -> Walk:
        """A walk through the original."""
        return walk(self.original)


class _Ties:
    """The width group of the layer with the unknown width, and what is tied to it."""

    def __init__(self, template: Template) -> None:
        self._template = template
        unknown = next(it for it in template.unknowns if it.role is Role.WIDTH)
        self._symbol = Polynomial.symbol(unknown.symbol)
        self._place = template.places[unknown.layer]
        self._shapes = self._walked(template)
        self._widths = Widths()
        try:
            self._tensors = couple(template.layers, template.links, self._shapes, self._widths)
        except TiedError as tied:
            raise MisfitError(str(tied)) from None
        self._layer = template.layers[self._place]

    @cached_property
    def _group(self) -> int:
        """The group.

        Raises
        ------
        MisfitError
            The group cannot vary.
        """
        segments = self._tensors[self._place + 1]
        if len(segments) != 1 or segments[0][1] != 1:
            raise MisfitError(self._cut())
        group = segments[0][0]
        if keeper := self._widths.keepers().get(group):
            raise MisfitError(f"the channels of {self._layer.name} are tied to {keeper}")
        return group

    def _cut(self) -> str:
        return f"the channels of {self._layer.name} are cut in parts that belong to other widths"

    def _walked(self, template: Template) -> list[Shape]:
        """Shapes of the tensors; the original's if no layer was inserted."""
        if len(template.layers) == len(template.original.layers):
            return template.original_walk.shapes
        return Walk(template.layers, template.links, template.original.input.shape).shapes

    def fields(self) -> Mapping[tuple[int, str], Polynomial]:
        """Widths, and groups of depthwise convolutions, as polynomials of the unknown."""
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
        """Channels as a polynomial of the unknown; ``None`` if they do not depend on it."""
        times = form(segments)
        if group not in times:
            return None
        rest = sum(self._widths.sizes[it] * n for it, n in times.items() if it != group)
        return self._symbol * times[group] + rest

    def divisors(self) -> Mapping[int, int]:
        """Divisors of the group's width, each with its remainder."""
        group = self._group
        width = self._widths.sizes[group]
        return {number: width % number for number in sorted(self._widths.divisors(group))}


def faults_of(make: Callable[[], Template]) -> Iterator[Fault]:
    """Yield why a template cannot be made or asked for, with places in the request."""
    try:
        template = make()
    except MisfitError as misfit:
        yield ("architecture", *misfit.place), str(misfit)
    else:
        yield from template.faults()


def convolutions(layers: Sequence[Layer]) -> list[int]:
    """Places of the convolutions."""
    return [place for place, layer in enumerate(layers) if isinstance(layer, Conv2d)]


def with_pool(
    architecture: Architecture, place: int, pool: Layer
) -> tuple[tuple[Layer, ...], Links]:
    """The layers and links of a network with an inserted pool, named ``pool1``, ``pool2``, …"""
    taken = {layer.name for layer in architecture.layers}
    numbers = range(1, len(architecture.layers) + 2)
    name = next(name for number in numbers if (name := f"pool{number}") not in taken)
    new = pool.having({"name": name})
    return insert(architecture.layers, architecture.links, place, new)
