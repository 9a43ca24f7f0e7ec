"""A worker's transactions, which are begun again while the database is away."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final, TypeVar

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.db.engine import Database

logger = logging.getLogger(__name__)
Result = TypeVar("Result")

TOLD_AGAIN_SECONDS: Final = 30.0
"""Between two lines of the log that say that the database is still away."""
AT_ONCE: Final = 16
"""Transactions open at the same time, fewer than there are connections."""
LEASE_POLL_SECONDS: Final = 0.2
"""Between two attempts of what must be done before leases end, at the most."""


class PatientDatabase:
    """A database that is asked again while it is away, every ``poll`` seconds.

    The log says once that it is away, now and then that it still is, and once that it answers.
    When ``stopping`` is set, all patience ends. Many threads may share it: so many transactions are
    open at once that each finds a connection.
    """

    def __init__(self, database: Database, stopping: threading.Event, poll: float) -> None:
        self._database = database
        self._stopping = stopping
        self._poll = poll
        self._turns = threading.Semaphore(AT_ONCE)
        self._telling = threading.Lock()
        self._away_since: float | None = None
        self._told = 0.0

    def read(self, work: Callable[[Session], Result], until: float | None = None) -> Result:
        """One consistent look; see :meth:`write`."""
        return self._done(self._database.read, work, until)

    def write(self, work: Callable[[Session], Result], until: float | None = None) -> Result:
        """One transaction, begun again until it is done.

        Parameters
        ----------
        until
            When it is too late, by :func:`time.monotonic`; never where it is left out.

        Raises
        ------
        OperationalError
            The database is away, and it is too late or the worker is to stop.
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
            except OperationalError as away:
                self._tell_away(away)
                is_late = until is not None and time.monotonic() > until
                if is_late or self._stopping.wait(pause):
                    raise
            else:
                self._tell_back()
                return result

    @contextmanager
    def _turn(self, until: float | None) -> Iterator[None]:
        """Wait until few enough transactions are open, but no longer than there is time."""
        seconds = None if until is None else max(0.0, until - time.monotonic())
        if not self._turns.acquire(timeout=seconds):
            raise OperationalError(None, None, TimeoutError("no turn came in time"))
        try:
            yield
        finally:
            self._turns.release()

    def _tell_away(self, error: OperationalError) -> None:
        now = time.monotonic()
        with self._telling:
            if self._away_since is None:
                self._away_since = self._told = now
                logger.warning("the database does not answer; asking again: %s", in_a_line(error))
            elif now - self._told >= TOLD_AGAIN_SECONDS:
                self._told = now
                logger.warning(
                    "no answer of the database for %.0f s: %s",
                    now - self._away_since,
                    in_a_line(error),
                )

    def _tell_back(self) -> None:
        with self._telling:
            if self._away_since is not None:
                seconds = time.monotonic() - self._away_since
                logger.info("the database answers again, after %.1f s", seconds)
                self._away_since = None


def in_a_line(error: OperationalError) -> str:
    """What the driver says, without the statement."""
    return " ".join(str(error.orig).split())
