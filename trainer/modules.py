"""Modules of layers for which PyTorch has a function, but no module.

B images of a batch, C channels, H height, W width, F features.
"""

from functools import reduce

import torch
from torch import Tensor, nn


class Add(nn.Module):
    """The sum of its inputs; maps of one pixel are added to every pixel."""

    def forward(self, *values: Tensor) -> Tensor:
        """Add."""
        return reduce(torch.add, values)


class Mul(nn.Module):
    """The product of its inputs; maps of one pixel multiply every pixel."""

    def forward(self, *values: Tensor) -> Tensor:
        """Multiply."""
        return reduce(torch.mul, values)


class Concat(nn.Module):
    """The channels, or features, of all inputs, one after another."""

    def forward(self, *values: Tensor) -> Tensor:
        """Concatenate."""
        return torch.cat(values, dim=1)


class Chunk(nn.Module):
    """Part ``index`` (from 0) of ``chunks`` equal parts of the channels, or features."""

    def __init__(self, chunks: int, index: int) -> None:
        super().__init__()
        self._chunks, self._index = chunks, index

    def forward(self, values: Tensor) -> Tensor:
        """Take the part."""
        return values.chunk(self._chunks, dim=1)[self._index]


class ChannelShuffle(nn.Module):
    """Like ``torch.nn.ChannelShuffle``, but on every device."""

    def __init__(self, groups: int) -> None:
        super().__init__()
        self._groups = groups

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """Interleave the channels of the groups."""
        batch, channels, height, width = images_BCHW.shape
        apart = images_BCHW.reshape(batch, self._groups, channels // self._groups, height, width)
        return apart.transpose(1, 2).reshape(batch, channels, height, width)


class ChannelNorm(nn.LayerNorm):
    """A layer norm over the channels of each pixel, or over features."""

    def __init__(self, channels: int, *, eps: float, affine: bool) -> None:
        super().__init__(channels, eps, elementwise_affine=affine)

    def forward(self, values: Tensor) -> Tensor:
        """Normalise images_BCHW, or features_BF."""
        if values.ndim == 2:
            return super().forward(values)
        return super().forward(values.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Scale(nn.Module):
    """A learned factor for each channel, or feature; it starts at 1."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, values: Tensor) -> Tensor:
        """Multiply images_BCHW, or features_BF."""
        return values * self.weight.view(-1, *[1] * (values.ndim - 2))
