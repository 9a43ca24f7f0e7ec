"""A user's own images: sub-folders of the data folder, in the layout of torchvision's ImageFolder.

``NAME/CLASS/…/*.png``, ``*.jpg`` or ``*.jpeg`` is the data set ``folder:NAME``. Names come from
listing the folder, never from a path that someone gives, and no link is followed to any file.
Names that begin with a dot are left out.

A file is read again only if its size, its times or its inode changed since the last look.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from app.experiments.catalogue import DATASETS, FOLDER, Dataset
from app.experiments.pictures import (
    BrokenError,
    Header,
    header_of,
    opened,
    printable,
    reason,
    verified,
)

FEWEST_CLASSES: Final = 2
FEWEST_IMAGES: Final = 5
"""Images that each class needs: three to train on, one to validate with and one to test with."""
MOST_TOLD: Final = 10
"""The largest number of faults that are told of one folder."""

_SUFFIXES: Final = frozenset({".png", ".jpg", ".jpeg"})
_OTHER_IMAGES: Final = frozenset({".bmp", ".gif", ".pgm", ".ppm", ".tif", ".tiff", ".webp"})

Place: TypeAlias = tuple[str, ...]
"""Where a file lies below its data set's folder, folder by folder."""
_Stamp: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """An image of a folder; ``label`` is the position of its class."""

    place: Place
    label: int
    header: Header


@dataclass(frozen=True)
class Folder:
    """The contents of a folder, and its faults: broken files, and all other misfits."""

    name: str
    classes: tuple[str, ...]
    pictures: tuple[Picture, ...]
    broken: tuple[str, ...]
    misfits: tuple[str, ...]

    @property
    def faults(self) -> list[str]:
        """All faults, or the first of them if there are many."""
        return _first([*self.misfits, *self.broken])

    @property
    def holds_images(self) -> bool:
        """Whether any class has images, even broken ones."""
        return bool(self.pictures or self.broken)

    @property
    def resolution(self) -> int | None:
        """The shortest side of all images; ``None`` if there is no image."""
        headers = (picture.header for picture in self.pictures)
        return min((min(header.width, header.height) for header in headers), default=None)

    @property
    def channels(self) -> int | None:
        """3 if any image has colours, else 1; ``None`` if there is no image."""
        if not self.pictures:
            return None
        return 1 if all(picture.header.is_grey for picture in self.pictures) else 3

    @property
    def dataset(self) -> Dataset:
        """The data set, if the folder was looked at thoroughly and has no fault.

        Its version is the hash of all names and contents.
        """
        assert self.resolution is not None
        assert self.channels is not None
        hashed = hashlib.sha256()
        for picture in self.pictures:
            assert picture.header.digest is not None
            name = os.fsencode("/".join(picture.place))
            hashed.update(name + b"\0" + picture.header.digest)
        return Dataset(
            name=self.name,
            resolution=self.resolution,
            channels=self.channels,
            classes=len(self.classes),
            version=hashed.hexdigest()[:32],
        )


def names(data_dir: Path) -> list[str]:
    """Names of users' data sets in the data folder, without torchvision's own folders."""
    torchvision = {file.split("/")[0] for dataset in DATASETS.values() for file in dataset.files}
    try:
        found = _entries(data_dir)
    except (FileNotFoundError, NotADirectoryError):
        return []
    own = [entry.name for entry in found if entry.is_dir(follow_symlinks=False)]
    return [
        f"folder:{name}"
        for name in own
        if name not in torchvision and FOLDER.fullmatch(f"folder:{name}")
    ]


def look(data_dir: Path, name: str, *, thorough: bool) -> Folder | None:
    """Look at a folder; ``None`` if :func:`names` does not list it.

    Parameters
    ----------
    thorough
        Read every file whole, check its checksums, and hash it; otherwise read headers alone.
    """
    if name not in names(data_dir):
        return None
    folder = name.removeprefix("folder:")
    root = data_dir / folder
    misfits: list[str] = []
    classes = _classes(root, misfits)
    files = [
        (place, label)
        for label, class_ in enumerate(classes)
        for place in _files(root, class_, misfits)
    ]
    misfits += _misfits(classes, Counter(label for _, label in files))
    known, seen = _SEEN.get(root, {}), {}
    pictures, broken = [], []
    for place, label in files:
        try:
            seen[place] = _look_at(data_dir, (folder, *place), known.get(place), thorough)
            pictures.append(Picture(place, label, _header(seen[place])))
        except (BrokenError, OSError) as error:
            broken.append(f"{shown(place)} {reason(error)}")
    _SEEN[root] = seen
    return Folder(name, tuple(classes), tuple(pictures), tuple(broken), tuple(misfits))


def shown(place: Sequence[str]) -> str:
    """A file's name below its data set's folder, in a form that can be printed."""
    return printable("/".join(place))


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was found when a file was looked at: its header, or why it is broken."""

    stamp: _Stamp
    thorough: bool
    found: Header | str


_SEEN: Final[dict[Path, dict[Place, _Seen]]] = {}


def _header(seen: _Seen) -> Header:
    if isinstance(seen.found, str):
        raise BrokenError(seen.found)
    return seen.found


def _look_at(data_dir: Path, place: Place, known: _Seen | None, thorough: bool) -> _Seen:
    """Look at a file, unless it has not changed since the last look."""
    if known and (known.thorough or not thorough):
        with suppress(OSError):
            if known.stamp == _stamp(data_dir.joinpath(*place).lstat()):
                return known
    with opened(data_dir, place) as file:
        stamp = _stamp(os.fstat(file.fileno()))
        data = file.read() if thorough else None
        try:
            found: Header | str = header_of(file) if data is None else verified(data)
        except BrokenError as broken:
            found = str(broken)
    return _Seen(stamp, thorough, found)


def _stamp(status: os.stat_result) -> _Stamp:
    times = (status.st_mtime_ns, status.st_ctime_ns)
    return (status.st_size, *times, status.st_dev, status.st_ino)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """The entries of a folder in ImageFolder's order, which is that of code points."""
    with os.scandir(folder) as entries:
        found = [entry for entry in entries if not entry.name.startswith(".")]
    return sorted(found, key=lambda entry: entry.name)


def _inside(root: Path, place: Place, misfits: list[str]) -> Iterator[os.DirEntry[str]]:
    """Yield the entries of a folder; links and folders that cannot be read are misfits."""
    try:
        entries = _entries(root.joinpath(*place))
    except OSError as error:
        misfits.append(f"{shown(place) or 'it'} {reason(error)}")
        return
    for entry in entries:
        if entry.is_symlink():
            misfits.append(f"{shown((*place, entry.name))} is a link, and links are not followed")
        else:
            yield entry


def _classes(root: Path, misfits: list[str]) -> list[str]:
    return [
        entry.name for entry in _inside(root, (), misfits) if entry.is_dir(follow_symlinks=False)
    ]


def _files(root: Path, class_: str, misfits: list[str]) -> list[Place]:
    """Find the files of a class, however deep they lie."""
    found: list[Place] = []
    folders: list[Place] = [(class_,)]
    while folders:
        folder = folders.pop()
        for entry in _inside(root, folder, misfits):
            place = (*folder, entry.name)
            suffix = Path(entry.name).suffix.lower()
            if entry.is_dir(follow_symlinks=False):
                folders.append(place)
            elif suffix in _SUFFIXES:
                found.append(place)
            elif suffix in _OTHER_IMAGES:
                misfits.append(f"{shown(place)} is neither PNG nor JPEG; convert it or remove it")
    return sorted(found)


def _misfits(classes: Sequence[str], images: Counter[int]) -> Iterable[str]:
    """Say why classes and images are too few for a data set of three splits."""
    if len(classes) < FEWEST_CLASSES:
        yield (
            f"at least {FEWEST_CLASSES} class folders are needed, and it has {len(classes)}; "
            "the images of each class belong into a folder of their own"
        )
    for label, class_ in enumerate(classes):
        if images[label] < FEWEST_IMAGES:
            yield (
                f"class {shown([class_])} has {images[label] or 'no'} images, and each needs at "
                f"least {FEWEST_IMAGES} for the three splits"
            )


def _first(faults: Sequence[str]) -> list[str]:
    if len(faults) <= MOST_TOLD:
        return list(faults)
    return [*faults[:MOST_TOLD], f"and {len(faults) - MOST_TOLD} more faults"]
