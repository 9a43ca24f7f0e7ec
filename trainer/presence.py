"""A worker's presence in the register of workers, which people look at.

No run depends on it: it is kept by a thread of its own, and what it cannot write is left out.
"""

import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final

from sqlalchemy.orm import Session

from app.db import register
from app.db.causes import in_a_line
from app.db.engine import Database
from app.db.errors import DatabaseError
from app.db.register import Identity

logger = logging.getLogger(__name__)

BEATS_IN_A_LEASE: Final = 3
LEAVE_SECONDS: Final = 1.0
"""Time to say goodbye in; a worker whose goodbye comes too late is taken for silent."""


class Presence:
    """Keeps a worker in the register while the block runs, and notes that it has ended then."""

    def __init__(self, database: Database, worker: Identity, lease: float) -> None:
        self._database = database
        self._worker = worker
        self._lease = lease
        self._devices: set[str] = set()
        self._is_over = threading.Event()
        self._is_failing = False

    def __enter__(self) -> "Presence":
        self._began = time.monotonic()
        self._is_over.clear()
        self._thread = threading.Thread(target=self._keep, name="presence", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_over.set()
        self._thread.join(LEAVE_SECONDS)

    def trains_on(self, device: str) -> None:
        """Note what a training says that it runs on."""
        self._devices = {*self._devices, device}

    def _keep(self) -> None:
        self._try(self._enter)
        while not self._is_over.wait(self._lease / BEATS_IN_A_LEASE):
            self._try(self._beat)
        self._try(lambda session: register.leave(session, self._worker.name))

    def _try(self, write: Callable[[Session], None]) -> None:
        try:
            with self._database.write() as session:
                write(session)
        except DatabaseError as failed:
            if not self._is_failing:
                logger.warning("the register of workers is not kept: %s", in_a_line(failed))
            self._is_failing = True
        else:
            self._is_failing = False

    def _enter(self, session: Session) -> None:
        register.enter(session, self._worker, self._lease, time.monotonic() - self._began)

    def _beat(self, session: Session) -> None:
        device = ", ".join(sorted(self._devices)) or None
        if not register.beat(session, self._worker.name, self._lease, device):
            self._enter(session)
