"""Which blocks of a network are shown as one, and which layer by layer.

A block is a run of layers whose names begin with the same parts: ``layer1``, then ``layer1.0``.
A network is shown to a depth, as ``isobudget count --depth`` shows it, and single blocks are
unfolded or folded beyond that.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final, Literal, TypeAlias
from urllib.parse import urlencode

Kind: TypeAlias = Literal["layer", "folded", "open"]
MOST_DEPTH: Final = 64
"""No name of a layer has more parts: it has at most 128 characters."""


def level_of(block: str) -> int:
    """The number of parts of a block's name."""
    return block.count(".") + 1


@dataclass(frozen=True)
class Folding:
    """A state of the picture, as its address keeps it.

    Attributes
    ----------
    depth
        The number of parts of a name that are told apart.
    unfolded, folded
        The blocks that are shown otherwise than the depth says.
    """

    depth: int = 1
    unfolded: frozenset[str] = frozenset()
    folded: frozenset[str] = frozenset()

    def is_open(self, block: str) -> bool:
        """Whether a block's layers are shown."""
        if level_of(block) < self.depth:
            return block not in self.folded
        return block in self.unfolded

    def toggled(self, block: str) -> "Folding":
        """The folding in which one block is shown the other way."""
        if level_of(block) < self.depth:
            return replace(self, folded=self.folded ^ {block})
        return replace(self, unfolded=self.unfolded ^ {block})

    @property
    def query(self) -> str:
        """The part of an address that keeps it."""
        named = {"unfold": self.unfolded, "fold": self.folded}
        given = {name: ",".join(sorted(blocks)) for name, blocks in named.items() if blocks}
        return urlencode({"depth": self.depth, **given}, safe=",")


@dataclass(frozen=True)
class Entry:
    """A layer, a folded block, or the head of an open one, whose entries follow it.

    Attributes
    ----------
    name
        The layer's or the block's.
    level
        The number of open blocks around it.
    places
        The layers that it stands for.
    """

    kind: Kind
    name: str
    level: int
    places: range

    @property
    def own_name(self) -> str:
        """The name without those of the open blocks around it; a number keeps what it counts."""
        parts = self.name.split(".")
        is_number = self.level > 0 and parts[self.level].isdecimal()
        return ".".join(parts[self.level - is_number :])


def entries(names: Sequence[str], folding: Folding) -> list[Entry]:
    """What is shown of a network whose layers have these names, from top to bottom."""
    return list(_entries(names, range(len(names)), 0, folding))


def _entries(names: Sequence[str], places: range, level: int, folding: Folding) -> Iterator[Entry]:
    def shared(place: int) -> tuple[str, ...]:
        return tuple(names[place].split(".")[: level + 1])

    for parts, run in groupby(places, shared):
        found = list(run)
        within = range(found[0], found[-1] + 1)
        block = ".".join(parts)
        if len(within) == 1:
            yield Entry("layer", names[within[0]], level, within)
        elif folding.is_open(block):
            yield Entry("open", block, level, within)
            yield from _entries(names, within, level + 1, folding)
        else:
            yield Entry("folded", block, level, within)


def depth_of(names: Sequence[str]) -> int:
    """The depth that shows each layer."""
    return max(map(level_of, names))


def usual_depth(names: Sequence[str], size: Callable[[Folding], int], most: int) -> int:
    """The greatest depth at which a picture has at most ``most`` boxes; 1 if there is none.

    ``size`` counts the boxes of a picture.
    """
    depth = 1
    while depth < depth_of(names) and size(Folding(depth + 1)) <= most:
        depth += 1
    return depth
