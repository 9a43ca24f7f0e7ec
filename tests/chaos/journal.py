"""What workers did, as they saw it: one line for each answer of the database, written behind it.

A line begins with the moment before the transaction and the moment behind it, on the one clock that
all processes of a machine share. What was under way when a worker died has no line: it may have
been written, or not.
"""

import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal
from unittest.mock import patch

from sqlalchemy.orm import Session

from app.db import runs
from app.db.engine import Database
from app.db.errors import LostLeaseError
from app.db.runs import Claim

Answer = Literal["accepted", "refused", "logged"]
WRITES: Final = ("beat", "finish", "fail", "pause", "lose", "release")


@dataclass(frozen=True)
class Entry:
    """One write to one run; ``logged`` is a refusal that the worker's log tells of."""

    worker: str
    what: str
    run: str
    attempt: int
    answer: Answer
    began: float
    ended: float


class Journal:
    """A file that one process appends to; a line that was written outlives its writer."""

    def __init__(self, folder: Path, worker: str) -> None:
        self._worker = worker
        self._file = os.open(folder / worker, os.O_CREAT | os.O_APPEND | os.O_WRONLY)

    def write(self, notes: Sequence["Note"], began: float) -> None:
        """Write down what was answered just now."""
        ended = time.monotonic()
        lines = [
            json.dumps(asdict(Entry(self._worker, *note, began, ended))) + "\n" for note in notes
        ]
        os.write(self._file, "".join(lines).encode())


Note = tuple[str, str, int, Answer]
"""What was written, to which run, by which attempt, and the answer."""


def entries(folder: Path) -> list[Entry]:
    """All lines of all workers, in the order of their answers."""
    lines = [line for path in folder.iterdir() for line in path.read_text().splitlines()]
    found = [Entry(**json.loads(line)) for line in lines]
    return sorted(found, key=lambda entry: entry.ended)


class JournalledDatabase(Database):
    """A database whose answers are written down; only what is committed counts as accepted."""

    def __init__(self, url: str, journal: Journal) -> None:
        super().__init__(url)
        self._journal = journal

    @contextmanager
    def write(self) -> Iterator[Session]:
        began = time.monotonic()
        notes: list[Note] = []
        try:
            with super().write() as session:
                session.info["notes"] = notes
                yield session
        except LostLeaseError:
            self._journal.write([note for note in notes if note[3] == "refused"], began)
            raise
        self._journal.write(notes, began)


class _Refusals(logging.Handler):
    """Writes down which refusals are logged."""

    def __init__(self, journal: Journal) -> None:
        super().__init__()
        self._journal = journal

    def emit(self, record: logging.LogRecord) -> None:
        if "late write" in record.msg and isinstance(record.args, tuple):
            run, attempt = record.args
            self._journal.write(
                [("refusal", str(run), int(str(attempt)), "logged")], time.monotonic()
            )


def note_writes(journal: Journal) -> None:
    """From now on this process notes what it asks of the queue."""
    logging.getLogger("app.db.runs").addHandler(_Refusals(journal))
    claim = runs.claim

    def noted_claim(session: Session, *rest: Any) -> list[Claim]:
        claims = claim(session, *rest)
        _note(session, "claim", claims, claims)
        return claims

    patch.object(runs, "claim", noted_claim).start()
    for name in WRITES:
        patch.object(runs, name, _noted(name, getattr(runs, name))).start()


def _noted(name: str, write: Callable[..., Any]) -> Callable[..., Any]:
    def noted(session: Session, held: Claim | Sequence[Claim], *rest: Any, **named: Any) -> Any:
        claims = [held] if isinstance(held, Claim) else list(held)
        try:
            kept = write(session, held, *rest, **named)
        except LostLeaseError:
            _note(session, name, claims, [])
            raise
        _note(session, name, claims, claims if kept is None else kept)
        return kept

    return noted


def _note(session: Session, what: str, asked: Sequence[Claim], kept: Sequence[Claim]) -> None:
    for claim in asked:
        answer = "accepted" if claim in kept else "refused"
        session.info["notes"].append((what, claim.id, claim.attempt, answer))
