"""Data sets that networks are trained on, each in three fixed splits.

A data set keeps its own test split; if it has none, a fifth of its images is drawn. Validation is
5,000 images or a tenth of the training split, whichever is fewer. Both draws are stratified by
class and have a fixed seed.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import torch
from sklearn.datasets import load_digits

from app.experiments import folders
from app.experiments.catalogue import DATASETS, FOLDER
from trainer.cache import Disk, Memory, staging
from trainer.errors import RunFailed
from trainer.folders import BrokenImage, DatasetChanged, source, told
from trainer.images import Images, Source, Split
from trainer.splits import held_out, validation_size
from trainer.vision import datasets

__all__ = ["BrokenImage", "DatasetChanged", "DatasetMissing", "load"]

_Splits: TypeAlias = tuple[Split, Split]
_LOADED: Final[Memory[Source]] = Memory(1 << 30)


class DatasetMissing(RunFailed):
    """A data set is not on this machine and cannot be downloaded."""

    kind = "dataset_missing"


class _Known(NamedTuple):
    """Where a data set comes from; ``read`` returns its training and its test split."""

    files: str
    read: Callable[[Path], _Splits]


def load(
    name: str, data_dir: Path, cache_dir: Path | None = None, version: str | None = None
) -> Source:
    """Load a data set at its native resolution; torchvision downloads what is missing.

    The data set is kept in memory. A folder's images are decoded when they are first resized.

    Parameters
    ----------
    name
        One of :data:`app.experiments.catalogue.DATASETS`, or ``folder:NAME``.
    data_dir
        The ``root`` of torchvision's data sets and of image folders. ``digits`` needs none.
    cache_dir
        Where resized copies are kept.
    version
        The version that the data set must have; any version if it is left out.

    Raises
    ------
    DatasetMissing
        The data set is not there and cannot be downloaded, or its name is unknown.
    BrokenImage
        Some files of a folder are no images.
    DatasetChanged
        The data set has another version.
    """
    found = version or _version(name, data_dir)
    key = (name, data_dir, cache_dir, found)
    return _LOADED.get(key, lambda: _read(name, data_dir, Disk(cache_dir), found))


def _version(name: str, data_dir: Path) -> str:
    return DATASETS[name].version if name in DATASETS else _folder(name, data_dir).dataset.version


def _read(name: str, data_dir: Path, disk: Disk, version: str) -> Source:
    read: Source
    if name in DATASETS:
        _check_version(name, version, DATASETS[name].version)
        read = _images(name, data_dir, disk)
    else:
        folder = _folder(name, data_dir)
        _check_version(name, version, folder.dataset.version)
        read = source(folder, data_dir, disk)
    return read


def _check_version(name: str, wanted: str, there: str) -> None:
    if wanted != there:
        raise DatasetChanged(
            f"The data set '{name}' is not what it was when the job was posted (version {there} "
            f"instead of {wanted}); post the job again to train on what is there now."
        )


def _folder(name: str, data_dir: Path) -> folders.Folder:
    """Look at a user's images.

    Raises
    ------
    DatasetMissing
        There are no images, or they do not make a data set.
    BrokenImage
        Some files are no images.
    """
    if not FOLDER.fullmatch(name):
        raise DatasetMissing(
            f"There is no data set '{name}'; known are {', '.join(DATASETS)} and folder:NAME."
        )
    folder = folders.look(data_dir, name, thorough=True)
    if folder is None:
        place = f"{name.removeprefix('folder:')}/CLASS/"
        raise DatasetMissing(
            f"The data set '{name}' is not in {data_dir}; put its images there, as {place}*.png."
        )
    if folder.misfits:
        raise DatasetMissing(f"'{name}' is no data set: {'; '.join(folder.faults)}.")
    if folder.broken:
        raise BrokenImage(told(name, list(folder.broken)))
    return folder


def _images(name: str, data_dir: Path, disk: Disk) -> Images:
    dataset, (files, read) = DATASETS[name], _KNOWN[name]
    try:
        training, test = read(data_dir)
    except (RuntimeError, OSError) as error:
        raise DatasetMissing(
            f"The data set '{name}' is not in {data_dir}, or not whole, and could not be "
            f"downloaded ({' '.join(str(error).split())}); put {files} there."
        ) from error
    kept, held = held_out(training.labels, validation_size(len(training)))
    splits = (training[kept], training[held], test)
    return Images(dataset, dataset.resolution, *splits, disk=disk)


def _read_digits(_: Path) -> _Splits:
    """Read scikit-learn's digits, their 17 greys (0 to 16) scaled to 0 to 255."""
    digits = load_digits()
    images_NHW = torch.as_tensor(digits.images * 255 / 16).round().byte()
    whole = Split(images_NHW.unsqueeze(1), torch.as_tensor(digits.target, dtype=torch.int64))
    kept, held = held_out(whole.labels, len(whole) // 5)
    return whole[kept], whole[held]


def _read_torchvision(loader: Callable[..., Any], data_dir: Path) -> _Splits:
    """Read the files that are there; download all if one is missing or half-written."""
    try:
        return _split(loader, data_dir, train=True), _split(loader, data_dir, train=False)
    except Exception:  # torchvision raises whatever its readers stumble over
        _download(loader, data_dir)
    return _split(loader, data_dir, train=True), _split(loader, data_dir, train=False)


def _split(loader: Callable[..., Any], data_dir: Path, *, train: bool) -> Split:
    """Convert the arrays of a torchvision data set, which are NHW if it is grey, else NHWC."""
    loaded = loader(data_dir, train=train)
    images = torch.as_tensor(loaded.data)
    labels = torch.as_tensor(loaded.targets, dtype=torch.int64)
    if len(images) != len(labels):
        raise RuntimeError(f"{len(images)} images and {len(labels)} labels")
    images_NCHW = images.unsqueeze(1) if images.ndim == 3 else images.permute(0, 3, 1, 2)
    return Split(images_NCHW.contiguous(), labels)


def _download(loader: Callable[..., Any], data_dir: Path) -> None:
    """Download elsewhere, then move whole files into place: several processes may do so at once."""
    with staging(data_dir) as temporary:
        loader(temporary, download=True)
        for path in temporary.rglob("*"):
            if path.is_file():
                target = data_dir / path.relative_to(temporary)
                target.parent.mkdir(parents=True, exist_ok=True)
                path.replace(target)


_IDX: Final = "raw/ with the files train-images-, train-labels-, t10k-images- and t10k-labels-idx*"
_KNOWN: Final[Mapping[str, _Known]] = {
    "digits": _Known("nothing (scikit-learn brings it)", _read_digits),
    "mnist": _Known(f"MNIST/{_IDX}", partial(_read_torchvision, datasets.MNIST)),
    "fashion_mnist": _Known(
        f"FashionMNIST/{_IDX}", partial(_read_torchvision, datasets.FashionMNIST)
    ),
    "cifar10": _Known(
        "cifar-10-batches-py/ (what is in cifar-10-python.tar.gz)",
        partial(_read_torchvision, datasets.CIFAR10),
    ),
}
