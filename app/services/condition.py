"""The condition of the database: what is wrong with it now, told once in the log."""

import logging
import threading
import time
from typing import Final

from app.db.causes import FAILING, FULL, NONE, Cause, cause_of, in_a_line
from app.db.engine import Database
from app.db.errors import DatabaseError
from app.db.probe import fault_of

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 2.0
"""Time between two looks at the database."""
KEPT_SECONDS: Final = 1.0
"""The answer of a look is kept for so long, if nothing was wrong."""
BELIEVED_SECONDS: Final = 5.0
"""Work that failed counts for so long, though a look finds nothing wrong."""

STOP_SECONDS: Final = 0.5
"""How long a look that is under way is waited for when the server stops."""

UNSEEN: Final = (FULL, FAILING, NONE)
"""Causes that a look may miss, since it neither writes much nor reads everything."""


class Condition:
    """Looks at the database now and then, and hears of work that failed.

    The log says once what is wrong, and once that nothing is any more.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._looking = threading.Lock()
        self._telling = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="condition", daemon=True)
        self._seen: Cause | None = None
        self._seen_at = float("-inf")
        self._failed: Cause | None = None
        self._failed_at = float("-inf")
        self._told: set[str] = set()
        self._told_at = 0.0

    def start(self) -> None:
        """Look once, and from now on."""
        self.look()
        self._thread.start()

    def stop(self) -> None:
        """Look no more; a look that takes long is not waited for."""
        self._stopping.set()
        self._thread.join(STOP_SECONDS)

    @property
    def blocking(self) -> Cause | None:
        """What keeps everything from being read, as far as is known."""
        return self._seen if self._seen is not None and self._seen.blocks else None

    def look(self) -> Cause | None:
        """What is wrong now; a look that found nothing wrong counts for a second."""
        asked = time.monotonic()
        if self._seen is None and asked - self._seen_at < KEPT_SECONDS:
            return self._believed()
        with self._looking:
            if self._seen_at < asked:  # nobody else has looked meanwhile
                self._look()
        return self._seen or self._believed()

    def note(self, error: BaseException) -> Cause | None:
        """Hear of work that failed. Returns why, if that is the database's fault."""
        cause = cause_of(error)
        if cause is not None:
            if cause in UNSEEN:
                self._failed, self._failed_at = cause, time.monotonic()
            self._tell(cause, in_a_line(error))
        return cause

    def _look(self) -> None:
        try:
            found = fault_of(self._database)
        except DatabaseError as unknown:
            logger.exception("the database could not be looked at")
            found = (self._seen, in_a_line(unknown)) if self._seen else None
        self._seen, self._seen_at = found[0] if found else None, time.monotonic()
        if found:
            self._tell(*found)
        elif self._believed() is None:
            self._tell_well()

    def _believed(self) -> Cause | None:
        """What kept work from being done a moment ago."""
        if time.monotonic() - self._failed_at < BELIEVED_SECONDS:
            return self._failed
        return None

    def _tell(self, cause: Cause, said: str) -> None:
        with self._telling:
            if cause.name in self._told:
                return
            if not self._told:
                self._told_at = time.monotonic()
            self._told.add(cause.name)
        logger.error("%s%s", cause.detail, f" ({said})" if said else "")

    def _tell_well(self) -> None:
        with self._telling:
            if not self._told:
                return
            self._told.clear()
            seconds = time.monotonic() - self._told_at
        logger.info("the database can be used again, after %.1f s", seconds)

    def _watch(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            try:
                self.look()
            except Exception:  # whatever happens, the next look may find it gone
                logger.exception("the database could not be looked at")
