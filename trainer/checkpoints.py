"""Checkpoints that a killed training resumes from: one file for seeds trained together.

A file holds tensors in the safetensors format. A JSON document in its header names the runs that
they belong to, and their epochs. The file is written under another name and then renamed, so that
it is whole or not there. Each attempt writes under its own name: an attempt that has lost its runs
cannot spoil what its successor resumes from.
"""

import errno
import json
import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import fsspec

from trainer.errors import NoSpace
from trainer.outcome import Epoch

if TYPE_CHECKING:
    from torch import Tensor

logger = logging.getLogger(__name__)

_FORMAT: Final = 1
_KEY: Final = "isobudget"
_SUFFIX: Final = ".safetensors"
_DAMAGED: Final = "checkpoint %s cannot be read and is left out: %s"


@dataclass(frozen=True)
class Snapshot:
    """Everything that one run needs to resume: what its epochs measured, and its tensors by name.

    All epochs are there, since the worker that was told of them may have died before it recorded
    them. ``seconds`` is the time that they took.
    """

    epochs: tuple[Epoch, ...]
    seconds: float
    tensors: "Mapping[str, Tensor]"

    @property
    def last(self) -> Epoch:
        """The last epoch done; training resumes after it."""
        return self.epochs[-1]


class _File(NamedTuple):
    """A file's name, its header's document, and its content."""

    name: str
    document: Mapping[str, Any]
    content: bytes


class Checkpoints:
    """A folder of checkpoints, on this machine or wherever ``fsspec`` reaches.

    Parameters
    ----------
    url
        A path, or a URL such as ``s3://bucket/folder``.
    """

    def __init__(self, url: str) -> None:
        self._files, self._folder = fsspec.url_to_fs(url)

    def save(self, stack: str, attempt: str, runs: Mapping[str, Snapshot]) -> None:
        """Save snapshots in place of what this attempt saved before.

        Parameters
        ----------
        stack
            Name of what the runs have in common; :meth:`load` finds them by it.
        attempt
            A name that no other attempt has.

        Raises
        ------
        NoSpace
            The disk is full.
        """
        from safetensors.torch import save

        document = {
            "format": _FORMAT,
            "runs": {
                id_: {
                    "epochs": [asdict(epoch) for epoch in snapshot.epochs],
                    "seconds": snapshot.seconds,
                }
                for id_, snapshot in runs.items()
            },
        }
        tensors = {
            f"{id_}/{name}": value
            for id_, snapshot in runs.items()
            for name, value in snapshot.tensors.items()
        }
        self._write(f"{stack}.{attempt}", save(tensors, {_KEY: json.dumps(document)}))

    def _write(self, name: str, content: bytes) -> None:
        path = f"{self._folder}/{name}"
        try:
            self._files.makedirs(self._folder, exist_ok=True)
            self._files.pipe_file(f"{path}.part", content)
            self._files.mv(f"{path}.part", f"{path}{_SUFFIX}")
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise NoSpace(
                f"A checkpoint of {len(content):,} bytes does not fit the disk of "
                f"{self._folder}; make room there, then ask for the run again."
            ) from error

    def load(self, stack: str, runs: Collection[str]) -> dict[str, Snapshot]:
        """Return the newest snapshot of each run that has one; damaged files are left out."""
        newest: dict[str, Snapshot] = {}
        for file in self._of(stack):
            for id_, snapshot in _snapshots(file, runs).items():
                if id_ not in newest or newest[id_].last.number < snapshot.last.number:
                    newest[id_] = snapshot
        return newest

    def discard(self, stack: str, over: Callable[[Collection[str]], Collection[str]]) -> None:
        """Remove files of which no run is needed any more; ``over`` says which of some are not."""
        for file in self._of(stack):
            runs = set(file.document["runs"])
            if runs <= set(over(runs)):
                self._files.rm_file(file.name)

    def _of(self, stack: str) -> Iterator[_File]:
        """Yield the files of a stack that can be read."""
        for name in self._files.glob(f"{self._folder}/{stack}.*{_SUFFIX}"):
            try:
                content = self._files.cat_file(name)
                size = int.from_bytes(content[:8], "little")
                document = json.loads(json.loads(content[8 : 8 + size])["__metadata__"][_KEY])
                if document["format"] != _FORMAT:
                    raise ValueError(f"its format is {document['format']}, not {_FORMAT}")
            except FileNotFoundError:  # discarded meanwhile
                continue
            except (ValueError, KeyError, TypeError) as damaged:
                logger.warning(_DAMAGED, name, damaged)
                continue
            yield _File(name, document, content)


def _snapshots(file: _File, runs: Collection[str]) -> dict[str, Snapshot]:
    """Return a file's snapshots of these runs."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    wanted = [id_ for id_ in file.document["runs"] if id_ in runs]
    try:
        tensors = load(file.content) if wanted else {}
    except SafetensorError as damaged:
        logger.warning(_DAMAGED, file.name, damaged)
        return {}
    found = {}
    for id_ in wanted:
        kept = file.document["runs"][id_]
        own = {
            name.removeprefix(f"{id_}/"): value
            for name, value in tensors.items()
            if name.startswith(f"{id_}/")
        }
        epochs = tuple(Epoch(**epoch) for epoch in kept["epochs"])
        found[id_] = Snapshot(epochs, kept["seconds"], own)
    return found
