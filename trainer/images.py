"""Images of a data set at one resolution, and whether a network can take them.

N images of a split, C channels, H height, W width.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Protocol

import torch
from torch import Tensor

from app.experiments.catalogue import Dataset
from app.experiments.fitting import misfits
from solver.network.architecture import Architecture
from trainer.cache import NOWHERE, Disk, Memory, checksum_of
from trainer.errors import RunFailed, sentence
from trainer.splits import subset
from trainer.vision import transforms

RESIZE_VERSION: Final = 1
"""Changes when the same images are resized to other pixels."""
_VALUES_AT_ONCE: Final = 1 << 22
"""Most values (pixels × channels) that are resized at once, as floats."""


class ResolutionTooHigh(RunFailed):
    """The resolution is above that of the images: pixels would have to be made up."""

    kind = "resolution_too_high"


class DataMismatch(RunFailed):
    """The network, or what the run asks of its data, does not fit the data set."""

    kind = "data_mismatch"


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


class Source(Protocol):
    """A data set's native images, with what resizing needs to know of them."""

    @property
    def dataset(self) -> Dataset:
        """The data set."""

    @property
    def disk(self) -> Disk:
        """Where resized copies are kept."""

    @property
    def content(self) -> str:
        """Hash of what resized copies are made from; how they are resized is no part of it."""

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""

    def at(self, resolution: int) -> "Images":
        """Resize all images to squares: bilinear, antialiased, rounded to uint8."""


@dataclass(frozen=True, eq=False)
class Images:
    """A data set's splits at one resolution, from which smaller images can be made.

    Instances are compared by identity, so that caches can hold them.
    """

    dataset: Dataset
    resolution: int
    train: Split
    validation: Split
    test: Split
    disk: Disk = NOWHERE

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return sum(tensor.nbytes for tensor in _tensors(self).values())

    @cached_property
    def content(self) -> str:
        """Hash of the images, and of their splits."""
        return checksum_of(_tensors(self))

    def at(self, resolution: int) -> "Images":
        """Resize all images to squares: bilinear, antialiased, rounded to uint8."""
        if resolution == self.resolution:
            return self
        train, validation, test = (
            Split(squared(split.images, resolution), split.labels)
            for split in (self.train, self.validation, self.test)
        )
        return Images(self.dataset, resolution, train, validation, test)


_MEMORY: Final[Memory[Images]] = Memory(1 << 30)


def fitted(
    source: Source,
    architecture: Architecture,
    *,
    detail: int | None = None,
    training_images: int | None = None,
) -> Images:
    """Return the images at the resolution that a network takes.

    Parameters
    ----------
    detail
        The control experiment with upsampled input: images are reduced to this resolution, then
        enlarged to the network's, which may be above their native one.
    training_images
        How many training images are used, each class by its share; smaller subsets are part of
        larger ones. The other splits stay whole.

    Raises
    ------
    DataMismatch
        The network takes another number of channels, its output is not one value a class,
        ``detail`` is above its resolution, or there are fewer training images than asked for.
    ResolutionTooHigh
        The network's resolution, or ``detail`` if it is given, is above that of the images.
    trainer.folders.BrokenImage, trainer.folders.DatasetChanged
        Images that are decoded only now are broken, or have changed.
    """
    _check_network(architecture, source.dataset)
    images = resized(source, architecture.resolution, detail)
    if training_images is None or training_images == len(images.train):
        return images
    if not 0 < training_images < len(images.train):
        raise DataMismatch(
            f"The run asks for {training_images:,} training images, but '{source.dataset.name}' "
            f"has {len(images.train):,}; it takes 1 to {len(images.train):,}."
        )
    chosen = subset(images.train.labels, training_images)
    return replace(images, train=images.train[chosen])


def resized(source: Source, resolution: int, detail: int | None = None) -> Images:
    """Resize all images, first to ``detail`` if given; keep the result in memory and on disk.

    Raises
    ------
    DataMismatch
        ``detail`` is above the resolution.
    ResolutionTooHigh
        The resolution, or ``detail`` if it is given, is above that of the images.
    """
    kept = resolution if detail is None else detail
    if not 0 < kept <= resolution:
        raise DataMismatch(
            f"Images of {kept}×{kept} pixels cannot be enlarged to {resolution}×{resolution}."
        )
    native = source.dataset.resolution
    if kept > native:
        raise ResolutionTooHigh(
            f"The images of '{source.dataset.name}' have {native}×{native} pixels; a resolution of "
            f"{kept} would have to make pixels up."
        )
    if isinstance(source, Images) and source.resolution == kept == resolution:
        return source
    key = (source.dataset, source.content, resolution, kept)
    return _MEMORY.get(key, lambda: _stored(source, resolution, kept))


def squared(images_NCHW: Tensor, resolution: int) -> Tensor:
    """Resize images of any shape to squares: bilinear, antialiased, rounded to uint8."""
    _, channels, height, width = images_NCHW.shape
    at_once = max(1, _VALUES_AT_ONCE // (channels * height * width))
    # As floats: whether torchvision resizes uint8 in integer arithmetic depends on the CPU.
    chunks = [
        transforms.functional.resize(images.float(), [resolution, resolution], antialias=True)
        .round()
        .clamp(0, 255)
        .byte()
        for images in torch.split(images_NCHW, at_once)
    ]
    return torch.cat(chunks)


def _stored(source: Source, resolution: int, detail: int) -> Images:
    """Return resized images from the disk; make and store them if they are not there."""
    made_from = {
        "content": source.content,
        "resolution": resolution,
        "detail": detail,
        "version": RESIZE_VERSION,
        "torch": torch.__version__,  # other versions may round differently
    }
    tensors = source.disk.get(made_from)
    if tensors is not None:
        return _images(source.dataset, resolution, tensors)
    smaller = source if detail == resolution else resized(source, detail)
    images = smaller.at(resolution)
    source.disk.put(made_from, _tensors(images))
    return images


def _check_network(architecture: Architecture, dataset: Dataset) -> None:
    for misfit in misfits(architecture, dataset):
        raise DataMismatch(sentence(misfit))


def _tensors(images: Images) -> dict[str, Tensor]:
    splits = {"train": images.train, "validation": images.validation, "test": images.test}
    return {
        f"{name}.{part}": tensor
        for name, split in splits.items()
        for part, tensor in (("images", split.images), ("labels", split.labels))
    }


def _images(dataset: Dataset, resolution: int, tensors: Mapping[str, Tensor]) -> Images:
    train, validation, test = (
        Split(tensors[f"{name}.images"], tensors[f"{name}.labels"])
        for name in ("train", "validation", "test")
    )
    return Images(dataset, resolution, train, validation, test)
