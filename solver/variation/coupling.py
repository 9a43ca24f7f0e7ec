"""The width groups of a network at one resolution: their names, sizes and layers."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from solver.network.architecture import Architecture, Input
from solver.network.counting import Walk
from solver.network.graph import IMAGE, couple
from solver.network.widths import TiedError, form
from solver.variation.grouping import Grouped, Squeeze, policy, tie_squeezes
from solver.variation.template import MisfitError


def image_at(image: Input, resolution: int | None) -> Input:
    """Images with this shorter side; the other side is rounded to the nearest whole number."""
    return image if resolution is None else Input.of(*image.scaled(resolution))


class WidthGroup(NamedTuple):
    """Channels that are as many everywhere.

    Attributes
    ----------
    name
        The first layer that makes them; if it makes several groups, they are its ``.part1``,
        ``.part2`` and so on.
    size
        The width in the network.
    unit
        The channels of that layer for each 1 of the width.
    members
        The layers that make such channels: convolutions and linear layers.
    keeper
        What keeps the width from changing; ``None`` if nothing does.
    """

    name: str
    size: int
    unit: int
    members: tuple[str, ...]
    keeper: str | None


class Coupling:
    """The width groups of a network, numbered, and the tensors that they make up.

    Attributes
    ----------
    architecture
        The network.
    walk
        A walk through it, for images of one resolution.
    tensors
        How often each group occurs in the channels of each tensor.
    sizes
        The widths of the groups.

    Raises
    ------
    MisfitError
        A layer does not fit these images, or cuts channels that belong together; the message names
        the layer.
    """

    def __init__(
        self, architecture: Architecture, image: Input, grouped: Grouped, squeeze: Squeeze
    ) -> None:
        layers, links = architecture.layers, architecture.links
        self.architecture = architecture
        self.walk = Walk(layers, links, image.shape)
        self._refuse_misfits()
        widths = policy(grouped)
        try:
            tensors = couple(layers, links, self.walk.shapes, widths)
        except TiedError as tied:
            raise MisfitError(str(tied)) from None
        if squeeze == "ratio":
            tie_squeezes(layers, links, tensors, widths)
            tensors = [widths.free(segments) for segments in tensors]
        self.tensors: Sequence[Mapping[int, int]] = [form(segments) for segments in tensors]
        self.sizes: Sequence[int] = widths.sizes
        self._keepers = widths.keepers()

    def _refuse_misfits(self) -> None:
        for place, (layer, inputs, _) in enumerate(self.walk.steps):
            if not layer.fits(inputs):
                _, reason = next(iter(layer.misfits(inputs)))
                size = "×".join(str(side) for side in self.walk.image[1:])
                raise MisfitError(f"for {size} images, {layer.name}: {reason}", ("layers", place))

    @cached_property
    def occurrences(self) -> Mapping[int, Sequence[int]]:
        """How often each group occurs in the tensors that have it, in their order."""
        found: dict[int, list[int]] = {}
        for tensor in self.tensors:
            for group, times in tensor.items():
                found.setdefault(group, []).append(times)
        return found

    @cached_property
    def groups(self) -> Mapping[int, WidthGroup]:
        """All groups, in the order of the layers that name them."""
        members = self._members()
        return {
            group: WidthGroup(
                name,
                self.sizes[group],
                self.occurrences[group][0],
                tuple(members[group]),
                self._keepers.get(group),
            )
            for group, name in self._names().items()
        }

    def _names(self) -> Mapping[int, str]:
        made: dict[int, list[int]] = {}
        seen: set[int] = set()
        for tensor, groups in enumerate(self.tensors):
            if new := [group for group in groups if group not in seen]:
                made[tensor] = new
                seen.update(new)
        return {
            group: f"{self._name(tensor)}.part{number}" if groups[1:] else self._name(tensor)
            for tensor, groups in made.items()
            for number, group in enumerate(groups, start=1)
        }

    def _name(self, tensor: int) -> str:
        return (self.architecture.layers[tensor - 1].name or "") if tensor else IMAGE

    def _members(self) -> Mapping[int, Sequence[str]]:
        found: dict[int, list[str]] = {group: [] for group in self.occurrences}
        for layer, groups in zip(self.architecture.layers, self.tensors[1:], strict=True):
            if layer.width_fields:
                for group in groups:
                    found[group].append(layer.name or "")
        return found
