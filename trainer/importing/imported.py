"""A module as an architecture, with what is needed to carry its weights over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from solver.network.architecture import Architecture
from trainer.importing.values import Draft
from trainer.networks import build


@dataclass(frozen=True)
class Imported:
    """An architecture, and where its weights are in the module that it was imported from.

    Attributes
    ----------
    sources
        Names in the module's state, by names in the state of ``build(architecture)``.
    unused
        Parameters that feed no output, such as those of auxiliary heads: how many the outermost
        modules that hold nothing else have, by these modules' names.
    drafts
        What each layer was made of: its module, its line of source and its weights.
    """

    architecture: Architecture
    sources: Mapping[str, str]
    unused: Mapping[str, int]
    drafts: Sequence[Draft]

    def network(self, module: nn.Module) -> nn.Module:
        """Build the architecture with a copy of the module's weights, in evaluation mode."""
        with torch.device("meta"):
            network = build(self.architecture).eval()
        network.load_state_dict(self.state(network, module), assign=True)
        return network

    def state(self, network: nn.Module, module: nn.Module) -> dict[str, Tensor]:
        """The module's weights as the state of a network that was built from the architecture.

        A linear layer on channels-last maps is a convolution of one pixel here, so weights take the
        shapes that the network has.
        """
        given = every_tensor(module)
        return {
            name: given[self.sources[name]].detach().reshape(value.shape).clone()
            if name in self.sources
            else torch.zeros(value.shape, dtype=value.dtype)
            for name, value in network.state_dict().items()
        }


def every_tensor(module: nn.Module) -> dict[str, Tensor]:
    """Parameters and buffers under all of their names, also those that no state holds."""
    parameters = dict[str, Tensor](module.named_parameters(remove_duplicate=False))
    return parameters | dict(module.named_buffers(remove_duplicate=False))
