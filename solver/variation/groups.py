"""The width groups of a network: what may vary when all widths do (Eqs. 21, 22, 24).

A width is how many units a group has. In most networks a unit is one channel. It stands for several
channels where these only come together: the width of a convolution's groups, or the halves of a
channel split. At one resolution, all counts are polynomials of the widths.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from math import gcd, lcm

from solver.network import memory
from solver.network.architecture import Architecture
from solver.network.counting import learned
from solver.network.layers import Layer, Shape
from solver.variation.coupling import Coupling, WidthGroup, image_at
from solver.variation.grouping import Grouped, Squeeze
from solver.variation.polynomial import Monomial, Polynomial, total

__all__ = ["WidthGroup", "WidthGroups", "image_at"]


class WidthGroups:
    """The width groups of a network, for images of one resolution.

    Attributes
    ----------
    architecture
        The network.
    image
        Its images at that resolution.
    groups
        All groups, in the order of the layers that name them.
    names, sizes, units, members
        What :class:`WidthGroup` says of each group that may change.
    frozen
        The other groups, by name, each with what keeps it.
    """

    def __init__(
        self, architecture: Architecture, resolution: int | None, grouped: Grouped, squeeze: Squeeze
    ) -> None:
        self.architecture = architecture
        self.image = image_at(architecture.input, resolution)
        self._keeps_width = grouped == "width"
        self._coupling = Coupling(architecture, self.image, grouped, squeeze)
        every = self._coupling.groups
        self.groups = tuple(every.values())
        self.frozen = {it.name: it.keeper for it in self.groups if it.keeper is not None}
        self._free = [group for group, it in every.items() if it.keeper is None]
        free = [every[group] for group in self._free]
        self.names = tuple(it.name for it in free)
        self.sizes = tuple(it.size for it in free)
        self.units = tuple(it.unit for it in free)
        self.members = tuple(it.members for it in free)
        self._symbols = dict(zip(self._free, self.names, strict=True))

    @classmethod
    def of(
        cls,
        architecture: Architecture,
        *,
        resolution: int | None = None,
        grouped: Grouped = "width",
        squeeze: Squeeze = "free",
    ) -> "WidthGroups":
        """The width groups of a network at a resolution; at its own if none is given.

        ``resolution`` is the shorter side of the images. ``grouped`` is what stays of grouped
        convolutions: the width of their groups or their number. With ``squeeze="ratio"``, squeeze
        layers keep their ratio to their block where it is a whole number.

        Raises
        ------
        MisfitError
            A layer does not fit at this resolution, or cuts channels that belong together; the
            message names the layer.
        """
        return cls(architecture, resolution, grouped, squeeze)

    def step(self, place: int, step: int) -> int:
        """The step of a group's width with which channels are multiples of ``step``.

        Where the network's own channels are no multiples of it, the greatest common divisor of both
        takes its place, so that the network's own widths always remain possible. ``place`` is the
        group's place in :attr:`names`.
        """
        size = self.sizes[place]
        occurrences = set(self._coupling.occurrences[self._free[place]])
        own = {times: gcd(step, size * times) for times in occurrences}
        return lcm(*(each // gcd(each, times) for times, each in own.items()))

    @cached_property
    def fields(self) -> Mapping[tuple[int, str], Polynomial]:
        """Every field that varies, by the layer's place and the field's name."""
        found = {}
        for place, layer in enumerate(self.architecture.layers):
            made = self._channels[place + 1]
            if isinstance(made, Polynomial):
                found.update({(place, name): made for name in layer.width_fields})
            groups = self._groups(place, layer)
            if isinstance(groups, Polynomial):
                found[place, "groups"] = groups
        return found

    def _groups(self, place: int, layer: Layer) -> Polynomial | int:
        """The number of groups of a convolution; 1 for other layers."""
        read = self.architecture.links[place][0]
        number: int = getattr(layer, "groups", 1) if layer.width_fields else 1
        if number == 1 or not (
            self._keeps_width or layer.is_depthwise(self._coupling.walk.shapes[read])
        ):
            return number
        each: int = self._coupling.walk.shapes[read][0] // number
        return self._channels[read] // each

    @cached_property
    def _channels(self) -> Sequence[Polynomial | int]:
        """The channels of each tensor; whole numbers where they may not change."""
        return [self._linear(tensor) for tensor in self._coupling.tensors]

    def _linear(self, groups: Mapping[int, int]) -> Polynomial | int:
        terms: dict[Monomial, int] = {}
        constant = 0
        for group, times in groups.items():
            if group in self._symbols:
                terms[self._symbols[group],] = times
            else:
                constant += self._coupling.sizes[group] * times
        return Polynomial({**terms, (): constant}) if terms else constant

    @cached_property
    def _steps(self) -> Sequence[tuple[Layer, Sequence[Shape], Shape]]:
        """Each layer with the widths as unknowns, and the shapes of what it reads and makes."""
        changes: dict[int, dict[str, Polynomial]] = {}
        for (place, name), field in self.fields.items():
            changes.setdefault(place, {})[name] = field
        shapes = [
            (channels, *shape[1:])
            for channels, shape in zip(self._channels, self._coupling.walk.shapes, strict=True)
        ]
        return [
            (
                layer.having(changes[place]) if place in changes else layer,
                [shapes[tensor] for tensor in read],
                shapes[place + 1],
            )
            for place, (layer, read) in enumerate(
                zip(self.architecture.layers, self.architecture.links, strict=True)
            )
        ]

    @cached_property
    def _own_params(self) -> Sequence[Polynomial | int]:
        return [layer.params(inputs) for layer, inputs, _ in self._steps]

    def params(self) -> Polynomial:
        """Parameters of the whole network (Eq. 21); shared ones count once."""
        layers = (layer for layer, _, _ in self._steps)
        return total(map(learned, layers, self._own_params))

    def macs(self) -> Polynomial:
        """Multiply-adds of the whole network (Eq. 22 without pools and biases)."""
        steps = zip(self._steps, self._own_params, strict=True)
        return total(layer.macs(output, params) for (layer, _, output), params in steps)

    def flops(self, *, count_pooling: bool = True) -> Polynomial:
        """FLOPs of the whole network (Eq. 22); pools take none unless ``count_pooling``."""
        steps = zip(self._steps, self._own_params, strict=True)
        return total(
            layer.flops(inputs, output, params)
            for (layer, inputs, output), params in steps
            if count_pooling or not layer.is_pool
        )

    def alive(self) -> Sequence[Polynomial]:
        """The elements alive before the first layer and while each layer runs (Eq. 23)."""
        shapes = [self.image.shape, *(output for _, _, output in self._steps)]
        found = memory.alive(self.architecture.layers, self.architecture.links, shapes)
        return [total([it]) for it in found]

    def at(self, widths: Mapping[str, int]) -> Architecture:
        """The network with these widths, at the resolution of the groups; it is not validated."""
        layers = list(self.architecture.layers)
        for (place, name), field in self.fields.items():
            layers[place] = layers[place].having({name: field.at(widths)})
        return Architecture.trusted(
            name=None, description=None, input=self.image, layers=tuple(layers)
        )
