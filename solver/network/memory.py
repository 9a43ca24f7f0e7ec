"""Peak memory: how many elements are alive at once while a network runs."""

from collections.abc import Iterator, Sequence

from solver.network.graph import Links, last_readers
from solver.network.layers import Layer, Number, Shape, elements, larger


def peak(layers: Sequence[Layer], links: Links, shapes: Sequence[Shape]) -> Number:
    """The largest number of elements alive at once while the layers run in order.

    A tensor lives from the layer that makes it to the last layer that reads it. The inputs and the
    output of the running layer count. A layer that may write in place overwrites an input of its
    output's size that no later layer reads, as in fused inference. ``shapes`` hold whole numbers or
    columns of them.
    """
    highest: Number = 0
    for total in alive(layers, links, shapes):
        highest = larger(highest, total)
    return highest


def alive(layers: Sequence[Layer], links: Links, shapes: Sequence[Shape]) -> Iterator[Number]:
    """Yield how many elements are alive before the first layer, and while each layer runs.

    See :func:`peak`. Shapes may also hold polynomials.
    """
    last = last_readers(links)
    sizes = [elements(shape) for shape in shapes]
    total = sizes[0]
    yield total
    for place, layer in enumerate(layers):
        read, made = set(links[place]), sizes[place + 1]
        ending = [tensor for tensor in read if last[tensor] == place]
        in_place: Number = False
        if layer.writes_in_place:
            for tensor in ending:
                in_place = in_place | (sizes[tensor] == made)
        yield total + made * (1 - in_place)
        total = total + made - sum(sizes[tensor] for tensor in ending)
