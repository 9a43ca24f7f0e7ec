"""An attempt at a search: who hears how far it is, and how it ends."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from app.db import searches
from app.db.engine import Database, Session
from app.db.errors import DatabaseError, LostLeaseError
from app.db.searches import Standing
from app.services.condition import Condition
from app.services.endings import Endings
from app.services.watch import Watch
from app.states import State
from solver.answers.variants import Answer
from solver.engines.progress import Progress
from solver.problem import SolveRequest

logger = logging.getLogger(__name__)

NOTE_SECONDS: Final = 1.0
"""Time between two notes in the database of how far searches are."""


class Work(NamedTuple):
    """A search that a solver has claimed: what to solve, and the attempt that it holds."""

    id: str
    attempt: int
    request: SolveRequest


class Notes:
    """Notes in the database of how far searches are, for other servers and whoever asks later.

    A thread writes what has changed since, for all searches in one transaction. Those who solve do
    not wait for it.
    """

    def __init__(self, database: Database, condition: Condition) -> None:
        self._database, self._condition = database, condition
        self._changed: dict[tuple[str, int], Progress] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._write_on, name="notes", daemon=True)

    def start(self) -> None:
        """Start to write."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Write no more; wait up to some seconds for what is being written."""
        self._stopping.set()
        self._thread.join(seconds)

    def put(self, work: Work, progress: Progress) -> None:
        """Note how far a search is."""
        with self._lock:
            self._changed[work.id, work.attempt] = progress

    def _write_on(self) -> None:
        while not self._stopping.wait(NOTE_SECONDS):
            with self._lock:
                changed, self._changed = self._changed, {}
            if changed:
                self._write(changed)

    def _write(self, changed: dict[tuple[str, int], Progress]) -> None:
        try:
            with self._database.write() as session:
                for (id_, attempt), progress in sorted(changed.items()):
                    searches.note(session, id_, attempt, progress)
        except DatabaseError as away:
            if not self._condition.note(away):
                logger.exception("how far searches are could not be noted")


class Attempt:
    """An attempt that holds a search; whoever follows the search hears what becomes of it."""

    def __init__(self, work: Work, endings: Endings, watch: Watch, notes: Notes) -> None:
        self.work = work
        self._endings, self._watch, self._notes = endings, watch, notes
        self._started = time.monotonic()
        self._told = Progress()

    def tell(self, progress: Progress) -> None:
        """Tell how far the search is, if that has changed."""
        if progress != self._told:
            self._told = progress
            self._notes.put(self.work, progress)
            self._watch.tell(self.work.id, self._standing("running", progress))

    def record(self, progress: Progress, answer: Answer) -> None:
        """End the search with its answer, and store its variants."""
        known = progress._replace(found=answer.found)
        id_, attempt = self._held
        self._end(
            self._standing("succeeded", known, outcome=answer.outcome),
            lambda session: searches.record(session, id_, attempt, answer),
        )

    def time_out(self, progress: Progress) -> None:
        """End a search whose solver was killed, since it did not keep the time limit."""
        self._finish(self._standing("succeeded", progress, outcome="timed_out"))

    def fail(self, progress: Progress, error: str) -> None:
        """End a search that its solver refused, or whose solver died."""
        self._finish(self._standing("failed", progress, error=error))

    def release(self) -> None:
        """Queue the search again for other servers, unless it is not held any more."""
        id_, attempt = self._held
        self._end(None, lambda session: searches.release(session, id_, attempt))

    @property
    def _held(self) -> tuple[str, int]:
        return self.work.id, self.work.attempt

    def _standing(self, state: State, progress: Progress, **values: Any) -> Standing:
        elapsed = time.monotonic() - self._started
        return Standing(state, **progress._asdict(), elapsed=elapsed, **values)

    def _finish(self, ended: Standing) -> None:
        id_, attempt = self._held
        known = {name: getattr(ended, name) for name in ("outcome", "error", *Progress._fields)}
        self._end(
            ended, lambda session: searches.finish(session, id_, attempt, ended.state, **known)
        )

    def _end(self, ended: Standing | None, store: Callable[[Session], None]) -> None:
        """Store an end, and tell it; where it could not be stored, followers look it up."""
        try:
            is_stored = self._endings.store(*self._held, store)
        except LostLeaseError as lost:
            logger.warning("%s; its answer was dropped", lost)
            is_stored = False
        except DatabaseError:  # the server stops; the lease brings the search back
            logger.warning("the search was given up; it is claimed again later")
            is_stored = False
        if not is_stored:
            ended = None
        self._watch.end(self.work.id, ended)
