"""The data sets that networks can be trained on."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.errors import Fault, RefusedError
from app.experiments import folders
from app.experiments.catalogue import DATASETS, Dataset
from app.schemas.datasets import DatasetPage, DatasetView, FaultyDatasetView
from app.schemas.requests import NO_DATASET


@dataclass(frozen=True)
class DatasetOrFaults:
    """A data set, or why there is none."""

    dataset: Dataset | None
    faults: tuple[str, ...] = ()

    def or_refused(self) -> Dataset:
        """Return the data set.

        Raises
        ------
        RefusedError
            There is none.
        """
        if self.dataset is None:
            raise RefusedError(*(Fault("#/dataset", fault) for fault in self.faults))
        return self.dataset


def names(data_dir: Path) -> list[str]:
    """The names of all data sets, also of folders that cannot be used; no image is read."""
    return [*DATASETS, *folders.names(data_dir)]


def known(data_dir: Path) -> DatasetPage:
    """All data sets, and which of them lie in a folder (``torchvision``'s ``root``).

    Only the headers of users' images are read.
    """
    items: list[DatasetView | FaultyDatasetView] = [
        DatasetView(
            name=dataset.name,
            resolution=dataset.resolution,
            channels=dataset.channels,
            classes=dataset.classes,
            present=dataset.is_present(data_dir),
        )
        for dataset in DATASETS.values()
    ]
    looked_at = [folders.look(data_dir, name, thorough=False) for name in folders.names(data_dir)]
    items += [_view(folder) for folder in looked_at if folder and folder.holds_images]
    return DatasetPage(items=items)


def find(data_dir: Path, name: str) -> DatasetOrFaults:
    """Look up a data set; users' images are read whole, unless they have not changed."""
    if name in DATASETS:
        return DatasetOrFaults(DATASETS[name])
    folder = folders.look(data_dir, name, thorough=True)
    if folder is None:
        return DatasetOrFaults(None, (NO_DATASET,))
    if folder.faults:
        return DatasetOrFaults(None, tuple(f"{name}: {fault}" for fault in folder.faults))
    return DatasetOrFaults(folder.dataset)


def _view(folder: folders.Folder) -> DatasetView | FaultyDatasetView:
    about: dict[str, Any] = {
        "name": folder.name,
        "resolution": folder.resolution,
        "channels": folder.channels,
        "classes": len(folder.classes),
        "present": True,
    }
    if folder.faults:
        return FaultyDatasetView(**about, faults=folder.faults)
    return DatasetView(**about)
