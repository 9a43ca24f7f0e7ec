"""How the training process asks the system for memory."""

import ctypes
import sys
from contextlib import suppress
from typing import Final

_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_LARGEST: Final = 2**30


def keep_freed_memory() -> None:
    """Have the C library keep what PyTorch frees, for the next step of the training.

    By default glibc returns every large block to the system, which then clears its pages again each
    time a layer's output is stored. This takes a third of a small network's time. Other C libraries
    are left as they are. Source: mallopt(3).
    """
    if sys.platform != "linux":
        return
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL("libc.so.6")
        library.mallopt(_M_MMAP_THRESHOLD, _LARGEST)
        library.mallopt(_M_TRIM_THRESHOLD, _LARGEST)
