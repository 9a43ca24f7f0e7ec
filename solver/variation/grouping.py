"""What stays of a grouped convolution whose widths vary, and of a squeeze layer.

Both are ties between width groups: what stays is written into the segments of the channels, so that
any widths of the groups make a valid network.
"""

from collections.abc import Sequence
from math import gcd, lcm
from typing import Literal, TypeAlias

from solver.network.graph import Links
from solver.network.layers import GlobalAvgPool2d, Layer, Mul
from solver.network.layers.base import Elementwise
from solver.network.widths import Segments, TiedError, Widths, form

Grouped: TypeAlias = Literal["width", "number"]
"""What stays of a grouped convolution: the width of its groups, or their number."""
Squeeze: TypeAlias = Literal["free", "ratio"]
"""Whether a squeeze layer has a width of its own, or keeps its ratio to its block."""


class KeptWidth(Widths):
    """Grouped convolutions keep the width of their groups; the number of groups varies (RegNet)."""

    def grouped(self, read: Segments, size: int, groups: int) -> Segments:
        """As many channels for each group as before; of the image, the number of groups stays.

        Raises
        ------
        TiedError
            Several layers make the channels of one group.
        """
        if self.is_frozen(read):
            return [(group, groups) for group, _ in self.new(size // groups)]
        each, made = self.size(read) // groups, size // groups
        return [(it, times // each * made) for it, times in self._bundled(self.free(read), each)]

    def _bundled(self, read: Segments, each: int) -> Segments:
        """The same channels, ``each`` of which only come together."""
        if any(self.sizes[group] * times % each for group, times in read):
            ((unit, _),) = bundles = self.new(self.size(read) // each)
            try:
                self.unify(read, [(unit, each)])
            except TiedError:
                raise TiedError(
                    f"several layers make the {each} channels of one of its groups; ask for "
                    'grouped "number", which keeps the number of groups'
                ) from None
            return [(it, times * each) for it, times in self.free(bundles)]
        for group in form(read):
            occurrences = (times for it, times in read if it == group)
            self.bundle(group, lcm(*(each // gcd(each, times) for times in occurrences)))
        return self.free(read)


class KeptNumber(Widths):
    """Grouped convolutions keep the number of their groups, which divides both widths."""

    def grouped(self, read: Segments, size: int, groups: int) -> Segments:
        """A width of its own for its groups, and a width for the groups of what it reads.

        Channels of several layers stay where the groups do not divide those of each.
        """
        read = self.free(read)
        for group, times in form(read).items():
            if self.sizes[group] * times % groups:
                keeper = f"a convolution with {groups} groups, which do not divide its channels"
                self.freeze([(group, 1)], keeper)
            else:
                self.bundle(group, groups // gcd(groups, times))
        return [(group, groups) for group, _ in self.new(size // groups)]


def policy(grouped: Grouped) -> Widths:
    """No groups yet; grouped convolutions will keep what is asked for."""
    return KeptWidth() if grouped == "width" else KeptNumber()


def tie_squeezes(
    layers: Sequence[Layer], links: Links, tensors: Sequence[Segments], widths: Widths
) -> None:
    """Let each squeeze layer keep its ratio to its block, where that is a whole number.

    A squeeze layer comes first after the global pool in the branch whose output multiplies the
    block (squeeze-and-excitation). Where the network's authors rounded its width, no ratio gives
    that width, and it stays a width of its own. So it does if the block consists of several groups.
    """
    for place, layer in enumerate(layers):
        if not isinstance(layer, Mul):
            continue
        for gate in links[place]:
            squeeze = _squeeze(layers, links, gate)
            if squeeze is not None:
                _tie(tensors[place + 1], tensors[squeeze], widths)


def _squeeze(layers: Sequence[Layer], links: Links, gate: int) -> int | None:
    """The tensor that the squeeze layer of a gate makes; ``None`` if there is no such layer."""
    found: list[int] = []
    tensor = gate
    while tensor:
        layer = layers[tensor - 1]
        if isinstance(layer, GlobalAvgPool2d):
            return found[-1] if len(found) == 2 else None
        if layer.width_fields:
            found.append(tensor)
        elif not isinstance(layer, Elementwise):
            return None
        tensor = links[tensor - 1][0]
    return None


def _tie(block: Segments, squeeze: Segments, widths: Widths) -> None:
    """Tie two widths, each of one group, if the first is a multiple of the second."""
    block, squeeze = widths.free(block), widths.free(squeeze)
    is_one_group = len(block) == len(squeeze) == 1 and block[0][0] != squeeze[0][0]
    if not is_one_group or widths.is_frozen(block) or widths.is_frozen(squeeze):
        return
    ratio, rest = divmod(widths.size(block), widths.size(squeeze))
    if not rest:
        ((group, times),) = squeeze
        widths.unify(block, [(group, times * ratio)])
