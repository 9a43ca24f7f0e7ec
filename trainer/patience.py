"""A worker's transactions, which are retried while the database is away."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final, TypeVar

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.db.causes import Cause, cause_of, in_a_line
from app.db.engine import Database
from app.db.errors import DatabaseError

logger = logging.getLogger(__name__)
Result = TypeVar("Result")

TOLD_AGAIN_SECONDS: Final = 30.0
"""Time between two log lines that say that the database is still away."""
AT_ONCE: Final = 16
"""Most transactions open at the same time; there are more connections than that."""
LEASE_POLL_SECONDS: Final = 0.2
"""Longest pause between two attempts at what must be done before leases end."""


class PatientDatabase:
    """A database whose transactions are retried every ``poll`` seconds while it cannot be used.

    The log says once what is wrong, now and then that it still is, and once that it is over. When
    ``stopping`` is set, nothing is retried any more. Many threads may share it: the number of open
    transactions is limited, so that each finds a connection. With ``gives_up``, nothing is retried
    that will not pass by itself.
    """

    def __init__(
        self, database: Database, stopping: threading.Event, poll: float, *, gives_up: bool = False
    ) -> None:
        self._database = database
        self._stopping = stopping
        self._poll = poll
        self._gives_up = gives_up
        self._turns = threading.Semaphore(AT_ONCE)
        self._telling = threading.Lock()
        self._away_since: float | None = None
        self._told = 0.0

    def read(self, work: Callable[[Session], Result], until: float | None = None) -> Result:
        """Do one consistent read; see :meth:`write`."""
        return self._done(self._database.read, work, until)

    def write(self, work: Callable[[Session], Result], until: float | None = None) -> Result:
        """Do one transaction, and retry it until it is done.

        Parameters
        ----------
        until
            When to give up, by :func:`time.monotonic`; never if it is left out.

        Raises
        ------
        DatabaseError
            The database cannot be used, and time is up or the worker is to stop; or the fault is
            not the database's.
        """
        return self._done(self._database.write, work, until)

    def _done(
        self,
        begin: Callable[[], AbstractContextManager[Session]],
        work: Callable[[Session], Result],
        until: float | None,
    ) -> Result:
        pause = self._poll if until is None else min(self._poll, LEASE_POLL_SECONDS)
        while True:
            try:
                with self._turn(until), begin() as session:
                    result = work(session)
            except DatabaseError as away:
                cause = cause_of(away)
                if cause is None or (self._gives_up and not cause.passes):
                    raise
                self._tell_away(cause, away)
                is_late = until is not None and time.monotonic() > until
                if is_late or self._stopping.wait(pause):
                    raise
            else:
                self._tell_back()
                return result

    @contextmanager
    def _turn(self, until: float | None) -> Iterator[None]:
        """Wait until few enough transactions are open, but not beyond ``until``."""
        seconds = None if until is None else max(0.0, until - time.monotonic())
        if not self._turns.acquire(timeout=seconds):
            raise OperationalError(None, None, TimeoutError("no turn came in time"))
        try:
            yield
        finally:
            self._turns.release()

    def _tell_away(self, cause: Cause, error: DatabaseError) -> None:
        now = time.monotonic()
        with self._telling:
            if self._away_since is None:
                self._away_since = self._told = now
                logger.warning("%s; asking again: %s", cause.detail, in_a_line(error))
            elif now - self._told >= TOLD_AGAIN_SECONDS:
                self._told = now
                logger.warning(
                    "%s, for %.0f s now: %s",
                    cause.detail,
                    now - self._away_since,
                    in_a_line(error),
                )

    def _tell_back(self) -> None:
        with self._telling:
            if self._away_since is not None:
                seconds = time.monotonic() - self._away_since
                logger.info("the database can be used again, after %.1f s", seconds)
                self._away_since = None
