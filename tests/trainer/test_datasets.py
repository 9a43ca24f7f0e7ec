import os
import pickle
import struct
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from app.experiments.catalogue import DATASETS
from trainer import datasets
from trainer.datasets import DatasetChanged, DatasetMissing, load
from trainer.images import Images, Split
from trainer.vision import datasets as torchvision_datasets

SIZES = {"train": 100, "t10k": 20}


def write_idx(path: Path, values: np.ndarray) -> None:
    head = struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape)
    path.write_bytes(head + values.astype(np.uint8).tobytes())


def write_mnist(data_dir: Path, folder: str = "MNIST") -> None:
    raw = data_dir / folder / "raw"
    raw.mkdir(parents=True)
    for part, size in SIZES.items():
        pixels = np.random.default_rng(size).integers(256, size=(size, 28, 28))
        write_idx(raw / f"{part}-images-idx3-ubyte", pixels)
        write_idx(raw / f"{part}-labels-idx1-ubyte", np.arange(size) % 10)


def rows(split: Split) -> list[bytes]:
    return [image.numpy().tobytes() for image in split.images]


def loaded(name: str, data_dir: Path) -> Images:
    return load(name, data_dir).at(DATASETS[name].resolution)


def whole(images: Images) -> list[Split]:
    return [images.train, images.validation, images.test]


def test_digits_are_split_into_a_fifth_for_test_and_a_tenth_of_the_rest(tmp_path: Path) -> None:
    digits = loaded("digits", tmp_path)

    assert [len(split) for split in whole(digits)] == [1295, 143, 359]
    assert digits.train.images.shape[1:] == (1, 8, 8)
    assert digits.train.images.dtype == torch.uint8
    assert digits.train.labels.dtype == torch.int64


def test_the_splits_of_digits_are_disjoint_and_hold_every_image(tmp_path: Path) -> None:
    found = [row for split in whole(loaded("digits", tmp_path)) for row in rows(split)]
    native = np.round(load_digits().images * 255 / 16).astype(np.uint8)

    assert sorted(found) == sorted(image.tobytes() for image in native)
    assert len(set(found)) == len(found)


def test_the_splits_are_the_same_each_time(tmp_path: Path) -> None:
    first = loaded("digits", tmp_path / "a")
    again = loaded("digits", tmp_path / "b")

    assert first is not again
    for one, other in zip(whole(first), whole(again), strict=True):
        assert torch.equal(one.images, other.images)
        assert torch.equal(one.labels, other.labels)


def test_every_class_has_its_share_of_every_split(tmp_path: Path) -> None:
    for split in whole(loaded("digits", tmp_path)):
        shares = torch.bincount(split.labels, minlength=10) / len(split)
        assert shares.min() > 0.09
        assert shares.max() < 0.11


def test_the_greys_of_digits_fill_a_byte(tmp_path: Path) -> None:
    greys = set(loaded("digits", tmp_path).train.images.flatten().tolist())

    assert greys == {round(grey * 255 / 16) for grey in range(17)}


def test_a_data_set_is_read_once(tmp_path: Path) -> None:
    assert load("digits", tmp_path) is load("digits", tmp_path)


@pytest.mark.parametrize(
    ("name", "folder"), [("mnist", "MNIST"), ("fashion_mnist", "FashionMNIST")]
)
def test_files_where_torchvision_keeps_them_are_read(
    tmp_path: Path, name: str, folder: str
) -> None:
    write_mnist(tmp_path, folder)

    images = loaded(name, tmp_path)

    assert [len(split) for split in whole(images)] == [90, 10, 20]
    assert images.train.images.shape[1:] == (1, 28, 28)
    pixels = np.random.default_rng(20).integers(256, size=(20, 28, 28))
    assert torch.equal(images.test.images[:, 0], torch.as_tensor(pixels).byte())
    assert images.test.labels.tolist() == [label % 10 for label in range(20)]


def test_cifar10_is_read_with_channels_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer.vision.datasets.CIFAR10._check_integrity", lambda _: True)
    monkeypatch.setattr("trainer.vision.datasets.CIFAR10._load_meta", lambda _: None)
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    names = [f"data_batch_{number}" for number in range(1, 6)] + ["test_batch"]
    pixels = np.random.default_rng(0).integers(256, size=(20, 3, 32, 32), dtype=np.uint8)
    for name in names:
        batch = {"data": pixels.reshape(20, -1), "labels": [i % 10 for i in range(20)]}
        (folder / name).write_bytes(pickle.dumps(batch))

    images = loaded("cifar10", tmp_path)

    assert [len(split) for split in whole(images)] == [90, 10, 20]
    assert torch.equal(images.test.images, torch.as_tensor(pixels))


def test_a_missing_data_set_names_the_folder_and_what_to_put_there(tmp_path: Path) -> None:
    no_folder = tmp_path / "a file"
    no_folder.touch()

    with pytest.raises(DatasetMissing, match=r"'mnist' is not in .*a file, or not whole, and coul"):
        load("mnist", no_folder)
    with pytest.raises(DatasetMissing, match=r"put MNIST/raw/ with the files train-images-, "):
        load("mnist", no_folder)


class Library:
    """What torchvision does, without its network: it writes file by file, and may be cut off."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.has_network = True
        self.downloads = 0
        known = datasets._KNOWN["mnist"]
        read = partial(datasets._read_torchvision, self._made)
        monkeypatch.setitem(datasets._KNOWN, "mnist", known._replace(read=read))

    def _made(self, root: Path, train: bool = True, download: bool = False) -> Any:
        if download:
            self._download(root)
        return torchvision_datasets.MNIST(root, train=train)

    def _download(self, root: Path) -> None:
        self.downloads += 1
        (root / "MNIST" / "raw").mkdir(parents=True)
        if not self.has_network:
            raise RuntimeError("Error downloading train-images-idx3-ubyte.gz:\nno network")
        (root / "MNIST" / "raw").rmdir()
        write_mnist(root)


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    return Library(monkeypatch)


def test_what_is_missing_is_downloaded_once(tmp_path: Path, library: Library) -> None:
    data_dir = tmp_path / "new"

    assert len(loaded("mnist", data_dir).train) == 90
    assert len(load("mnist", data_dir, tmp_path).at(28).train) == 90

    assert library.downloads == 1
    assert [path.name for path in data_dir.iterdir()] == ["MNIST"]


@pytest.mark.parametrize("damage", ["missing", "short", "empty"])
def test_a_half_downloaded_folder_is_made_whole(
    tmp_path: Path, library: Library, damage: str
) -> None:
    write_mnist(tmp_path)
    file = tmp_path / "MNIST" / "raw" / "t10k-images-idx3-ubyte"
    if damage == "missing":
        file.unlink()
    else:
        os.truncate(file, 1_000 if damage == "short" else 0)

    images = loaded("mnist", tmp_path)

    assert [len(split) for split in whole(images)] == [90, 10, 20]
    assert library.downloads == 1


def test_a_half_downloaded_folder_without_a_network_is_named(
    tmp_path: Path, library: Library
) -> None:
    library.has_network = False
    write_mnist(tmp_path)
    os.truncate(tmp_path / "MNIST" / "raw" / "train-labels-idx1-ubyte", 50)

    with pytest.raises(
        DatasetMissing, match="or not whole, and could not be downloaded"
    ) as missing:
        load("mnist", tmp_path)
    assert f"'mnist' is not in {tmp_path}, " in str(missing.value)

    assert [path.name for path in tmp_path.iterdir()] == ["MNIST"]
    assert len(list((tmp_path / "MNIST" / "raw").iterdir())) == 4


def test_a_data_set_of_another_version_is_refused(tmp_path: Path) -> None:
    load("digits", tmp_path, version="1")

    with pytest.raises(
        DatasetChanged, match=r"'digits' is not what it was .*version 1 instead of 0"
    ):
        load("digits", tmp_path, version="0")


def test_an_unknown_data_set_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(
        DatasetMissing, match="no data set 'imagenet'; known are digits, mnist, fas"
    ):
        load("imagenet", tmp_path)


def test_data_sets_say_what_they_are() -> None:
    cifar10 = DATASETS["cifar10"]

    assert (cifar10.resolution, cifar10.channels, cifar10.classes) == (32, 3, 10)
    assert list(DATASETS) == ["digits", "mnist", "fashion_mnist", "cifar10"]
