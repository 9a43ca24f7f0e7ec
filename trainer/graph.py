"""Networks as graphs of modules, run in their order.

B images of a batch, C channels, H height, W width.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from torch import Tensor, nn

from trainer.dropout import StackedDropout
from trainer.modules import Add, Concat

Reads: TypeAlias = Sequence[Sequence[int]]
"""For each module the positions of those whose outputs it reads; -1 is the image."""

IMAGE: Final = -1


class Graph(nn.ModuleList):
    """Modules in an order in which each comes behind those that it reads; the last is the output.

    A module may be there twice: both share its weights. A tensor is let go of behind the last
    module that reads it.
    """

    def __init__(self, modules: Iterable[nn.Module], reads: Reads) -> None:
        super().__init__(modules)
        self.reads = tuple(tuple(own) for own in reads)
        last = {read: position for position, own in enumerate(self.reads) for read in own}
        self._read_last = [
            [read for read in set(own) if last[read] == position]
            for position, own in enumerate(self.reads)
        ]

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """Run all modules, and give what the last one makes."""
        alive = {IMAGE: images_BCHW}
        del images_BCHW
        for position, module in enumerate(self):
            inputs = [alive[read] for read in self.reads[position]]
            for read in self._read_last[position]:
                del alive[read]
            alive[position] = module(*inputs)
        return alive[len(self) - 1]


def chain(length: int) -> Reads:
    """What the modules of a sequence read: each the one before it."""
    return [(position - 1,) for position in range(length)]


def sparing(modules: Sequence[nn.Module], reads: Reads) -> list[nn.Module]:
    """Rearrange modules so that they compute the same in less time and memory.

    Max pools change places with what they commute with, which then sees fewer elements: ReLUs, and
    dropout of whole channels, which multiplies a window by one number. ReLUs write over their
    input where no gradient needs it. Both happen only where nobody else reads the tensor that
    goes, or changes. The modules are changed, and must be nobody else's.
    """
    ordered = list(modules)
    readers = Counter(read for own in reads for read in own)
    for position, module in enumerate(modules):
        if isinstance(module, nn.MaxPool2d):
            _move_forward(position, ordered, reads, readers)
    for module, own in zip(ordered, reads, strict=True):
        if isinstance(module, nn.ReLU):
            (read,) = own
            spares = read != IMAGE and isinstance(ordered[read], _SPARE_THE_COPY)
            module.inplace = spares and readers[read] == 1
    return ordered


def _move_forward(at: int, ordered: list[nn.Module], reads: Reads, readers: Counter[int]) -> None:
    """Have a max pool change places as long as it commutes with what it reads."""
    (before,) = reads[at]
    while before != IMAGE and readers[before] == 1 and _commutes(ordered[before]):
        ordered[at], ordered[before] = ordered[before], ordered[at]
        at, (before,) = before, reads[before]


def _commutes(module: nn.Module) -> bool:
    return isinstance(module, nn.ReLU) or (isinstance(module, StackedDropout) and module.channels)


_SPARE_THE_COPY: Final = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d, nn.BatchNorm2d, Add, Concat)
"""Modules whose gradients do not need their own output, which a ReLU may therefore overwrite.

None of them gives a view of its input, which others may read.
"""
