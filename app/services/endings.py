"""Stores how searches end, also where the database cannot be written for a while."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Final

from app.db import searches
from app.db.causes import FAILING, FULL, Cause
from app.db.engine import Database, Session
from app.db.errors import DatabaseError
from app.services.condition import Condition

FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 5.0


class Endings:
    """Stores ends, again and again until the database takes them, or the server stops."""

    def __init__(self, database: Database, condition: Condition, stopping: threading.Event) -> None:
        self._database = database
        self._condition = condition
        self._stopping = stopping

    def store(self, id_: str, attempt: int, end: Callable[[Session], None]) -> bool:
        """Store how an attempt at a search ends. Returns whether it ends that way.

        What does not fit on the disk is dropped: the search fails and says so.

        Raises
        ------
        LostLeaseError
            The attempt does not hold the search any more.
        DatabaseError
            The server stops, or the fault is not the database's.
        """
        store, fits, pause = end, True, FIRST_PAUSE
        while True:
            try:
                with self._database.write() as session:
                    store(session)
            except DatabaseError as failed:
                cause = self._condition.note(failed)
                if cause is None or self._stopping.wait(pause):
                    raise
                if cause in (FULL, FAILING):
                    store, fits = partial(_fail, id_, attempt, cause), False
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                return fits


def _fail(id_: str, attempt: int, cause: Cause, session: Session) -> None:
    error = f"its answer could not be stored: {cause.detail}"
    searches.finish(session, id_, attempt, "failed", error=error)
