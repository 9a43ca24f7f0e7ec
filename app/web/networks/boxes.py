"""The boxes of a drawn network, and which of them each one reads.

A layer that treats each element by itself, such as a norm or an activation, stands in the box of
the layer before it if nobody else reads that.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.web.networks.folding import Entry, Folding, entries
from solver.network.architecture import Architecture
from solver.network.layers.base import Elementwise


@dataclass
class Box:
    """A layer with those that follow it in its box, or a folded block.

    Attributes
    ----------
    parts
        What is in the box, from top to bottom.
    opened
        The open blocks that begin here, the outermost first.
    """

    parts: list[Entry]
    opened: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Diagram:
    """Boxes in the order of their layers, the image before them.

    Attributes
    ----------
    reads
        The nodes that each node reads: 0 is the image, ``n + 1`` box ``n``.
    """

    boxes: Sequence[Box]
    reads: Sequence[Sequence[int]]


def names_of(architecture: Architecture) -> list[str]:
    """The names of all layers."""
    return [layer.name or layer.type for layer in architecture.layers]


def size_of(architecture: Architecture, folding: Folding) -> int:
    """The number of boxes of a picture."""
    return len(diagram(architecture, entries(names_of(architecture), folding)).boxes)


def diagram(architecture: Architecture, shown: Sequence[Entry]) -> Diagram:
    """Put what is shown into boxes."""
    links = architecture.links
    read_by = [0] * (len(links) + 1)
    for read in links:
        for tensor in read:
            read_by[tensor] += 1
    boxes: list[Box] = []
    maker = [0] * (len(links) + 1)
    """The node that makes each tensor."""
    reads: list[list[int]] = [[]]
    opened: list[str] = []
    for entry in shown:
        if entry.kind == "open":
            opened.append(entry.name)
            continue
        sources = _sources(entry, links, maker)
        tensor = links[entry.places[0]][0]
        is_stacked = (
            not opened
            and len(sources) == 1
            and sources[0] > 0
            and read_by[tensor] == 1
            and _is_elementwise(architecture, entry)
            and _ends_with(boxes[sources[0] - 1], tensor)
        )
        if is_stacked:
            boxes[sources[0] - 1].parts.append(entry)
            node = sources[0]
        else:
            boxes.append(Box([entry], opened))
            reads.append(sources)
            node, opened = len(boxes), []
        for place in entry.places:
            maker[place + 1] = node
    return Diagram(boxes, reads)


def _sources(entry: Entry, links: Sequence[Sequence[int]], maker: Sequence[int]) -> list[int]:
    """The nodes whose tensors an entry reads, each once, without itself."""
    first = entry.places[0]
    outside = (it for place in entry.places for it in links[place] if it <= first)
    return list(dict.fromkeys(maker[it] for it in outside))


def _is_elementwise(architecture: Architecture, entry: Entry) -> bool:
    layer = architecture.layers[entry.places[0]]
    return entry.kind == "layer" and isinstance(layer, Elementwise)


def _ends_with(box: Box, tensor: int) -> bool:
    """Whether a tensor is made by the last layer in a box of layers."""
    last = box.parts[-1]
    return last.kind == "layer" and last.places[-1] + 1 == tensor
