"""Networks as graphs of modules, run in their order.

B images of a batch, C channels, H height, W width. Tensors are numbered as in
:mod:`solver.network.graph`: 0 is the image, ``i + 1`` what module ``i`` makes.
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
    """Modules in an order in which each comes behind those that it reads; the last is the output.

    A module may be there twice: its weights are used twice then. A tensor is let go of behind the
    last module that reads it.

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
        """Run all modules, and give what the last one makes."""
        alive = {_IMAGE: images_BCHW}
        for place, module in enumerate(self):
            inputs = [alive[tensor] for tensor in self.links[place]]
            for tensor in self._over[place]:
                del alive[tensor]
            alive[place + 1] = module(*inputs)
        return alive[len(self)]


def chain(length: int) -> Links:
    """What the modules of a sequence read: each the tensor before it."""
    return tuple((tensor,) for tensor in range(length))


def sparing(modules: Sequence[nn.Module], links: Links) -> list[nn.Module]:
    """Rearrange modules so that they compute the same in less time and memory.

    Max pools change places with what they commute with, which then sees fewer elements: ReLUs, and
    dropout of whole channels, which multiplies a window by one number. ReLUs write over their
    input where no gradient needs it. Both happen only where nobody else reads the tensor that
    goes, or changes. A dilated pool stays where it is: a window of it may see nothing but padding,
    which is no number that a ReLU might change. ReLUs are changed, and must be nobody else's.
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
    """Have a max pool change places as long as it commutes with what it reads."""
    (tensor,) = links[place]
    while tensor != _IMAGE and readers[tensor] == 1 and _commutes(ordered[tensor - 1]):
        ordered[place], ordered[tensor - 1] = ordered[tensor - 1], ordered[place]
        place = tensor - 1
        (tensor,) = links[place]


def _commutes(module: nn.Module) -> bool:
    return isinstance(module, nn.ReLU) or (isinstance(module, StackedDropout) and module.channels)


_SPARE_THE_COPY: Final = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d, nn.BatchNorm2d, Add, Concat)
"""Modules whose gradients do not need their own output, which a ReLU may therefore overwrite.

None of them gives a view of its input, which others may read.
"""
