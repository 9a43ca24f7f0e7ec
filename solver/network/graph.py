"""The graph of a network: which tensors each layer reads, and which layers read a tensor.

Tensors are numbered: 0 is the image, ``i + 1`` the output of the layer at place ``i``.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import TypeAlias

from solver.network.layers import Layer, Shape, Weighted
from solver.network.widths import MAX_SEGMENTS, Segments, TiedError, Widths

IMAGE = "input"
"""Name by which layers refer to the image."""

Links: TypeAlias = tuple[tuple[int, ...], ...]
"""The tensors that each layer reads."""


def links_of(layers: Sequence[Layer]) -> Links:
    """The tensors that each named layer reads; ``inputs`` refer to earlier layers only."""
    tensors = {IMAGE: 0}
    links = []
    for place, layer in enumerate(layers):
        names = layer.inputs
        links.append((place,) if names is None else tuple(tensors[name] for name in names))
        tensors[layer.name or ""] = place + 1
    return tuple(links)


def is_sequence(links: Links) -> bool:
    """Whether each layer reads the layer before it and nothing else."""
    return all(read == (place,) for place, read in enumerate(links))


@lru_cache(maxsize=256)
def last_readers(links: Links) -> list[int]:
    """The last layer that reads each tensor; the layer that makes it if no layer reads it."""
    last = [place - 1 for place in range(len(links) + 1)]
    for place, read in enumerate(links):
        for tensor in read:
            last[tensor] = place
    return last


def readers(links: Links, tensor: int) -> list[int]:
    """The layers that read a tensor."""
    return [place for place, read in enumerate(links) if tensor in read]


def bypass(links: Links, tensor: int) -> int | None:
    """The first layer behind a tensor that reads something from before the tensor.

    Returns ``None`` if everything goes through the tensor.
    """
    for place in range(tensor, len(links)):
        if any(read < tensor for read in links[place]):
            return place
    return None


def insert(
    layers: Sequence[Layer], links: Links, place: int, new: Layer
) -> tuple[tuple[Layer, ...], Links]:
    """Insert a layer at a place, between the tensor before it and all readers of that tensor."""
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
    layers: Sequence[Layer], links: Links, shapes: Sequence[Shape], widths: Widths
) -> list[Segments]:
    """The width groups that make up each tensor's channels, collected in ``widths``.

    The image's channels and the network's output are frozen. ``shapes`` are the tensors' shapes.

    Raises
    ------
    TiedError
        A layer splits channels where they cannot be split; the message names the layer.
    """
    tensors = [widths.new(shapes[0][0])]
    widths.freeze(tensors[0], "the image")
    segments = 0
    names = {layer.name: place for place, layer in enumerate(layers)}
    for layer, read in zip(layers, links, strict=True):
        try:
            inputs = [tensors[it] for it in read]
            segments += sum(map(len, inputs))
            if segments > MAX_SEGMENTS:
                raise TiedError("channels are put together from too many layers")
            made = layer.segments(inputs, [shapes[it] for it in read], widths)
            if isinstance(layer, Weighted) and layer.shares is not None:
                other = names[layer.shares]
                widths.unify(made, tensors[other + 1])
                widths.unify(inputs[0], tensors[links[other][0]])
        except TiedError as tied:
            raise TiedError(f"{layer.name}: {tied}") from None
        tensors.append(made)
    widths.freeze(tensors[-1], f"the network's output ({layers[-1].name})")
    return _freed(tensors, widths)


def _freed(tensors: Sequence[Segments], widths: Widths) -> list[Segments]:
    """The tensors' channels in terms of free groups, into which others were cut since."""
    found, segments = [], 0
    for channels in tensors:
        found.append(widths.free(channels))
        segments += len(found[-1])
        if segments > MAX_SEGMENTS:
            raise TiedError("channels are cut into too many parts")
    return found
