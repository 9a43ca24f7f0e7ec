"""Images of a data set at one resolution, and whether a network can take them.

N images of a split, C channels, H height, W width.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import torch
from torch import Tensor

from app.catalogue import Dataset
from solver.architecture import Architecture
from solver.counting import shapes
from trainer.errors import RunFailed
from trainer.vision import transforms

_RESIZED_AT_ONCE: Final = 4_096


class ResolutionTooHigh(RunFailed):
    """A resolution above that of the images, which would have to be made up."""


class DataMismatch(RunFailed):
    """A network whose input or output does not fit the data set."""


@dataclass(frozen=True, eq=False)
class Split:
    """Images (NCHW, uint8: 0 to 255) with their classes (N, int64)."""

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: Tensor) -> "Split":
        return Split(self.images[index], self.labels[index])

    def to(self, device: torch.device) -> "Split":
        """Move to a device."""
        return Split(self.images.to(device), self.labels.to(device))


@dataclass(frozen=True, eq=False)
class Images:
    """A data set's splits at one resolution; compared by identity, so that caches can hold it."""

    dataset: Dataset
    resolution: int
    train: Split
    validation: Split
    test: Split


@lru_cache(maxsize=8)
def resized(images: Images, resolution: int) -> Images:
    """Reduce all images (bilinear, antialiased), rounded to uint8.

    Raises
    ------
    ResolutionTooHigh
        The resolution is above that of the images.
    """
    if resolution > images.resolution:
        raise ResolutionTooHigh(
            f"The images of '{images.dataset.name}' have {images.resolution}×{images.resolution} "
            f"pixels; a resolution of {resolution} would have to make pixels up."
        )
    if resolution == images.resolution:
        return images
    splits = (images.train, images.validation, images.test)
    return Images(images.dataset, resolution, *(_reduced(split, resolution) for split in splits))


def fitted(images: Images, architecture: Architecture) -> Images:
    """Give the images as a network takes them.

    Raises
    ------
    DataMismatch
        The network takes other channels, or its output is not one value a class.
    ResolutionTooHigh
        It takes images larger than these.
    """
    dataset, output = images.dataset, shapes(architecture)[-1]
    if architecture.input.channels != dataset.channels:
        raise DataMismatch(
            f"The network takes images of {architecture.input.channels} channels, but those of "
            f"'{dataset.name}' have {dataset.channels}."
        )
    if output != (dataset.classes,):
        raise DataMismatch(
            f"The network gives {'×'.join(map(str, output))} outputs, but '{dataset.name}' has "
            f"{dataset.classes} classes; it takes one output each, behind a flatten layer."
        )
    return resized(images, architecture.input.resolution)


def _reduced(split: Split, resolution: int) -> Split:
    # As floats: whether torchvision resizes uint8 in integer arithmetic depends on the CPU.
    chunks = [
        transforms.functional.resize(images.float(), [resolution, resolution], antialias=True)
        .round()
        .clamp(0, 255)
        .byte()
        for images in torch.split(split.images, _RESIZED_AT_ONCE)
    ]
    return Split(torch.cat(chunks), split.labels)
