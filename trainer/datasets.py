"""Data sets that networks are trained on, each in three fixed splits.

A data set's own test split is its test split. Validation is 5,000 images or a tenth of the training
split, whichever is fewer; it, and the fifth of ``digits`` that is its test split, are drawn
stratified by class with a fixed seed.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from app.catalogue import DATASETS
from trainer.errors import RunFailed
from trainer.images import Images, Split
from trainer.vision import datasets

_SPLIT_SEED: Final = 0


class DatasetMissing(RunFailed):
    """A data set is neither on this machine nor to be had."""


class _Source(NamedTuple):
    """Where a data set comes from: ``read`` gives its training and its test split."""

    files: str
    read: Callable[[Path], tuple[Split, Split]]


@lru_cache(maxsize=2)
def load(name: str, data_dir: Path) -> Images:
    """Load a data set at its native resolution; torchvision downloads what is missing.

    Parameters
    ----------
    name
        One of :data:`app.catalogue.DATASETS`.
    data_dir
        The ``root`` of torchvision's data sets. ``digits`` needs none.

    Raises
    ------
    DatasetMissing
        It is not there and cannot be downloaded, or its name is unknown.
    """
    if name not in _SOURCES:
        raise DatasetMissing(f"There is no data set '{name}'; known are {', '.join(_SOURCES)}.")
    dataset, (files, read) = DATASETS[name], _SOURCES[name]
    try:
        training, test = read(data_dir)
    except (RuntimeError, OSError) as error:
        raise DatasetMissing(
            f"The data set '{name}' is not in {data_dir} and could not be downloaded ({error}); "
            f"put {files} there."
        ) from error
    train, validation = _divided(training, min(5_000, len(training) // 10))
    return Images(dataset, dataset.resolution, train, validation, test)


def _divided(split: Split, held_out: int) -> tuple[Split, Split]:
    """Hold out so many images, of each class its share."""
    kept, held = train_test_split(
        np.arange(len(split)),
        test_size=held_out,
        stratify=split.labels.numpy(),
        random_state=_SPLIT_SEED,
    )
    return split[torch.as_tensor(kept)], split[torch.as_tensor(held)]


def _read_digits(_: Path) -> tuple[Split, Split]:
    """Read scikit-learn's digits, their 17 greys (0 to 16) scaled to 0 to 255."""
    digits = load_digits()
    images_NHW = torch.as_tensor(digits.images * 255 / 16).round().byte()
    whole = Split(images_NHW.unsqueeze(1), torch.as_tensor(digits.target, dtype=torch.int64))
    return _divided(whole, len(whole) // 5)


def _read_torchvision(loader: Callable[..., Any], data_dir: Path) -> tuple[Split, Split]:
    training, test = (loader(data_dir, train=train, download=True) for train in (True, False))
    return _split(training), _split(test)


def _split(loaded: Any) -> Split:
    """Take the arrays of a torchvision data set: NHW where it is grey, else NHWC."""
    images = torch.as_tensor(loaded.data)
    images_NCHW = images.unsqueeze(1) if images.ndim == 3 else images.permute(0, 3, 1, 2)
    return Split(images_NCHW.contiguous(), torch.as_tensor(loaded.targets, dtype=torch.int64))


_IDX: Final = "raw/ with the files train-images-, train-labels-, t10k-images- and t10k-labels-idx*"
_SOURCES: Final[Mapping[str, _Source]] = {
    "digits": _Source("nothing (scikit-learn brings it)", _read_digits),
    "mnist": _Source(f"MNIST/{_IDX}", partial(_read_torchvision, datasets.MNIST)),
    "fashion_mnist": _Source(
        f"FashionMNIST/{_IDX}", partial(_read_torchvision, datasets.FashionMNIST)
    ),
    "cifar10": _Source(
        "cifar-10-batches-py/ (what is in cifar-10-python.tar.gz)",
        partial(_read_torchvision, datasets.CIFAR10),
    ),
}
