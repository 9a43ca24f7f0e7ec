import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from app.experiments import folders, pictures
from app.experiments.folders import Folder, look, names
from app.experiments.pictures import Header, verified
from tests.pictures import picture, png_of_size, write_folder


def seen(data_dir: Path, name: str = "folder:shapes", thorough: bool = True) -> Folder:
    folder = look(data_dir, name, thorough=thorough)
    assert folder is not None
    return folder


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are read whole."""
    found: list[str] = []

    def count(data: bytes) -> Header:
        found.append("read")
        return verified(data)

    monkeypatch.setattr(folders, "verified", count)
    return found


def test_a_folder_of_images_is_a_data_set(tmp_path: Path) -> None:
    write_folder(tmp_path, each=7)

    folder = seen(tmp_path)

    assert folder.faults == []
    assert folder.classes == ("bars", "dots", "rings")
    assert [picture.label for picture in folder.pictures] == [0] * 7 + [1] * 7 + [2] * 7
    assert folder.pictures[8].place == ("dots", "001.png")
    dataset = folder.dataset
    assert (dataset.name, dataset.resolution, dataset.channels) == ("folder:shapes", 8, 1)
    assert dataset.classes == 3


def test_classes_and_files_are_in_the_order_of_torchvision_s_image_folder(tmp_path: Path) -> None:
    root = write_folder(tmp_path, classes=("b", "B", "a", "10", "9"))
    (root / "a" / "deeper").mkdir()
    picture(0).save(root / "a" / "deeper" / "x.png")

    folder = seen(tmp_path)

    assert folder.classes == ("10", "9", "B", "a", "b")
    assert ("a", "deeper", "x.png") in [picture.place for picture in folder.pictures]


def test_the_native_resolution_is_the_shortest_side_of_all_images(tmp_path: Path) -> None:
    write_folder(tmp_path, sizes=[(32, 48), (40, 31), (50, 50)])

    assert seen(tmp_path).resolution == 31


@pytest.mark.parametrize(
    ("modes", "channels"),
    [
        (["L"], 1),
        (["L", "1", "LA", "I;16"], 1),
        (["L", "RGB"], 3),
        (["RGBA"], 3),
        (["P"], 3),
    ],
)
def test_images_have_three_channels_if_any_has_colours(
    tmp_path: Path, modes: list[str], channels: int
) -> None:
    root = write_folder(tmp_path)
    for number, mode in enumerate(modes):
        Image.new(mode, (8, 8)).save(root / "dots" / f"{number:03}.png")

    assert seen(tmp_path).channels == (3 if channels == 3 else 1)


def test_suffixes_may_be_in_capitals_and_the_content_says_what_an_image_is(tmp_path: Path) -> None:
    root = write_folder(tmp_path, suffixes=["png", "jpg", "jpeg"])
    (root / "dots" / "000.png").rename(root / "dots" / "000.PNG")
    picture(0).save(root / "dots" / "001.jpg", format="PNG")
    (root / "dots" / "notes.txt").write_text("about dots")
    (root / "dots" / "._000.png").write_bytes(b"what macOS leaves")
    (root / ".thumbnails").mkdir()
    (root / "loose.png").write_bytes(b"in no class")

    folder = seen(tmp_path)

    assert folder.faults == []
    assert len(folder.pictures) == 18


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda data: data[: len(data) // 2], r"is broken \(.*[Tt]runcated"),
        (lambda data: data[:-12], r"is broken \(truncated PNG file\)"),
        (lambda data: data[:60] + bytes([data[60] ^ 1]) + data[61:], r"is broken \(.*checksum"),
        (lambda data: b"", "is broken, or neither a PNG nor a JPEG image"),
        (lambda data: b"GIF89a" + data[6:], "is broken, or neither a PNG nor a JPEG image"),
        (lambda data: png_of_size(5_001, 5_000), "has more than 25,000,000 pixels"),
        (lambda data: png_of_size(10_000, 10_000), "has more than 25,000,000 pixels"),
        (lambda data: png_of_size(200_000, 200_000), "has more than 25,000,000 pixels"),
    ],
)
def test_a_broken_file_is_named_with_the_reason(
    tmp_path: Path, damage: object, reason: str
) -> None:
    assert callable(damage)
    file = write_folder(tmp_path) / "dots" / "003.png"
    file.write_bytes(damage(file.read_bytes()))

    (fault,) = seen(tmp_path).faults

    assert fault.startswith("dots/003.png ")
    assert re.search(reason, fault), fault


def test_ten_faults_are_told_and_how_many_more_there_are(tmp_path: Path) -> None:
    for file in (write_folder(tmp_path) / "dots").glob("*"):
        file.write_bytes(b"no image")
    for file in (tmp_path / "shapes" / "bars").glob("*"):
        file.write_bytes(b"no image")

    faults = seen(tmp_path).faults

    assert faults[0] == "bars/000.png is broken, or neither a PNG nor a JPEG image"
    assert len(faults) == 11
    assert faults[-1] == "and 2 more faults"


def test_a_class_without_enough_images_is_named(tmp_path: Path) -> None:
    root = write_folder(tmp_path)
    (root / "empty").mkdir()
    for number in range(2, 6):
        (root / "dots" / f"00{number}.png").unlink()

    assert seen(tmp_path).faults == [
        "class dots has 2 images, and each needs at least 5 for the three splits",
        "class empty has no images, and each needs at least 5 for the three splits",
    ]


def test_one_class_is_no_data_set(tmp_path: Path) -> None:
    write_folder(tmp_path, classes=["all"])

    assert "at least 2 class folders are needed, and it has 1" in seen(tmp_path).faults[0]


def test_images_of_other_formats_are_not_passed_over(tmp_path: Path) -> None:
    (write_folder(tmp_path) / "dots" / "more.WebP").touch()

    assert seen(tmp_path).faults == [
        "dots/more.WebP is neither PNG nor JPEG; convert it or remove it"
    ]


def test_links_are_named_and_not_followed(tmp_path: Path) -> None:
    elsewhere = write_folder(tmp_path / "elsewhere", "private")
    root = write_folder(tmp_path / "data")
    (root / "class").symlink_to(elsewhere / "dots")
    (root / "dots" / "file.png").symlink_to(elsewhere / "dots" / "000.png")
    (root / "dots" / "folder").symlink_to(elsewhere)
    (root / "dots" / "nowhere.png").symlink_to("nowhere")

    folder = seen(tmp_path / "data")

    assert folder.faults == [
        f"{name} is a link, and links are not followed"
        for name in ("class", "dots/file.png", "dots/folder", "dots/nowhere.png")
    ]
    assert folder.classes == ("bars", "dots", "rings")
    assert len(folder.pictures) == 18


def test_what_is_put_behind_a_link_while_a_folder_is_looked_at_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Class and file are swapped for links between listing and reading."""
    elsewhere = write_folder(tmp_path / "elsewhere", "private")
    root = write_folder(tmp_path / "data")
    misfits = folders._misfits

    def swap(*given: object) -> object:
        shutil.rmtree(root / "dots")
        (root / "dots").symlink_to(elsewhere / "dots")
        (root / "bars" / "000.png").unlink()
        (root / "bars" / "000.png").symlink_to(elsewhere / "bars" / "000.png")
        return misfits(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(folders, "_misfits", swap)

    folder = seen(tmp_path / "data")

    assert len(folder.broken) == 1 + 6
    assert all("cannot be read (" in broken for broken in folder.broken)
    assert len(folder.pictures) == 5 + 6


def test_a_pipe_with_the_name_of_an_image_is_refused_without_waiting(tmp_path: Path) -> None:
    root = write_folder(tmp_path)
    os.mkfifo(root / "dots" / "pipe.png")

    assert seen(tmp_path).faults == ["dots/pipe.png is no file"]


def test_a_file_of_enormous_length_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "MOST_BYTES", 2_000)
    with (write_folder(tmp_path) / "dots" / "000.png").open("ab") as file:
        file.truncate(2_001)

    assert seen(tmp_path).faults == ["dots/000.png has more than 2,000 bytes"]


def test_names_that_cannot_be_printed_are_told_as_escapes(tmp_path: Path) -> None:
    root = write_folder(tmp_path)
    (root / "dots" / "a\n\udcff.png").write_bytes(b"")

    assert seen(tmp_path).faults == [
        r"dots/a\n\udcff.png is broken, or neither a PNG nor a JPEG image",
    ]
    (root / "dots" / "a\n\udcff.png").write_bytes((root / "dots" / "000.png").read_bytes())
    assert seen(tmp_path).dataset.version


def test_names_are_those_of_plain_folders_in_the_data_folder(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    for name in ("cats", "Cats-2.0_b", "_", "x" * 80):
        (data_dir / name).mkdir(parents=True)
    for name in (".hidden", "two words", "Katzen-ä", "-dash", "x" * 81, "MNIST", "FashionMNIST"):
        (data_dir / name).mkdir()
    (data_dir / "cifar-10-batches-py").mkdir()
    (data_dir / "file").touch()
    (data_dir / "link").symlink_to(data_dir / "cats")

    assert names(data_dir) == [f"folder:{name}" for name in ("Cats-2.0_b", "_", "cats", "x" * 80)]


def test_without_a_data_folder_there_are_no_names(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert names(tmp_path / "nowhere") == names(tmp_path / "file") == []


@pytest.mark.parametrize(
    "name",
    [
        "..",
        ".",
        "",
        "/",
        "../data/shapes",
        "shapes/",
        "shapes/../shapes",
        "link",
        "shapes\n",
        "Shapes",
    ],
)
def test_what_is_no_name_leads_nowhere(tmp_path: Path, name: str) -> None:
    write_folder(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path / "shapes")

    assert look(tmp_path, f"folder:{name}", thorough=True) is None
    assert look(tmp_path, f"folder:{tmp_path / 'shapes'}", thorough=True) is None
    assert look(tmp_path, "shapes", thorough=True) is None


def test_headers_alone_are_read_where_nothing_is_trained(tmp_path: Path, reads: list[str]) -> None:
    write_folder(tmp_path)

    folder = seen(tmp_path, thorough=False)

    assert (folder.resolution, folder.channels) == (8, 1)
    assert reads == []


def test_a_file_is_read_again_only_when_it_has_changed(tmp_path: Path, reads: list[str]) -> None:
    root = write_folder(tmp_path)
    first = seen(tmp_path).dataset
    assert len(reads) == 18

    again = seen(tmp_path).dataset
    seen(tmp_path, thorough=False)
    assert len(reads) == 18

    old = (root / "dots" / "000.png").stat()
    picture(99, size=(8, 8)).save(root / "dots" / "000.png")
    os.utime(root / "dots" / "000.png", ns=(old.st_atime_ns, old.st_mtime_ns))
    changed = seen(tmp_path).dataset

    assert len(reads) == 19
    assert first.version == again.version != changed.version


def test_the_version_is_the_hash_of_names_and_contents(tmp_path: Path) -> None:
    root = write_folder(tmp_path)
    version = seen(tmp_path).dataset.version
    copy = write_folder(tmp_path, "copy")

    assert seen(tmp_path, "folder:copy").dataset.version == version
    (copy / "dots" / "notes.txt").touch()
    assert seen(tmp_path, "folder:copy").dataset.version == version
    (copy / "dots" / "000.png").rename(copy / "dots" / "new.png")
    assert seen(tmp_path, "folder:copy").dataset.version != version
    (root / "rings" / "000.png").unlink()
    assert seen(tmp_path).dataset.version != version


@pytest.mark.slow
def test_looking_at_images_needs_neither_torch_nor_numpy() -> None:
    code = "import sys, app.main; sys.exit(bool({'torch', 'numpy'} & set(sys.modules)))"

    subprocess.run([sys.executable, "-c", code], check=True)
