"""Networks of several seeds, as they are trained: sequences side by side, graphs each by itself.

Stacking pays for small networks only, and a graph is seldom small; by itself, it needs no more
memory than a network does that has one seed.

S networks (seeds), B images of a batch, C channels, H height, W width, K classes.
"""

from collections.abc import Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn

from trainer.dropout import StackedDropout
from trainer.graph import Graph, chain, sparing
from trainer.stacked import Stacked, is_stackable, stack


def at_once(
    networks: Sequence[nn.Module], generators: Sequence[torch.Generator]
) -> "list[Stacked | Alone]":
    """Give modules that compute networks of one architecture in order, as many at once as pays.

    Parameters
    ----------
    generators
        One for each network, on the networks' device: what its dropout is drawn from.
    """
    sequences = [it for it in networks if isinstance(it, nn.Sequential) and is_stackable(it)]
    if len(sequences) == len(networks):
        return [stack(sequences, generators)]
    return [Alone(*pair) for pair in zip(networks, generators, strict=True)]


class Alone(nn.Module):
    """One network by itself: images_BCHW to logits_SBK, S = 1. The network is copied."""

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
    """Have dropout drawn from a generator; other modules stay as they are."""
    if isinstance(module, nn.Dropout | nn.Dropout2d):
        is_channels = isinstance(module, nn.Dropout2d)
        return StackedDropout(module.p, [generator], channels=is_channels)
    return module
