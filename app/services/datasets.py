"""The data sets that networks can be trained on."""

from pathlib import Path

from app.catalogue import DATASETS
from solver.architecture import Schema


class DatasetView(Schema):
    """A data set, and whether this machine has it."""

    name: str
    resolution: int
    channels: int
    classes: int
    present: bool


class DatasetPage(Schema):
    """All data sets."""

    items: list[DatasetView]
    next: None = None


def known(data_dir: Path) -> DatasetPage:
    """All data sets, and which of them lie in a folder (``torchvision``'s ``root``)."""
    items = [
        DatasetView(
            name=dataset.name,
            resolution=dataset.resolution,
            channels=dataset.channels,
            classes=dataset.classes,
            present=dataset.is_present(data_dir),
        )
        for dataset in DATASETS.values()
    ]
    return DatasetPage(items=items)
