"""How networks of several seeds are trained: sequences side by side, graphs one by one.

Stacking pays only for small networks, and a graph is seldom small. Trained alone, a graph needs no
more memory than a network with one seed.

S networks (seeds), B images of a batch, C channels, H height, W width, K classes.
"""

from collections.abc import Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn

from trainer.dropout import StackedDropout
from trainer.graph import Graph, chain, sparing
from trainer.onednn import stay_in_bounds
from trainer.stacked import Stacked, is_stackable, stack


def at_once(
    networks: Sequence[nn.Module], generators: Sequence[torch.Generator]
) -> "list[Stacked | Alone]":
    """Return modules that compute networks of one architecture, in order.

    One module computes all networks if they can be stacked; otherwise each has its own. The
    networks stay as they are.

    Parameters
    ----------
    generators
        One for each network, on the networks' device; the network's dropout draws from it.
    """
    modules = _copies(networks, generators)
    for module in modules:
        stay_in_bounds(module)
    return modules


def _copies(
    networks: Sequence[nn.Module], generators: Sequence[torch.Generator]
) -> "list[Stacked | Alone]":
    sequences = [it for it in networks if isinstance(it, nn.Sequential) and is_stackable(it)]
    if len(sequences) == len(networks):
        return [stack(sequences, generators)]
    return [Alone(*pair) for pair in zip(networks, generators, strict=True)]


class Alone(nn.Module):
    """A copy of one network; it maps images_BCHW to logits_SBK with S = 1."""

    def __init__(self, network: nn.Module, generator: torch.Generator) -> None:
        super().__init__()
        copied = deepcopy(network)
        assert isinstance(copied, Graph | nn.Sequential)
        links = copied.links if isinstance(copied, Graph) else chain(len(copied))
        modules = [_drawn_from(generator, module) for module in copied]
        self.network = Graph(sparing(modules, links), links)

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """Maps of one pixel at the network's end are flattened."""
        logits_BK: Tensor = self.network(images_BCHW).flatten(1)
        return logits_BK.unsqueeze(0)


def _drawn_from(generator: torch.Generator, module: nn.Module) -> nn.Module:
    """Replace dropout by one that draws from a generator; return other modules as they are."""
    if isinstance(module, nn.Dropout | nn.Dropout2d):
        is_channels = isinstance(module, nn.Dropout2d)
        return StackedDropout(module.p, [generator], channels=is_channels)
    return module
