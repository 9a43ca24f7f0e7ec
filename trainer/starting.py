"""Checks before a worker starts: the database must answer, and have the newest schema."""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable

from sqlalchemy.exc import OperationalError

from app.db.engine import Database
from app.db.schema import is_newest
from trainer.patience import PatientDatabase, in_a_line

logger = logging.getLogger(__name__)


def finds_newest(
    database: Database, poll: float, until: float | None = None, *, supervised: bool = False
) -> bool:
    """Return whether the schema is the newest; keep asking while the database is away.

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
    try:
        return PatientDatabase(database, stopping, poll).read(is_newest, until)
    except OperationalError as away:
        logger.warning("stopped before the database answered (%s)", in_a_line(away))
        sys.exit(0)


def on_end_of_supervisor(stop: Callable[[], None]) -> None:
    """Start a thread that calls ``stop`` when the supervisor has ended, however it ended."""

    def wait() -> None:
        os.read(0, 1)  # the supervisor writes nothing: the pipe ends when it does
        stop()

    threading.Thread(target=wait, daemon=True).start()
