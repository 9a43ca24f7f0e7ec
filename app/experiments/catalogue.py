"""The data sets that networks can be trained on: facts that the API and the trainer share."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from solver.network.schema import Schema, digest

FOLDER: Final = re.compile(r"folder:[A-Za-z0-9_][A-Za-z0-9._-]{0,79}")
"""The name of a data set of a user's own images, after its folder in the data folder."""


class Dataset(Schema):
    """A data set: its images' native side in pixels, their channels, and how many classes.

    ``version`` is part of a run's identity; ``files`` are torchvision's files of the data set.
    """

    name: str
    resolution: int
    channels: int
    classes: int
    version: str
    files: tuple[str, ...] = ()

    def is_present(self, data_dir: Path) -> bool:
        """Whether it is on this machine; a missing data set is downloaded on first use."""
        return all((data_dir / file).is_file() for file in self.files)


def _dataset(name: str, resolution: int, channels: int, files: tuple[str, ...] = ()) -> Dataset:
    return Dataset(
        name=name, resolution=resolution, channels=channels, classes=10, version="1", files=files
    )


def _idx(folder: str) -> tuple[str, ...]:
    kinds = ("images-idx3", "labels-idx1")
    return tuple(
        f"{folder}/raw/{part}-{kind}-ubyte" for part in ("train", "t10k") for kind in kinds
    )


_BATCHES: Final = (
    *(f"data_batch_{number}" for number in range(1, 6)),
    "test_batch",
    "batches.meta",
)

DATASETS: Final[Mapping[str, Dataset]] = {
    dataset.name: dataset
    for dataset in (
        _dataset("digits", 8, 1),
        _dataset("mnist", 28, 1, _idx("MNIST")),
        _dataset("fashion_mnist", 28, 1, _idx("FashionMNIST")),
        _dataset("cifar10", 32, 3, tuple(f"cifar-10-batches-py/{name}" for name in _BATCHES)),
    )
}
"""Every data set by its name; ``digits`` comes with scikit-learn and is always there."""


def content_id(content: Any) -> str:
    """Hash of a document, short enough for an id."""
    return digest(content)[:32]
