"""The names of layers as a tree: which layers make up a block, and which a sequence.

Names are qualified as PyTorch qualifies them: ``layer1.0.conv1`` belongs to block ``0`` of
``layer1``. Consecutive layers with a common part become a group if a module can hold them.
Otherwise the group is dissolved: its layers belong to what is around it, as ``layer1.0.conv1``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from typing import Final, TypeAlias, Union

from solver.network.architecture import Architecture
from solver.network.counting import walk
from solver.network.graph import Links
from solver.network.layers import Layer, Shape, Weighted
from solver.source.rules import rule_of

MOST_INPUTS: Final = 3
"""Most tensors that a block reads."""
_DEEPEST: Final = 8
"""Most parts of a name that are told apart; those behind them are one part."""
_MOST_BETWEEN: Final = 2
"""Most layers of other names that join the group that they interrupt."""

Path: TypeAlias = tuple[str, ...]
"""The parts of a name."""


@dataclass(frozen=True)
class Leaf:
    """A layer of a group: its name in there, and its place in the network."""

    name: str
    place: int

    @property
    def start(self) -> int:
        """Its place."""
        return self.place

    @property
    def stop(self) -> int:
        """The place behind it; also the number of the tensor that it makes."""
        return self.place + 1


@dataclass(frozen=True)
class Group:
    """Consecutive layers that one module holds.

    Attributes
    ----------
    is_sequence
        Whether it is an ``nn.Sequential``; otherwise it is a class of its own.
    """

    name: str
    entries: Sequence["Entry"]
    is_sequence: bool = False

    @cached_property
    def start(self) -> int:
        """Place of its first layer."""
        return self.entries[0].start

    @cached_property
    def stop(self) -> int:
        """The place behind its last layer; also the number of the tensor that it makes."""
        return self.entries[-1].stop


Entry: TypeAlias = Union[Leaf, Group]  # noqa: UP007 - the classes refer to it


class Network:
    """An architecture, and what is asked about parts of it."""

    def __init__(self, architecture: Architecture) -> None:
        self.layers: Sequence[Layer] = architecture.layers
        self.links: Links = architecture.links
        self.shapes: Sequence[Shape] = walk(architecture).shapes
        self._last_reader = [0] * (len(self.layers) + 1)
        self._last_reader[-1] = len(self.layers)
        for place, read in enumerate(self.links):
            for tensor in read:
                self._last_reader[tensor] = max(self._last_reader[tensor], place)
        places = {layer.name: place for place, layer in enumerate(self.layers)}
        self._owners = [
            places[layer.shares] if isinstance(layer, Weighted) and layer.shares else place
            for place, layer in enumerate(self.layers)
        ]
        self._users: dict[int, list[int]] = {}
        for place, owner in enumerate(self._owners):
            self._users.setdefault(owner, []).append(place)

    def owner(self, place: int) -> int:
        """The layer whose weights a layer uses: mostly itself."""
        return self._owners[place]

    def users(self, place: int) -> Sequence[int]:
        """All layers that use the weights that a layer uses, in their order."""
        return self._users[self._owners[place]]

    def reads(self, entry: Entry) -> list[int]:
        """The tensors from before an entry that it reads, in the order in which it reads them."""
        if isinstance(entry, Leaf):
            return list(self.links[entry.place])
        inside = self.links[entry.start : entry.stop]
        return list(dict.fromkeys(it for read in inside for it in read if it <= entry.start))

    def gives_its_last(self, group: Group) -> bool:
        """Whether later layers read nothing of a group but the output of its last layer."""
        tensors = range(group.start + 1, group.stop)
        return all(self._last_reader[tensor] < group.stop for tensor in tensors)

    def keeps_weights(self, group: Group) -> bool:
        """Whether a group shares no weights with layers outside it."""
        return all(
            group.start <= self.users(place)[0] and self.users(place)[-1] < group.stop
            for place in range(group.start, group.stop)
        )


def tree(network: Network) -> Group:
    """The whole network as a group."""
    named = [
        (tuple((layer.name or layer.type).split(".", _DEEPEST - 1)), place)
        for place, layer in enumerate(network.layers)
    ]
    return Group("", _entries(network, named))


def _entries(network: Network, named: Iterable[tuple[Path, int]]) -> list[Entry]:
    """The entries of a group, whose layers have these names in it."""
    entries: list[Entry] = []
    for head, run in groupby(_joined(named), _head):
        members = list(run)
        if head is None:
            entries += [Leaf(name, place) for (name,), place in members]
        else:
            inner = _entries(network, [(path[1:], place) for path, place in members])
            entries += _grouped(network, head, inner)
    return entries


def _head(member: tuple[Path, int]) -> str | None:
    """The first part of a name that has others behind it."""
    path, _ = member
    return path[0] if len(path) > 1 else None


def _joined(named: Iterable[tuple[Path, int]]) -> Iterable[tuple[Path, int]]:
    """Put layers that interrupt a group, such as an inserted pool, into that group."""
    before: Path = ()
    between: list[tuple[Path, int]] = []
    for path, place in named:
        if len(path) == 1:
            between.append((path, place))
            continue
        is_interrupted = before == path[:1] and len(between) <= _MOST_BETWEEN
        yield from (((*before, *it), at) if is_interrupted else (it, at) for it, at in between)
        before, between = path[:1], []
        yield path, place
    yield from between


def _grouped(network: Network, name: str, entries: list[Entry]) -> list[Entry]:
    """Entries as one group, or dissolved if no module can hold them."""
    group = Group(name, entries)
    if network.gives_its_last(group) and network.keeps_weights(group):
        if _is_sequence(network, group):
            return [replace(group, is_sequence=True)]
        if _is_block(network, group):
            return [group]
    return [replace(entry, name=f"{name}.{entry.name}") for entry in entries]


def _is_sequence(network: Network, group: Group) -> bool:
    """Whether a group is numbered, and each entry reads the one before it and nothing else."""
    numbered = sum(entry.name.partition(".")[0].isdigit() for entry in group.entries)
    if 2 * numbered <= len(group.entries) or len(network.reads(group)) != 1:
        return False
    (tensor,) = network.reads(group)
    for entry in group.entries:
        if network.reads(entry) != [tensor] or not _is_module(network, entry):
            return False
        tensor = entry.stop
    return True


def _is_module(network: Network, entry: Entry) -> bool:
    """Whether an entry is a module of its own, with weights that nothing else uses."""
    if isinstance(entry, Group):
        return True
    is_alone = len(network.users(entry.place)) == 1
    return is_alone and rule_of(network.layers[entry.place]).module is not None


def _is_block(network: Network, group: Group) -> bool:
    """Whether a group has names, several entries with modules among them, and few inputs."""
    entries = group.entries
    groups = sum(isinstance(entry, Group) for entry in entries)
    modules = sum(
        rule_of(network.layers[entry.place]).module is not None
        for entry in entries
        if isinstance(entry, Leaf)
    )
    is_worth_it = groups + modules > 1 or (groups == 1 and len(entries) > 1)
    is_named = not all(entry.name.isdigit() for entry in entries)
    return is_worth_it and is_named and len(network.reads(group)) <= MOST_INPUTS
