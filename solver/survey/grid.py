"""Grids of originals: a network with all combinations of values in some fields."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import islice, pairwise
from math import prod
from typing import Final

from pydantic import ValidationError

from solver.network.architecture import Architecture, Input
from solver.network.counting import count
from solver.network.layers import Conv2d, Layer, Pool2d
from solver.network.sentences import sentence
from solver.network.validation import violations
from solver.variation.template import convolutions

RESOLUTION: Final = "resolution"
FIELDS: Final = ("out_channels", "kernel_size", "stride", "padding", "dilation", "groups")
"""Fields of the first two convolutions that a grid can vary; all are whole numbers."""
POOL_KERNEL_SIZE: Final = "pool_kernel_size"
"""The kernel sizes of the pools behind the first two convolutions."""

Values = Mapping[str, int]
"""Values of the fields that a grid varies, by name."""


def fields_of(architecture: Architecture) -> dict[str, tuple[int, str]]:
    """Place and field for each name, from ``conv1.out_channels`` to ``pool2.kernel_size``.

    ``conv1`` and ``conv2`` are the first two convolutions, regardless of their names. ``pool1`` and
    ``pool2`` are the first pools behind each of them, up to the next convolution.
    """
    layers = architecture.layers
    places = convolutions(layers)
    fields = {
        f"conv{number}.{field}": (place, field)
        for number, place in enumerate(places[:2], start=1)
        for field in FIELDS
    }
    behind = islice(pairwise([*places, len(layers)]), 2)
    for number, (place, end) in enumerate(behind, start=1):
        pools = (at for at in range(place, end) if isinstance(layers[at], Pool2d))
        fields |= {f"pool{number}.kernel_size": (at, "kernel_size") for at in islice(pools, 1)}
    return fields


def names_for(architecture: Architecture, name: str) -> list[str]:
    """The fields that a name stands for: ``kernel_size`` means that of each convolution."""
    known = [RESOLUTION, *fields_of(architecture)]
    return [field for field in known if name in (field, _bare(field))]


def _bare(field: str) -> str:
    """The name that a field shares with the same field of another layer."""
    layer, _, own = field.rpartition(".")
    return POOL_KERNEL_SIZE if layer.startswith("pool") else own


def misfit(name: str, value: int) -> str | None:
    """Why no network can have this value in this field, in words; ``None`` if one can."""
    field = name.rpartition(".")[2].removeprefix("pool_")
    try:
        if field == RESOLUTION:
            Input(channels=1, resolution=value)
        else:
            Conv2d.model_validate({"out_channels": 1, "kernel_size": 1, field: value})
    except ValidationError as refused:
        return sentence(refused.errors()[0])
    return None


def _changed(layer: Layer, field: str, value: int) -> Layer:
    """A layer with another value in a field; a pool's stride stays equal to its kernel size."""
    follows = isinstance(layer, Pool2d) and layer.stride == layer.kernel_size
    return layer.model_copy(update={field: value} | ({"stride": value} if follows else {}))


@dataclass(frozen=True)
class Grid:
    """Networks that differ from an original in some fields only.

    Members are numbered from 0 in the order of their values: the last field changes fastest.

    Attributes
    ----------
    original
        The network in which the fields are set.
    axes
        The values of each field, in ascending order.
    """

    original: Architecture
    axes: Mapping[str, Sequence[int]]

    @property
    def size(self) -> int:
        """Number of members, including invalid networks."""
        return prod(len(values) for values in self.axes.values())

    @cached_property
    def own(self) -> Values:
        """The original's values."""
        own = {RESOLUTION: self.original.resolution}
        for name, (index, field) in self._places.items():
            own[name] = getattr(self.original.layers[index], field)
        return {name: own[name] for name in self.axes}

    @cached_property
    def _places(self) -> dict[str, tuple[int, str]]:
        return {name: at for name, at in fields_of(self.original).items() if name in self.axes}

    def values(self, number: int) -> Values:
        """The values of a member."""
        found = {}
        for name, values in reversed([*self.axes.items()]):
            number, place = divmod(number, len(values))
            found[name] = values[place]
        return {name: found[name] for name in self.axes}

    def member(self, number: int) -> Architecture:
        """A member without a name, which may be invalid."""
        values = self.values(number)
        image, layers = self.original.input, list(self.original.layers)
        if RESOLUTION in values:
            image = image.model_copy(update={RESOLUTION: values[RESOLUTION]})
        for name, (index, field) in self._places.items():
            layers[index] = _changed(layers[index], field, values[name])
        return Architecture.model_construct(
            name=None, description=None, input=image, layers=tuple(layers)
        )

    def fault(self, number: int) -> str | None:
        """What is wrong with a member, in words; ``None`` if it is valid."""
        member = self.member(number)
        for place, reason in violations(member.input.shape, member.layers):
            return f"{'/'.join(map(str, place))}: {reason}"
        try:
            count(member)
        except OverflowError as too_large:
            return str(too_large)
        return None

    def distance(self, number: int) -> tuple[int, Fraction, int]:
        """Sort key for the distance of a member from the original.

        It holds the number of fields that differ, the sum of their relative differences
        ``|x − own| / max(own, 1)``, and the member's number.
        """
        pairs = zip(self.values(number).values(), self.own.values(), strict=True)
        shares = [Fraction(abs(value - own), max(own, 1)) for value, own in pairs if value != own]
        return len(shares), sum(shares, start=Fraction(0)), number
