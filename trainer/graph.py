"""Networks as graphs of modules, run in their order.

B images of a batch, C channels, H height, W width. Tensors are numbered as in
:mod:`solver.network.graph`: 0 is the image, ``i + 1`` is the output of module ``i``.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from torch import Tensor, nn

from solver.network.graph import Links, last_readers
from trainer.dropout import StackedDropout
from trainer.modules import Add, Concat

_IMAGE: Final = 0


class Graph(nn.ModuleList):
    """Modules, each after those that it reads; the last one gives the network's output.

    A module may occur twice; its weights are then used twice. A tensor is released after the last
    module that reads it.

    Parameters
    ----------
    links
        The tensors that each module reads.
    """

    def __init__(self, modules: Iterable[nn.Module], links: Links) -> None:
        super().__init__(modules)
        self.links = links
        last = last_readers(links)
        self._over = [
            [tensor for tensor in set(read) if last[tensor] == place]
            for place, read in enumerate(links)
        ]

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """Run all modules, and return the output of the last one."""
        alive = {_IMAGE: images_BCHW}
        for place, module in enumerate(self):
            inputs = [alive[tensor] for tensor in self.links[place]]
            for tensor in self._over[place]:
                del alive[tensor]
            alive[place + 1] = module(*inputs)
        return alive[len(self)]


def chain(length: int) -> Links:
    """Return the links of a sequence: each module reads the tensor before it."""
    return tuple((tensor,) for tensor in range(length))


def sparing(modules: Sequence[nn.Module], links: Links) -> list[nn.Module]:
    """Rearrange modules so that they compute the same in less time and memory.

    Max pools move before the modules that they commute with, which then see fewer elements: ReLUs,
    and dropout of whole channels, which multiplies a window by one number. A dilated pool does not
    move: one of its windows may see only padding (minus infinity), which a ReLU would change. ReLUs
    overwrite their input if no gradient needs it. Both happen only if no other module reads the
    tensor that disappears or is overwritten. ReLU modules are modified, so they must not be used
    elsewhere.
    """
    ordered = list(modules)
    readers = Counter(tensor for read in links for tensor in read)
    for place, module in enumerate(modules):
        if isinstance(module, nn.MaxPool2d) and module.dilation in (1, (1, 1)):
            _move_forward(place, ordered, links, readers)
    for module, read in zip(ordered, links, strict=True):
        if isinstance(module, nn.ReLU):
            (tensor,) = read
            spares = tensor != _IMAGE and isinstance(ordered[tensor - 1], _SPARE_THE_COPY)
            module.inplace = spares and readers[tensor] == 1
    return ordered


def _move_forward(
    place: int, ordered: list[nn.Module], links: Links, readers: Counter[int]
) -> None:
    """Swap a max pool with the module that it reads as long as the two commute."""
    (tensor,) = links[place]
    while tensor != _IMAGE and readers[tensor] == 1 and _commutes(ordered[tensor - 1]):
        ordered[place], ordered[tensor - 1] = ordered[tensor - 1], ordered[place]
        place = tensor - 1
        (tensor,) = links[place]


def _commutes(module: nn.Module) -> bool:
    return isinstance(module, nn.ReLU) or (isinstance(module, StackedDropout) and module.channels)


_SPARE_THE_COPY: Final = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d, nn.BatchNorm2d, Add, Concat)
"""Modules whose outputs a ReLU may overwrite, since their gradients do not need them.

None of them returns a view of its input, which others may read.
"""
