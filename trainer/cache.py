"""Caches for data that takes time to make: in memory, up to a number of bytes, and on disk.

Files on disk are copies. They may be removed or damaged at any time, and the folder may not be
writable: that costs time, never a run. Processes share the files, which are written under another
name first, and never changed.
"""

import hashlib
import logging
import shutil
import tempfile
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, Protocol, TypeVar

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from app.experiments.catalogue import content_id

logger = logging.getLogger(__name__)

_STAGING: Final = ".isobudget-"
_ABANDONED: Final = 86_400.0


class Sized(Protocol):
    """An object that tells how many bytes it takes."""

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""


Kept = TypeVar("Kept", bound=Sized)


class Memory(Generic[Kept]):
    """A cache of what was used last, in at most ``most_bytes``; a larger value is not kept."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()

    @property
    def nbytes(self) -> int:
        """Bytes of all values that are kept."""
        return sum(value.nbytes for value in self._kept.values())

    def get(self, key: Hashable, make: Callable[[], Kept]) -> Kept:
        """Return the value kept under a key; make it if there is none."""
        if key not in self._kept:
            value = make()
            if value.nbytes > self._most_bytes:
                return value
            self._kept[key] = value
        self._kept.move_to_end(key)
        while self.nbytes > self._most_bytes:
            self._kept.popitem(last=False)
        return self._kept[key]


@dataclass(frozen=True)
class Disk:
    """A folder of tensors, each file named by the hash of what it was made from.

    Without a folder nothing is kept.
    """

    folder: Path | None

    def get(self, made_from: Mapping[str, Any]) -> dict[str, Tensor] | None:
        """Return what was stored; ``None`` if it is missing or damaged."""
        if self.folder is None:
            return None
        path = self._path(self.folder, made_from)
        try:
            with safe_open(path, "pt") as file:
                # Copies, since tensors that are mapped into memory change with the file.
                names = file.keys()
                tensors = {name: file.get_tensor(name).clone() for name in names}
                checksum = (file.metadata() or {}).get("checksum")
        except FileNotFoundError:
            return None
        except (OSError, SafetensorError) as error:
            logger.warning("%s cannot be read and is made anew: %s", path, error)
            return None
        if checksum != checksum_of(tensors):
            logger.warning("%s is damaged and is made anew", path)
            return None
        return tensors

    def put(self, made_from: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
        """Store tensors, if that is possible."""
        if self.folder is None:
            return
        metadata = {key: str(value) for key, value in made_from.items()}
        metadata["checksum"] = checksum_of(tensors)
        try:
            with staging(self.folder) as temporary:
                written = temporary / "tensors"
                save_file(dict(tensors), written, metadata)
                written.replace(self._path(self.folder, made_from))
        except (OSError, SafetensorError) as error:
            logger.warning("nothing can be kept in %s: %s", self.folder, error)

    @staticmethod
    def _path(folder: Path, made_from: Mapping[str, Any]) -> Path:
        return folder / f"{content_id(made_from)}.safetensors"


NOWHERE: Final = Disk(None)


@contextmanager
def staging(folder: Path) -> Iterator[Path]:
    """Make a temporary folder inside another; files written there are then renamed into place.

    Folders that killed processes left there more than a day ago are removed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(f"{_STAGING}*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _ABANDONED:
                shutil.rmtree(left)
    with tempfile.TemporaryDirectory(prefix=_STAGING, dir=folder) as temporary:
        yield Path(temporary)


def checksum_of(tensors: Mapping[str, Tensor]) -> str:
    """Hash of names, shapes, types and values."""
    hashed = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        hashed.update(f"{name} {tensor.dtype} {tuple(tensor.shape)} ".encode())
        hashed.update(tensor.numpy().reshape(-1).data)
    return hashed.hexdigest()
