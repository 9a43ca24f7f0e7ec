"""The graph of a network: what each layer reads, who reads it, and what everything goes through.

Tensors are numbered: 0 is the image, ``i + 1`` the output of the layer at place ``i``.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import TypeAlias

from solver.network.layers import Layer, Shape, Weighted
from solver.network.widths import Segments, TiedError, Widths

IMAGE = "input"
"""What layers call the image."""

Links: TypeAlias = tuple[tuple[int, ...], ...]
"""The tensors that each layer reads."""


def links_of(layers: Sequence[Layer]) -> Links:
    """What each of some layers with names reads; each names earlier ones only."""
    tensors = {IMAGE: 0}
    links = []
    for place, layer in enumerate(layers):
        names = layer.inputs
        links.append((place,) if names is None else tuple(tensors[name] for name in names))
        tensors[layer.name or ""] = place + 1
    return tuple(links)


def is_sequence(links: Links) -> bool:
    """Whether each layer reads the one before it, and nothing else."""
    return all(read == (place,) for place, read in enumerate(links))


@lru_cache(maxsize=256)
def last_readers(links: Links) -> list[int]:
    """The last layer that reads each tensor; of one that none reads, the layer that makes it."""
    last = [place - 1 for place in range(len(links) + 1)]
    for place, read in enumerate(links):
        for tensor in read:
            last[tensor] = place
    return last


def readers(links: Links, tensor: int) -> list[int]:
    """The layers that read a tensor."""
    return [place for place, read in enumerate(links) if tensor in read]


def bypass(links: Links, tensor: int) -> int | None:
    """A layer behind a tensor that reads another one from before it; ``None`` if there is none.

    Where there is none, everything goes through the tensor.
    """
    for place in range(tensor, len(links)):
        if any(read < tensor for read in links[place]):
            return place
    return None


def insert(
    layers: Sequence[Layer], links: Links, place: int, new: Layer
) -> tuple[tuple[Layer, ...], Links]:
    """Put a layer in at a place: it reads the tensor before it, and whoever read that reads it."""
    moved = {tensor: tensor + (tensor >= place) for tensor in range(len(links) + 1)}
    before = links[:place]
    behind = tuple(tuple(moved[tensor] for tensor in read) for read in links[place:])
    source = layers[place - 1].name if place else IMAGE
    name = new.name or ""
    renamed = tuple(
        layer.having({"inputs": tuple(name if it == source else it for it in layer.inputs)})
        if layer.inputs is not None
        else layer
        for layer in layers[place:]
    )
    return (*layers[:place], new, *renamed), (*before, (place,), *behind)


def couple(
    layers: Sequence[Layer], links: Links, shapes: Sequence[Shape]
) -> tuple[Widths, list[Segments]]:
    """The width groups of a network, and how the channels of each tensor are made of them.

    The image's channels and the network's output are frozen. ``shapes`` are those of the tensors.

    Raises
    ------
    TiedError
        A layer cuts channels where they cannot be cut; the text names it.
    """
    widths = Widths()
    tensors = [widths.new(shapes[0][0], frozen=True)]
    names = {layer.name: place for place, layer in enumerate(layers)}
    for place, (layer, read) in enumerate(zip(layers, links, strict=True)):
        try:
            inputs = [tensors[it] for it in read]
            made = layer.segments(inputs, [shapes[it] for it in read], widths, place)
            if isinstance(layer, Weighted) and layer.shares is not None:
                other = names[layer.shares]
                widths.unify(made, tensors[other + 1])
                widths.unify(inputs[0], tensors[links[other][0]])
        except TiedError as tied:
            raise TiedError(f"{layer.name}: {tied}") from None
        tensors.append(made)
    widths.freeze(tensors[-1])
    return widths, [widths.free(segments) for segments in tensors]
