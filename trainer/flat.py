"""The parameters of networks as one vector, for optimisers that work elementwise."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn


class Flat:
    """The parameters of a module as views of one vector; a shared parameter occurs once.

    An elementwise optimiser takes one step of the vector in the time of one step of a single
    parameter.

    Attributes
    ----------
    vector
        All parameters, for the optimiser.
    """

    def __init__(self, network: nn.Module) -> None:
        self._parameters = list(network.parameters())
        self.vector = nn.Parameter(torch.cat([_row(value) for value in self._parameters]).detach())
        for parameter, view in zip(self._parameters, self.views(self.vector), strict=True):
            parameter.data = view

    def views(self, vector: Tensor) -> Iterator[Tensor]:
        """Yield each parameter's part of a vector like :attr:`vector`, in the parameter's shape."""
        sizes = [parameter.numel() for parameter in self._parameters]
        for parameter, part in zip(
            self._parameters, torch.split(vector.detach(), sizes), strict=True
        ):
            if parameter.ndim == 4:
                out, into, height, width = parameter.shape
                yield part.view(out, height, width, into).permute(0, 3, 1, 2)
            else:
                yield part.view(parameter.shape)

    def differentiate(self, loss: Tensor) -> None:
        """Set the vector's gradient to that of a loss."""
        gradients = torch.autograd.grad(loss, self._parameters)
        self.vector.grad = torch.cat([_row(gradient) for gradient in gradients])


def _row(values: Tensor) -> Tensor:
    """Flatten a tensor; channels come last, as convolutions want their weights."""
    return values.permute(0, 2, 3, 1).reshape(-1) if values.ndim == 4 else values.reshape(-1)
