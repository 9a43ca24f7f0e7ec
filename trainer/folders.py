"""A user's own images: decoded at their native sizes, then resized directly to squares.

N images of a folder, C channels, H height, W width.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np
import PIL
import torch
from torch import Tensor

from app.experiments import pictures
from app.experiments.catalogue import Dataset, content_id
from app.experiments.folders import MOST_TOLD, Folder, Picture, shown
from app.experiments.pictures import BrokenError
from trainer.cache import Disk
from trainer.errors import RunFailed
from trainer.images import Images, Split, squared
from trainer.splits import SPLIT_VERSION, held_out, validation_size

_DECODE_VERSION: Final = 1
"""Changes when the same files are decoded to other pixels."""
_MOST_KEPT: Final = 1 << 29
"""Most bytes of decoded images kept in memory; a larger folder is decoded for each resolution."""
_DECODED_AT_ONCE: Final = 1 << 26
"""Most bytes of images decoded at once; an image that is larger is decoded alone."""


class BrokenImage(RunFailed):
    """Some files cannot be decoded; the text names them."""

    kind = "broken_image"


class DatasetChanged(RunFailed):
    """The data have changed since the job was posted."""

    kind = "dataset_changed"


@dataclass(frozen=True, eq=False)
class FolderImages:
    """The native images of a folder, decoded when they are first needed.

    ``splits`` holds the positions of the training, validation and test images.
    """

    dataset: Dataset
    data_dir: Path
    pictures: tuple[Picture, ...]
    splits: tuple[Tensor, Tensor, Tensor]
    disk: Disk
    _decoded: dict[int, Tensor] = field(default_factory=dict)

    @cached_property
    def nbytes(self) -> int:
        """Bytes that stay in memory once all images are decoded."""
        native = sum(self._nbytes(picture) for picture in self.pictures)
        return native if native <= _MOST_KEPT else 0

    @cached_property
    def content(self) -> str:
        """Hash of the files, and of how they are decoded and split."""
        versions = [SPLIT_VERSION, _DECODE_VERSION, PIL.__version__]
        return content_id([self.dataset.version, self.dataset.channels, *versions])

    def at(self, resolution: int) -> Images:
        """Resize all images to squares: bilinear, antialiased, rounded to uint8.

        Raises
        ------
        BrokenImage
            Some images cannot be decoded.
        DatasetChanged
            A file has changed since the folder was read.
        """
        shape = (len(self.pictures), self.dataset.channels, resolution, resolution)
        images_NCHW = torch.empty(shape, dtype=torch.uint8)
        broken: list[str] = []
        for positions in self._batches():
            natives = [self._native(position, broken) for position in positions]
            if not broken:
                images_NCHW[positions] = squared(torch.stack(natives), resolution)
            elif len(broken) > MOST_TOLD:
                break
        if broken:
            raise BrokenImage(told(self.dataset.name, broken))
        labels_N = torch.tensor([picture.label for picture in self.pictures])
        whole = Split(images_NCHW, labels_N)
        train, validation, test = (whole[positions] for positions in self.splits)
        return Images(self.dataset, resolution, train, validation, test)

    def _nbytes(self, picture: Picture) -> int:
        return picture.header.width * picture.header.height * self.dataset.channels

    def _batches(self) -> Iterator[list[int]]:
        """Yield positions of images of one shape, as many as may be decoded at once."""
        alike: dict[tuple[int, int], list[int]] = defaultdict(list)
        for position, picture in enumerate(self.pictures):
            alike[picture.header.height, picture.header.width].append(position)
        for positions in alike.values():
            at_once = max(1, _DECODED_AT_ONCE // self._nbytes(self.pictures[positions[0]]))
            for start in range(0, len(positions), at_once):
                yield positions[start : start + at_once]

    def _native(self, position: int, broken: list[str]) -> Tensor:
        """Decode an image (CHW) or return the kept one; report a broken one in ``broken``."""
        if position in self._decoded:
            return self._decoded[position]
        picture = self.pictures[position]
        try:
            image_CHW = decoded(self._bytes(picture), self.dataset.channels)
        except BrokenError as error:
            broken.append(f"{shown(picture.place)} {error}")
            return torch.empty(0)
        if self.nbytes:
            self._decoded[position] = image_CHW
        return image_CHW

    def _bytes(self, picture: Picture) -> bytes:
        """Read a file, and check that it has not changed since the folder was read."""
        name = self.dataset.name
        changed = f"The data set '{name}' has changed since it was read: {shown(picture.place)}"
        try:
            data = pictures.read(self.data_dir, (name.removeprefix("folder:"), *picture.place))
        except (OSError, BrokenError) as error:
            raise DatasetChanged(f"{changed} {pictures.reason(error)}.") from error
        if sha256(data).digest() != picture.header.digest:
            raise DatasetChanged(f"{changed} has another content.")
        return data


def source(folder: Folder, data_dir: Path, disk: Disk) -> FolderImages:
    """Split a folder without faults: a fifth for test, a tenth of the rest for validation."""
    labels_N = torch.tensor([picture.label for picture in folder.pictures])
    classes = len(folder.classes)
    rest, test = held_out(labels_N, len(labels_N) // 5)
    train, validation = held_out(labels_N[rest], max(classes, validation_size(len(rest))))
    splits = (rest[train], rest[validation], test)
    return FolderImages(folder.dataset, data_dir, folder.pictures, splits, disk)


def decoded(data: bytes, channels: int) -> Tensor:
    """Decode an image (CHW, uint8); a grey one is repeated for every channel.

    Transparency is dropped, and 16 bits are rounded to 8.

    Raises
    ------
    app.experiments.pictures.BrokenError
        It cannot be decoded.
    """
    with pictures.image_in(BytesIO(data)) as image:
        if image.mode.startswith("I"):
            pixels = ((np.asarray(image).astype(np.int64) + 128) // 257).astype(np.uint8)
        elif image.mode in pictures.GREY_MODES:
            pixels = np.array(image.convert("L"))
        else:
            # Via RGBA: Pillow warns when it drops the transparency of a palette.
            opaque = image.convert("RGBA") if image.mode == "P" else image
            pixels = np.array(opaque.convert("RGB"))
    if pixels.ndim == 2:
        return torch.from_numpy(pixels).expand(channels, -1, -1).contiguous()
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()


def told(name: str, broken: list[str]) -> str:
    """Name the broken images, or the first of them if there are many."""
    first = "; ".join(broken[:MOST_TOLD])
    more = "; and more" if len(broken) > MOST_TOLD else ""
    return f"The data set '{name}' has broken images: {first}{more}."
