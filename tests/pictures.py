"""Folders of small images, in the layout of torchvision's ImageFolder."""

import random
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

CLASSES = ("bars", "dots", "rings")
Size = tuple[int, int]


def picture(seed: int, mode: str = "L", size: Size = (32, 48)) -> Image.Image:
    """An image of noise, width × height."""
    pixels = random.Random(seed).randbytes(
        size[0] * size[1] * len(Image.new(mode, (1, 1)).getbands())
    )
    return Image.frombytes(mode, size, pixels)


def write_folder(
    data_dir: Path,
    name: str = "shapes",
    *,
    classes: Sequence[str] = CLASSES,
    each: int = 6,
    modes: Sequence[str] = ("L",),
    sizes: Sequence[Size] = ((8, 8),),
    suffixes: Sequence[str] = ("png",),
) -> Path:
    """So many images of each class; modes, sizes and suffixes take turns."""
    for label, class_ in enumerate(classes):
        folder = data_dir / name / class_
        folder.mkdir(parents=True)
        for number in range(each):
            made = picture(
                label * each + number, modes[number % len(modes)], sizes[number % len(sizes)]
            )
            made.save(folder / f"{number:03}.{suffixes[number % len(suffixes)]}")
    return data_dir / name


def striped(label: int, seed: int, mode: str, size: Size = (32, 48)) -> Image.Image:
    """An image whose class can be seen: a bright stripe in one of three places, and some noise."""
    width, height = size
    noise = random.Random(seed)
    grey = Image.new("L", size)
    grey.putdata(
        [
            noise.randrange(60) + (180 if label == 3 * row // height else 0)
            for row in range(height)
            for _ in range(width)
        ]
    )
    return grey.convert(mode)


def png_of_size(width: int, height: int) -> bytes:
    """A PNG whose header promises so many pixels, and which holds hardly any."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    return start + chunk(b"IDAT", zlib.compress(bytes(64))) + chunk(b"IEND", b"")
