from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from app.experiments import folders, pictures
from app.experiments.pictures import BrokenError
from tests.pictures import Size, picture, write_folder
from tests.trainer.factories import architecture
from trainer.cache import Memory
from trainer.datasets import BrokenImage, DatasetChanged, DatasetMissing, load
from trainer.folders import FolderImages, decoded
from trainer.images import DataMismatch, Images, ResolutionTooHigh, Split, fitted, resized
from trainer.vision import transforms

SHAPES = "folder:shapes"


@pytest.fixture(autouse=True)
def _forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of another test is in memory."""
    monkeypatch.setattr("trainer.images._MEMORY", Memory(1 << 24))
    monkeypatch.setattr("trainer.datasets._LOADED", Memory(1 << 24))


@pytest.fixture
def decodings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Lengths of the files that were decoded."""
    found: list[int] = []

    def count(data: bytes, channels: int) -> torch.Tensor:
        found.append(len(data))
        return decoded(data, channels)

    monkeypatch.setattr("trainer.folders.decoded", count)
    return found


def network(resolution: int = 8, channels: int = 1, classes: int = 3) -> Any:
    layers: list[dict[str, Any]] = [
        {"type": "flatten"},
        {"type": "linear", "out_features": classes},
    ]
    return architecture(layers, resolution, channels)


def whole(images: Images) -> list[Split]:
    return [images.train, images.validation, images.test]


def rows(split: Split) -> list[bytes]:
    return [image.numpy().tobytes() for image in split.images]


def file_of(image: Image.Image, format_: str = "PNG") -> bytes:
    file = BytesIO()
    image.save(file, format_)
    return file.getvalue()


def test_a_folder_is_split_into_a_fifth_for_test_and_a_tenth_of_the_rest(tmp_path: Path) -> None:
    write_folder(tmp_path, each=50)

    images = fitted(load(SHAPES, tmp_path), network())

    assert [len(split) for split in whole(images)] == [108, 12, 30]
    for split in whole(images):
        assert torch.bincount(split.labels).tolist() == [len(split) // 3] * 3
    found = [row for split in whole(images) for row in rows(split)]
    assert len(set(found)) == 150
    natives = [picture(seed, size=(8, 8)).tobytes() for seed in range(150)]
    assert sorted(found) == sorted(natives)


def test_the_fewest_images_make_three_splits_with_each_class(tmp_path: Path) -> None:
    write_folder(tmp_path, each=5)

    images = fitted(load(SHAPES, tmp_path), network())

    assert [len(split) for split in whole(images)] == [9, 3, 3]
    assert all(set(split.labels.tolist()) == {0, 1, 2} for split in whole(images))


def test_the_splits_are_the_same_each_time(tmp_path: Path) -> None:
    write_folder(tmp_path / "a")
    write_folder(tmp_path / "b")

    one = fitted(load(SHAPES, tmp_path / "a"), network())
    other = fitted(load(SHAPES, tmp_path / "b"), network())

    assert [rows(split) for split in whole(one)] == [rows(split) for split in whole(other)]


def test_images_keep_the_class_of_their_folder(tmp_path: Path) -> None:
    root = write_folder(tmp_path, each=10)
    for label, class_ in enumerate(sorted(path.name for path in root.iterdir())):
        for file in (root / class_).iterdir():
            Image.new("L", (8, 8), 10 * label).save(file)

    images = fitted(load(SHAPES, tmp_path), network())

    for split in whole(images):
        assert torch.equal(split.images[:, 0, 0, 0].long(), 10 * split.labels)


@pytest.mark.parametrize("size", [(8, 8), (32, 48), (31, 9)])
def test_images_are_reduced_straight_from_their_own_size(size: Size) -> None:
    image = picture(1, "RGB", size)
    native = torch.from_numpy(np.array(image)).permute(2, 0, 1)

    made = decoded(file_of(image), 3)

    assert torch.equal(made, native)


def test_images_of_all_sizes_become_squares_as_torchvision_makes_them(tmp_path: Path) -> None:
    root = write_folder(tmp_path, modes=["RGB"], sizes=[(32, 48), (9, 31), (20, 20)])
    transform = transforms.Resize((7, 7), antialias=True)

    images = fitted(load(SHAPES, tmp_path), network(7, 3))

    expected = [
        transform(torch.from_numpy(np.array(Image.open(file))).permute(2, 0, 1).float())
        .round()
        .byte()
        .numpy()
        .tobytes()
        for file in root.glob("*/*")
    ]
    found = [row for split in whole(images) for row in rows(split)]
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize(
    ("mode", "pixels"),
    [("1", {0, 255}), ("L", {0, 128, 255}), ("LA", {128}), ("I;16", {0, 1, 2, 128, 255})],
)
def test_greys_are_decoded_to_a_byte_and_repeated_beside_colours(
    mode: str, pixels: set[int]
) -> None:
    if mode == "I;16":
        values = np.array([[0, 128, 257, 385, 386, 514, 128 * 257, 65_535]], np.uint16)
        image = Image.fromarray(values)
    elif mode == "LA":
        image = Image.new("LA", (4, 4), (128, 3))
    else:
        image = Image.new(mode, (4, 1), 0)
        image.putpixel((1, 0), 255)
        if mode == "L":
            image.putpixel((2, 0), 128)

    grey, colour = decoded(file_of(image), 1), decoded(file_of(image), 3)

    assert set(grey.flatten().tolist()) == pixels
    assert grey.dtype == torch.uint8
    assert torch.equal(colour, grey.expand(3, -1, -1))


def test_transparency_is_dropped() -> None:
    colours = Image.new("RGBA", (4, 4), (10, 20, 30, 0))
    palette = Image.new("P", (4, 4), 1)
    palette.putpalette([0, 0, 0, 10, 20, 30])
    palette.info["transparency"] = bytes([255, 0])

    for image in (colours, palette):
        made = decoded(file_of(image), 3)
        assert made[:, 0, 0].tolist() == [10, 20, 30]


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpegs_are_decoded(mode: str) -> None:
    image = Image.new(mode, (9, 7))

    assert decoded(file_of(image, "JPEG"), 3).shape == (3, 7, 9)


def test_greys_and_colours_make_three_channels(tmp_path: Path) -> None:
    write_folder(tmp_path, modes=["L", "RGB"])

    images = fitted(load(SHAPES, tmp_path), network(channels=3))

    assert images.train.images.shape[1:] == (3, 8, 8)
    with pytest.raises(DataMismatch, match="takes 1 channels; the images of folder:shapes have 3"):
        fitted(load(SHAPES, tmp_path), network(channels=1))


def test_the_shortest_side_is_the_highest_resolution(tmp_path: Path) -> None:
    write_folder(tmp_path, sizes=[(12, 40), (40, 11)])
    source = load(SHAPES, tmp_path)

    assert fitted(source, network(11)).resolution == 11
    with pytest.raises(ResolutionTooHigh, match=r"'folder:shapes' have 11×11 pixels"):
        fitted(source, network(12))
    assert fitted(source, network(12), detail=11).resolution == 12


def test_native_images_are_decoded_once(tmp_path: Path, decodings: list[int]) -> None:
    write_folder(tmp_path)

    for resolution in (8, 7, 6, 7):
        fitted(load(SHAPES, tmp_path), network(resolution))

    assert len(decodings) == 18


def test_more_images_than_memory_is_for_are_decoded_for_each_resolution(
    tmp_path: Path, decodings: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_folder(tmp_path, sizes=[(8, 8), (9, 9)])
    plenty = load(SHAPES, tmp_path)
    expected = [rows(split) for split in whole(plenty.at(5))]
    monkeypatch.setattr("trainer.folders._MOST_KEPT", 18 * 72)
    monkeypatch.setattr("trainer.folders._DECODED_AT_ONCE", 200)
    monkeypatch.setattr("trainer.datasets._LOADED", Memory(1 << 24))
    decodings.clear()

    source = load(SHAPES, tmp_path)

    assert isinstance(source, FolderImages)
    assert plenty.nbytes == 9 * (64 + 81)
    assert source.nbytes == 0
    assert [rows(split) for split in whole(resized(source, 5))] == expected
    assert len(decodings) == 18
    resized(source, 6)
    resized(source, 5)
    assert len(decodings) == 36
    assert source._decoded == {}


def test_resized_images_on_disk_need_no_decoding(tmp_path: Path, decodings: list[int]) -> None:
    write_folder(tmp_path / "data")
    cache = tmp_path / "cache"
    first = fitted(load(SHAPES, tmp_path / "data", cache), network(6))
    decodings.clear()
    with pytest.MonkeyPatch.context() as other_process:
        other_process.setattr("trainer.images._MEMORY", Memory(1 << 24))
        other_process.setattr("trainer.datasets._LOADED", Memory(1 << 24))

        again = fitted(load(SHAPES, tmp_path / "data", cache), network(6))

    assert decodings == []
    assert [rows(split) for split in whole(again)] == [rows(split) for split in whole(first)]


def test_a_picture_cut_off_behind_its_header_is_named_when_it_is_decoded(tmp_path: Path) -> None:
    """A JPEG has no checksums: only its decoder sees that the rest is not there."""
    root = write_folder(tmp_path, suffixes=["jpg"], sizes=[(64, 64)])
    for number in (2, 4):
        file = root / "dots" / f"00{number}.jpg"
        file.write_bytes(file.read_bytes()[:-400])

    source = load(SHAPES, tmp_path)

    with pytest.raises(BrokenImage) as broken:
        fitted(source, network())
    assert str(broken.value).startswith(
        "The data set 'folder:shapes' has broken images: dots/002.j"
    )
    assert "; dots/004.jpg is broken (" in str(broken.value)


def test_ten_broken_pictures_are_named(tmp_path: Path) -> None:
    root = write_folder(tmp_path, suffixes=["jpg"], sizes=[(64, 64)])
    for file in root.glob("*/*"):
        file.write_bytes(file.read_bytes()[:-400])

    with pytest.raises(BrokenImage) as broken:
        fitted(load(SHAPES, tmp_path), network())

    assert str(broken.value).count("is broken") == 10
    assert str(broken.value).endswith("; and more.")


def test_broken_files_are_named_before_anything_is_decoded(
    tmp_path: Path, decodings: list[int]
) -> None:
    (write_folder(tmp_path) / "dots" / "003.png").write_bytes(b"")

    with pytest.raises(BrokenImage, match=r"broken images: dots/003\.png is broken, or neither"):
        load(SHAPES, tmp_path)
    assert decodings == []


def test_a_folder_that_is_not_there_is_told_with_where_to_put_it(tmp_path: Path) -> None:
    with pytest.raises(DatasetMissing, match=rf"'{SHAPES}' is not in {tmp_path}; put its images"):
        load(SHAPES, tmp_path, version="abc")


def test_a_folder_that_is_no_data_set_says_why(tmp_path: Path) -> None:
    write_folder(tmp_path, each=4)

    with pytest.raises(DatasetMissing, match=r"is no data set: class bars has 4 images, and each"):
        load(SHAPES, tmp_path)


@pytest.mark.parametrize("name", ["folder:../x", "folder:", "folder:/etc", "../etc", "shapes"])
def test_a_path_is_no_name(tmp_path: Path, name: str) -> None:
    write_folder(tmp_path)

    with pytest.raises(DatasetMissing, match="There is no data set"):
        load(name, tmp_path, version="abc")


def test_images_that_have_changed_since_the_job_was_posted_are_not_trained_on(
    tmp_path: Path,
) -> None:
    root = write_folder(tmp_path)
    posted = folders.look(tmp_path, SHAPES, thorough=True)
    assert posted is not None
    version = posted.dataset.version
    assert load(SHAPES, tmp_path, version=version) is load(SHAPES, tmp_path)

    picture(99, size=(8, 8)).save(root / "dots" / "000.png")

    assert load(SHAPES, tmp_path).dataset.version != version
    with pytest.MonkeyPatch.context() as other_process:
        other_process.setattr("trainer.datasets._LOADED", Memory(1 << 24))
        with pytest.raises(DatasetChanged, match="not what it was when the job was posted"):
            load(SHAPES, tmp_path, version=version)


@pytest.mark.parametrize("change", ["other content", "gone", "a link"])
def test_images_that_change_before_they_are_decoded_are_not_trained_on(
    tmp_path: Path, change: str
) -> None:
    file = write_folder(tmp_path) / "dots" / "000.png"
    source = load(SHAPES, tmp_path)
    if change == "other content":
        picture(99, size=(8, 8)).save(file)
    else:
        file.rename(tmp_path / "elsewhere.png")
        if change == "a link":
            file.symlink_to(tmp_path / "elsewhere.png")

    with pytest.raises(DatasetChanged, match=r"has changed since it was read: dots/000\.png"):
        fitted(source, network())


def test_an_image_of_too_many_pixels_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MOST_PIXELS", 63)

    with pytest.raises(BrokenError, match="has more than 63 pixels"):
        decoded(file_of(picture(0, size=(8, 8))), 1)
