"""Dropout that draws from its own generators.

S networks (seeds) side by side, B images of a batch, C channels of one network, H height, W width,
F features.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class StackedDropout(nn.Module):
    """Dropout of elements or of whole channels, drawn for each network by itself.

    A network's draws do not depend on the networks beside it. Inputs are images_BMHW (M = S·C),
    features_SBF, or features_BF for a single network.
    """

    def __init__(self, p: float, generators: Sequence[torch.Generator], *, channels: bool) -> None:
        super().__init__()
        self._p = p
        self._generators = generators
        self.channels = channels

    def forward(self, values: Tensor) -> Tensor:
        """While training, drop some values and scale the others up; otherwise change nothing."""
        if not self.training or self._p == 0:
            return values
        if values.ndim == 2:
            return values * self._scales(values.shape)[0]
        if values.ndim == 3:
            return values * self._scales(values.shape[1:])
        batch, channels, height, width = values.shape
        size = (1, 1) if self.channels else (height, width)
        scales_SBHWC = self._scales((batch, *size, channels // len(self._generators)))
        return values * scales_SBHWC.permute(1, 2, 3, 0, 4).flatten(3).permute(0, 3, 1, 2)

    def _scales(self, shape: Sequence[int]) -> Tensor:
        """Draw the factors of each network's values: 0, or ``1 / (1 - p)`` for those that stay."""
        device = self._generators[0].device
        drawn = torch.empty(len(self._generators), *shape, device=device)
        for generator, own in zip(self._generators, drawn, strict=True):
            own.uniform_(generator=generator)
        return drawn.ge_(self._p).mul_(1 / (1 - self._p) if self._p < 1 else 0.0)
