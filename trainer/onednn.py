"""A fault of oneDNN, PyTorch's library for convolutions on a CPU, and the way round it.

B images of a batch, C channels, H height, W width.
"""

from collections.abc import Callable
from typing import Any, Final

from torch import Tensor, nn

_BLOCK: Final = 16
"""Channels that oneDNN computes at once, at most: 16 with AVX-512, 8 with AVX2."""


def stay_in_bounds(network: nn.Module) -> None:
    """Change convolutions whose gradient oneDNN would compute outside its memory.

    A strided convolution of single pixels reads only some of the pixels. Where channels come last,
    oneDNN gathers them in memory for as many input channels as there are, but the gradient of the
    weights takes them to be a whole block. With fewer, the gradient is wrong, or the process dies.
    Such a convolution is given just the pixels that it reads, and no stride, which is the same sum.
    A convolution that occurs twice is changed once.
    Source: https://github.com/uxlfoundation/oneDNN/issues/6035 (oneDNN 3.12).
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d) and _is_computed_wrongly(module):
            module.register_forward_pre_hook(_given_every(*module.stride))
            module.stride = (1, 1)


def _is_computed_wrongly(convolution: nn.Conv2d) -> bool:
    is_strided = max(convolution.stride) > 1
    is_of_single_pixels = convolution.kernel_size == (1, 1) and convolution.padding == (0, 0)
    channels_of_a_group = convolution.weight.shape[1]
    return is_strided and is_of_single_pixels and channels_of_a_group < _BLOCK


def _given_every(down: int, across: int) -> Callable[[nn.Module, Any], Tensor]:
    """Return a hook that passes on one pixel of each ``down`` × ``across``."""

    def pixels(_convolution: nn.Module, inputs: tuple[Tensor]) -> Tensor:
        (images_BCHW,) = inputs
        return images_BCHW[..., ::down, ::across]

    return pixels
