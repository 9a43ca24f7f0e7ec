"""What networks can be trained on: facts that the API and the trainer share."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from solver.architecture import Schema, digest


class Dataset(Schema):
    """A data set: its images' native side in pixels, their channels, and how many classes.

    ``version`` is part of a run's identity; ``marker`` is a folder that torchvision keeps it in.
    """

    name: str
    resolution: int
    channels: int
    classes: int
    version: str
    marker: str | None = None

    def is_present(self, data_dir: Path) -> bool:
        """Whether it is on this machine; what is not is downloaded on first use."""
        return self.marker is None or (data_dir / self.marker).is_dir()


def _dataset(name: str, resolution: int, channels: int, marker: str | None) -> Dataset:
    return Dataset(
        name=name, resolution=resolution, channels=channels, classes=10, version="1", marker=marker
    )


DATASETS: Final[Mapping[str, Dataset]] = {
    dataset.name: dataset
    for dataset in (
        _dataset("digits", 8, 1, None),
        _dataset("mnist", 28, 1, "MNIST/raw"),
        _dataset("fashion_mnist", 28, 1, "FashionMNIST/raw"),
        _dataset("cifar10", 32, 3, "cifar-10-batches-py"),
    )
}
"""Every data set by its name; ``digits`` comes with scikit-learn and is always there."""


def content_id(content: Any) -> str:
    """Hash of a document, short enough for an id."""
    return digest(content)[:32]
