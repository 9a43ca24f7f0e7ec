"""What the modules of a network are made of, and the classes that equal blocks share.

Two blocks share a class if they are made of the same modules, wired in the same way. Arguments in
which they differ become parameters of the class's constructor.
"""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import NamedTuple, TypeAlias, Union

from solver.network.layers import Layer
from solver.source import identifiers
from solver.source.printing import Call, Expression
from solver.source.rules import Module, rule_of
from solver.source.signature import Signature, Slot, Text, Use
from solver.source.tree import Entry, Group, Leaf, Network


class Chained(NamedTuple):
    """Modules in ``nn.Sequential``."""

    children: Sequence["Made"]


Made: TypeAlias = Union[Module, Chained, "Block"]
"""What is assigned to an attribute: a module of PyTorch, several, or an instance of a block."""


class Step(NamedTuple):
    """What ``forward`` does with one entry of a group.

    Attributes
    ----------
    name
        What its output may be called.
    attribute
        The module that is called; empty if an expression is written in its place.
    made
        What is assigned to the attribute; ``None`` if an earlier step assigns it.
    layer
        The layer; ``None`` if the entry is a group.
    reads
        The tensors that it reads.
    makes
        The tensor that it makes.
    """

    name: str
    attribute: str
    made: Made | None
    layer: Layer | None
    reads: Sequence[int]
    makes: int


@dataclass(eq=False)
class Block:
    """A class of modules: its steps in its first use, and all its uses.

    Attributes
    ----------
    reads
        The tensors that the first use reads from outside.
    places
        The names of its uses.
    """

    steps: Sequence[Step]
    reads: Sequence[int]
    name: str = ""
    places: list[str] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)

    @cached_property
    def signature(self) -> Signature:
        """Its constructor; it is known once all uses are."""
        return Signature(self.uses)


class Blocks:
    """The classes of one network.

    Attributes
    ----------
    functions
        The names of all modules that are used, such as ``nn.ReLU``.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._found: dict[Hashable, Block] = {}
        self.functions: set[str] = set()

    def whole(self, group: Group) -> tuple[Block, Sequence[Block]]:
        """The class of the whole network, and those of its blocks, each behind those it uses."""
        block, _ = self._block(group, "")
        return block, [it for it in self._found.values() if it is not block]

    def _block(self, group: Group, prefix: str) -> tuple[Block, list[Slot]]:
        """The class of a group, and the arguments inside it."""
        network, reads = self._network, self._network.reads(group)
        steps, slots = self._steps(group, prefix)
        key = _key(steps, reads)
        block = self._found.setdefault(key, Block(steps, reads))
        block.uses.append(Use(slots, network.shapes[reads[0]], network.shapes[group.stop]))
        block.places.append(prefix.rstrip("."))
        return block, slots

    def _steps(self, group: Group, prefix: str) -> tuple[list[Step], list[Slot]]:
        names = identifiers.attributes()
        steps: list[Step] = []
        slots: list[Slot] = []
        attributes: dict[int, str] = {}
        for entry in group.entries:
            layer = self._network.layers[entry.place] if isinstance(entry, Leaf) else None
            attribute, made = "", None
            if not (layer and rule_of(layer).inline):
                owner = self._network.owner(entry.start) if layer else entry.start
                if owner not in attributes:
                    attributes[owner] = names.give(identifiers.identifier(entry.name))
                    made, inside = self._made(entry, attributes[owner], prefix)
                    slots += inside
                attribute = attributes[owner]
            name, reads = identifiers.variable(entry.name), self._network.reads(entry)
            steps.append(Step(name, attribute, made, layer, reads, entry.stop))
        return steps, slots

    def _made(self, entry: Entry, attribute: str, prefix: str) -> tuple[Made, list[Slot]]:
        """What an entry is made of, and the arguments inside it."""
        if isinstance(entry, Leaf):
            module = self._module(entry)
            return module, [Slot(attribute, it) for it in module.arguments]
        inner = f"{prefix}{entry.name}."
        if not entry.is_sequence:
            return self._block(entry, inner)
        made = [self._made(it, f"{attribute}_{it.name}", inner) for it in entry.entries]
        slots = list(chain.from_iterable(inside for _, inside in made))
        return Chained([it for it, _ in made]), slots

    def _module(self, leaf: Leaf) -> Module:
        """The module of a layer; it is made for all that use its weights."""
        network = self._network
        rule = rule_of(network.layers[leaf.place])
        assert rule.module is not None
        read = [
            network.shapes[it] for place in network.users(leaf.place) for it in network.links[place]
        ]
        module = rule.module(network.layers[leaf.place], read)
        self.functions.add(module.function)
        return module


def _key(steps: Sequence[Step], reads: Sequence[int]) -> Hashable:
    """What blocks must have in common to share a class."""
    numbers = {tensor: number for number, tensor in enumerate(reads)}
    parts: list[Hashable] = [len(reads)]
    for step in steps:
        numbers[step.makes] = len(numbers)
        written = _written_alike(step.layer) if not step.attribute and step.layer else None
        wiring = tuple(numbers[tensor] for tensor in step.reads)
        parts.append((step.attribute, _made_alike(step.made), written, wiring))
    return tuple(parts)


def _written_alike(layer: Layer) -> Hashable:
    return layer.model_dump_json(exclude={"name", "inputs"})


def _made_alike(made: Made | None) -> Hashable:
    match made:
        case Chained(children):
            return tuple(map(_made_alike, children))
        case Module(function, arguments):
            return function, tuple(argument.name for argument in arguments)
    return made


def constructor(made: Made, arguments: Iterator[Text]) -> Expression:
    """The call that makes a module; it takes the arguments that it needs from those given."""
    match made:
        case Chained(children):
            inside = [("", constructor(child, arguments)) for child in children]
            return Call("nn.Sequential", inside, is_long=True)
        case Module(function, own):
            written = [
                ("" if it.is_positional else it.name, text.text)
                for it, text in zip(own, arguments)  # noqa: B905 - more arguments may follow
                if not text.is_default
            ]
            return Call(function, written)
    signature = made.signature
    inner = [next(arguments).text for _ in signature.texts]
    return Call(
        made.name,
        [("" if it.is_positional else it.name, inner[it.column]) for it in signature.parameters],
    )
