"""One migration at a time: the second waits for the first, and then has nothing to do."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final

from sqlalchemy.exc import OperationalError

from app.db.engine import Database

logger = logging.getLogger(__name__)

POSTGRES_KEY: Final = 0x69736F6275646765
"""``isobudge`` in ASCII: locks of other programs on the same database have other keys."""
PATIENCE_SECONDS: Final = 86_400.0
SUFFIX: Final = "-migrating"


@contextmanager
def only_migration(database: Database) -> Iterator[None]:
    """Wait until no other process migrates this database, and keep others waiting in the block.

    The lock is free as soon as the process that holds it has ended, however it ended.
    """
    if not database.is_sqlite:
        with _on_server(database):
            yield
    elif path := database.path:
        with _beside(f"{path}{SUFFIX}"):
            yield
    else:
        yield


@contextmanager
def _on_server(database: Database) -> Iterator[None]:
    """Hold an advisory lock of PostgreSQL, which belongs to a connection."""
    with database.engine.connect() as connection:
        alone = connection.execution_options(isolation_level="AUTOCOMMIT")
        if not alone.exec_driver_sql(f"SELECT pg_try_advisory_lock({POSTGRES_KEY})").scalar():
            _tell_waiting()
            alone.exec_driver_sql(f"SELECT pg_advisory_lock({POSTGRES_KEY})")
        try:
            yield
        finally:
            alone.exec_driver_sql(f"SELECT pg_advisory_unlock({POSTGRES_KEY})")


@contextmanager
def _beside(file: str) -> Iterator[None]:
    """Lock an empty file beside the database.

    SQLite does it, which knows how on every system. The database itself cannot be locked for the
    whole time, since a migration is several transactions.
    """
    try:
        lock = sqlite3.connect(file, timeout=0, isolation_level=None)
        _begin(lock)
    except sqlite3.Error as failed:
        raise OperationalError(None, None, failed) from failed
    with closing(lock):
        yield


def _begin(lock: sqlite3.Connection) -> None:
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as locked:
        if locked.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        _tell_waiting()
        lock.execute(f"PRAGMA busy_timeout = {int(1000 * PATIENCE_SECONDS)}")
        lock.execute("BEGIN EXCLUSIVE")


def _tell_waiting() -> None:
    logger.warning("another process migrates this database; waiting until it is done")
