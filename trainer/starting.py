"""Checks before a worker starts: the database must answer, and have the newest schema."""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable

from sqlalchemy.orm import Session

from app.db.causes import Cause, cause_of, in_a_line
from app.db.engine import Database
from app.db.errors import DatabaseError
from app.db.probe import fault_of_schema
from trainer.patience import PatientDatabase

logger = logging.getLogger(__name__)


def wait_for(
    database: Database, poll: float, until: float | None = None, *, supervised: bool = False
) -> Cause | None:
    """Wait until the database can be used. Return what will not pass by itself, if anything.

    This process holds nothing yet. A signal ends it at once with exit code 0; so does the end of
    its supervisor, and so does ``until`` (by :func:`time.monotonic`).
    """
    stopping = threading.Event()

    def stop(_number: int, _frame: object) -> None:
        stopping.set()
        sys.exit(0)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    if supervised:
        on_end_of_supervisor(stopping.set)

    def look(session: Session) -> Cause | None:
        return fault_of_schema(session.connection())

    try:
        return PatientDatabase(database, stopping, poll, gives_up=True).read(look, until)
    except DatabaseError as failed:
        cause = cause_of(failed)
        if cause is None or not cause.passes:
            return cause or Cause("unknown", in_a_line(failed), passes=False)
        logger.warning("stopped before the database could be used (%s)", in_a_line(failed))
        sys.exit(0)


def on_end_of_supervisor(stop: Callable[[], None]) -> None:
    """Start a thread that calls ``stop`` when the supervisor has ended, however it ended."""

    def wait() -> None:
        os.read(0, 1)  # the supervisor writes nothing: the pipe ends when it does
        stop()

    threading.Thread(target=wait, daemon=True).start()
