"""Files of images that come from anyone: opened without following links, decoded within bounds."""

import hashlib
import os
import stat
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

from PIL import Image, UnidentifiedImageError

MOST_PIXELS: Final = 25_000_000
"""An image with more pixels is not decoded."""
MOST_BYTES: Final = 1 << 28
"""A longer file is refused; an uncompressed image of ``MOST_PIXELS`` fits."""
GREY_MODES: Final = frozenset({"1", "L", "LA", "I", "I;16", "I;16B"})
"""Pillow's modes without colours."""

_FORMATS: Final = ("PNG", "JPEG")

# A header may claim any size; Pillow warns of large ones, and decodes them all the same.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


class BrokenError(ValueError):
    """A file that is no image, or an image that is not decoded; the text says why."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a file's header says: width and height in pixels, and whether it has no colours.

    ``digest`` is the SHA-256 of the file, if the whole file was read.
    """

    width: int
    height: int
    is_grey: bool
    digest: bytes | None = None


@contextmanager
def opened(root: Path, place: Sequence[str]) -> Iterator[BinaryIO]:
    """Open a file below a folder without following a link, even one that is put there meanwhile.

    Raises
    ------
    OSError
        The file cannot be opened, or a link leads to it.
    BrokenError
        It is no regular file, or too long.
    """
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in place[:-1]:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = inner
        # Non-blocking, since opening a pipe would wait for someone to write to it.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
        file = os.open(place[-1], flags, dir_fd=folder)
    finally:
        os.close(folder)
    with open(file, "rb") as found:  # noqa: PTH123 - by its descriptor
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            raise BrokenError("is no file")
        if status.st_size > MOST_BYTES:
            raise BrokenError(f"has more than {MOST_BYTES:,} bytes")
        yield found


def read(root: Path, place: Sequence[str]) -> bytes:
    """Read a file below a folder, as :func:`opened` opens it."""
    with opened(root, place) as file:
        return file.read()


@contextmanager
def image_in(file: BinaryIO) -> Iterator[Image.Image]:
    """Open a PNG or JPEG image, to be used within the block.

    Raises
    ------
    BrokenError
        The file is neither, has too many pixels, or Pillow stumbles over it.
    """
    try:
        with Image.open(file, formats=_FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise Image.DecompressionBombError
            yield image
    except MemoryError:
        raise
    except Exception as error:  # Pillow's readers raise whatever they stumble over
        raise BrokenError(reason(error)) from error


def header_of(file: BinaryIO) -> Header:
    """Read an image's header.

    Raises
    ------
    BrokenError
        The file is no image, or one that is not decoded.
    """
    with image_in(file) as image:
        return Header(image.width, image.height, image.mode in GREY_MODES)


def verified(data: bytes) -> Header:
    """Read an image's header, hash the whole file, and check the checksums that it has.

    Raises
    ------
    BrokenError
        The file is no image, or one that is not decoded, or its checksums are wrong.
    """
    with image_in(BytesIO(data)) as image:
        is_grey = image.mode in GREY_MODES
        image.verify()
        return Header(image.width, image.height, is_grey, hashlib.sha256(data).digest())


def printable(text: str) -> str:
    """Escape the characters of a file's name that cannot be printed or stored."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def reason(error: Exception) -> str:
    """Say why a file cannot be used: the end of a sentence that begins with its name."""
    match error:
        case BrokenError():
            return str(error)
        case Image.DecompressionBombError() | Image.DecompressionBombWarning():
            return f"has more than {MOST_PIXELS:,} pixels"
        case UnidentifiedImageError():
            return "is broken, or neither a PNG nor a JPEG image"
        case OSError(strerror=str(why)):
            return f"cannot be read ({why})"
    return f"is broken ({printable(str(error)) or type(error).__name__})"
