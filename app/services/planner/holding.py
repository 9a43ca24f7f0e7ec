"""Holds a study while this server plans it."""

import logging
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final

from app.db import studies
from app.db.engine import Database, Session
from app.db.errors import DatabaseError, LostLeaseError
from app.services.condition import Condition

logger = logging.getLogger(__name__)

BEATS: Final = 3
"""How often a lease is renewed before it would end."""


class StoppedError(RuntimeError):
    """The server stops."""


class Hold:
    """A study's lease, renewed by a thread as long as the block lasts.

    Attributes
    ----------
    id, attempt
        The study, and the attempt that every write for it names.
    """

    def __init__(
        self,
        database: Database,
        condition: Condition,
        claimed: tuple[str, int],
        lease: float,
        stopping: threading.Event,
    ) -> None:
        self.id, self.attempt = claimed
        self._database, self._condition = database, condition
        self._lease, self._stopping = lease, stopping
        self._lost: LostLeaseError | None = None
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._beat_on, name="study-lease", daemon=True)

    def __enter__(self) -> "Hold":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._left.set()
        self._thread.join()

    def check(self) -> None:
        """Check that the work for the study is still wanted.

        Raises
        ------
        StoppedError
            The server stops.
        LostLeaseError
            The study was cancelled, or another server plans it.
        """
        if self._stopping.is_set():
            raise StoppedError("the server stops")
        if self._lost is not None:
            raise self._lost

    def pause(self, seconds: float) -> None:
        """Let some time pass, unless the server stops."""
        self._stopping.wait(seconds)

    def write(self, work: Callable[[Session], None]) -> None:
        """Do work in a write transaction, if it is still wanted."""
        self.check()
        self._database.transact(work)

    def _beat_on(self) -> None:
        while not self._left.wait(self._lease / BEATS):
            try:
                with self._database.write() as session:
                    studies.hold(session, self.id, self.attempt, self._lease)
            except LostLeaseError as lost:
                self._lost = lost
                return
            except DatabaseError as away:
                if not self._condition.note(away):
                    logger.exception("the lease of a study could not be renewed")
