"""The width groups of a network: what may vary when all widths do (Eqs. 21, 22, 24).

A width is how many units a group has. In most networks a unit is one channel. It stands for several
channels where these only come together: the width of a convolution's groups, or the halves of a
channel split. At one resolution, all counts are polynomials of the widths.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from math import gcd, lcm

from solver.network.architecture import Architecture, Input
from solver.network.counting import Walk, learned
from solver.network.graph import IMAGE, couple
from solver.network.layers import Layer, Shape
from solver.network.widths import TiedError, Widths, form
from solver.variation.grouping import Grouped, Squeeze, policy, tie_squeezes
from solver.variation.polynomial import Monomial, Polynomial
from solver.variation.template import MisfitError


def image_at(image: Input, resolution: int | None) -> Input:
    """Images with this shorter side; the other side is rounded to the nearest whole number."""
    channels, height, width = image.shape
    if resolution is None or resolution == min(height, width):
        return image
    least = min(height, width)
    sides = [(2 * side * resolution + least) // (2 * least) for side in (height, width)]
    if sides[0] == sides[1]:
        return Input.trusted(channels=channels, resolution=sides[0], height=None, width=None)
    return Input.trusted(channels=channels, resolution=None, height=sides[0], width=sides[1])


class WidthGroups:
    """The width groups of a network, for images of one resolution.

    Attributes
    ----------
    architecture
        The network.
    image
        Its images at that resolution.
    names
        The groups that may change. A group has the name of the first layer that makes it; if that
        layer makes several, they are its ``.part1``, ``.part2`` and so on.
    sizes
        Their widths in the network.
    units
        The channels of the layer that names a group, for each 1 of the group's width.
    members
        The layers whose output has channels of each group.
    frozen
        The groups that may not change, by name, each with what keeps it.
    """

    def __init__(
        self, architecture: Architecture, resolution: int | None, grouped: Grouped, squeeze: Squeeze
    ) -> None:
        self.architecture = architecture
        self.image = image_at(architecture.input, resolution)
        layers, links = architecture.layers, architecture.links
        self._walk = Walk(layers, links, self.image.shape)
        self._refuse_misfits()
        self._widths = policy(grouped)
        self._keeps_width = grouped == "width"
        self._tensors = self._coupled(self._widths, squeeze)
        named = self._named()
        self._free = [group for group in named if self._widths.keeper(group) is None]
        self._symbols = {group: Polynomial.symbol(named[group]) for group in self._free}
        self.names = tuple(named[group] for group in self._free)
        self.sizes = tuple(self._widths.sizes[group] for group in self._free)
        self.units = tuple(self._times[group][0] for group in self._free)
        self.members = self._members()
        self.frozen: Mapping[str, str] = {
            name: keeper
            for group, name in named.items()
            if (keeper := self._widths.keeper(group)) is not None
        }

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

    def _refuse_misfits(self) -> None:
        for place, (layer, inputs, _) in enumerate(self._walk.steps):
            if not layer.fits(inputs):
                _, reason = next(iter(layer.misfits(inputs)))
                _, *sides = self.image.shape
                size = "×".join(map(str, sides))
                raise MisfitError(f"for {size} images, {layer.name}: {reason}", ("layers", place))

    def _coupled(self, widths: Widths, squeeze: Squeeze) -> list[Mapping[int, int]]:
        """How often each group occurs in the channels of each tensor."""
        layers, links = self.architecture.layers, self.architecture.links
        try:
            tensors = couple(layers, links, self._walk.shapes, widths)
        except TiedError as tied:
            raise MisfitError(str(tied)) from None
        if squeeze == "ratio":
            tie_squeezes(layers, links, tensors, widths)
            tensors = [widths.free(segments) for segments in tensors]
        return [form(segments) for segments in tensors]

    @cached_property
    def _times(self) -> Mapping[int, Sequence[int]]:
        """How often each group occurs in the tensors that have it, in their order."""
        found: dict[int, list[int]] = {}
        for tensor in self._tensors:
            for group, times in tensor.items():
                found.setdefault(group, []).append(times)
        return found

    def _named(self) -> Mapping[int, str]:
        """The names of all groups, in the order in which layers make them."""
        makers: dict[int, int] = {}
        made: dict[int, list[int]] = {}
        for tensor, groups in enumerate(self._tensors):
            for group in groups:
                if group not in makers:
                    makers[group] = tensor
                    made.setdefault(tensor, []).append(group)
        names = {}
        for tensor, groups_made in made.items():
            name = self._name(tensor)
            for number, group in enumerate(groups_made, start=1):
                names[group] = name if len(groups_made) == 1 else f"{name}.part{number}"
        return names

    def _name(self, tensor: int) -> str:
        return (self.architecture.layers[tensor - 1].name or "") if tensor else IMAGE

    def _members(self) -> tuple[tuple[str, ...], ...]:
        found: dict[int, list[str]] = {group: [] for group in self._free}
        for tensor, groups in enumerate(self._tensors):
            for group in groups.keys() & found.keys():
                found[group].append(self._name(tensor))
        return tuple(map(tuple, found.values()))

    def step(self, place: int, step: int) -> int:
        """The step of a group's width with which channels are multiples of ``step``.

        Where the network's own channels are no multiples of it, the greatest common divisor of both
        takes its place, so that the network's own widths always remain possible. ``place`` is the
        group's place in :attr:`names`.
        """
        size = self.sizes[place]
        times = set(self._times[self._free[place]])
        return lcm(*(_step(gcd(step, size * it), it) for it in times))

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
        if number == 1 or not (self._keeps_width or layer.is_depthwise(self._walk.shapes[read])):
            return number
        return self._channels[read] // (self._walk.shapes[read][0] // number)

    @cached_property
    def _channels(self) -> Sequence[Polynomial | int]:
        """The channels of each tensor; whole numbers where they may not change."""
        return [self._linear(tensor) for tensor in self._tensors]

    def _linear(self, groups: Mapping[int, int]) -> Polynomial | int:
        terms: dict[Monomial, int] = {}
        constant = 0
        for group, times in groups.items():
            if group in self._symbols:
                ((monomial, _),) = self._symbols[group]
                terms[monomial] = times
            else:
                constant += self._widths.sizes[group] * times
        return Polynomial({**terms, (): constant}) if terms else constant

    @cached_property
    def _steps(self) -> Sequence[tuple[Layer, Sequence[Shape], Shape]]:
        """Each layer with the widths as unknowns, and the shapes of what it reads and makes."""
        changes: dict[int, dict[str, Polynomial]] = {}
        for (place, name), field in self.fields.items():
            changes.setdefault(place, {})[name] = field
        shapes = [
            (channels, *shape[1:])
            for channels, shape in zip(self._channels, self._walk.shapes, strict=True)
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

    def at(self, widths: Mapping[str, int]) -> Architecture:
        """The network with these widths, at the resolution of the groups; it is not validated."""
        layers = list(self.architecture.layers)
        for (place, name), field in self.fields.items():
            layers[place] = layers[place].having({name: field.at(widths)})
        return Architecture.trusted(
            name=None, description=None, input=self.image, layers=tuple(layers)
        )


def _step(step: int, times: int) -> int:
    return step // gcd(step, times)


def total(counts: Iterable[Polynomial | int]) -> Polynomial:
    """The sum of polynomials and numbers; a long sum takes no longer than its terms."""
    terms: dict[Monomial, int] = {}
    for count in counts:
        for monomial, factor in count if isinstance(count, Polynomial) else [((), count)]:
            terms[monomial] = terms.get(monomial, 0) + factor
    return Polynomial(terms)
