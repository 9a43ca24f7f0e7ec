"""Peak memory: how many elements are alive at once while a network runs."""

from collections.abc import Sequence

from solver.network.graph import Links, last_readers
from solver.network.layers import Layer, Shape, elements


def peak(layers: Sequence[Layer], links: Links, shapes: Sequence[Shape]) -> int:
    """The largest number of elements alive at once while the layers run in order.

    A tensor lives from the layer that makes it to the last layer that reads it. The inputs and the
    output of the running layer count. A layer that may write in place overwrites an input of its
    output's size that no later layer reads, as in fused inference. ``shapes`` are whole numbers.
    """
    last = last_readers(links)
    sizes = [elements(shape) for shape in shapes]
    alive = highest = sizes[0]
    for place, layer in enumerate(layers):
        read, made = set(links[place]), sizes[place + 1]
        ending = [tensor for tensor in read if last[tensor] == place]
        in_place = layer.writes_in_place and any(sizes[tensor] == made for tensor in ending)
        highest = max(highest, alive if in_place else alive + made)
        alive += made - sum(sizes[tensor] for tensor in ending)
    return int(highest)
