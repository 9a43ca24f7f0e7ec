"""Engines and transactions: the one file that commits."""

import math
import sqlite3
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, Final, TypeVar

from pydantic_core import from_json
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import IntegrityError, InvalidatePoolError
from sqlalchemy.orm import Session as Session  # for services, which know no SQLAlchemy

from app.db.types import to_json

Result = TypeVar("Result")

WAL_FIXED: Final = (3, 51, 3)
"""First SQLite without the race that can lose commits when a write-ahead log is reset."""
RETRIES: Final = 10
ASKED_AFTER_SECONDS: Final = 1.0
"""A connection that was idle for this long is pinged before it is used."""


class Database:
    """A database, by its URL.

    Reads and writes are separate, since SQLite has one writer: a write transaction takes the lock
    when it begins (``BEGIN IMMEDIATE``), so that it never fails half way; a read never waits.
    """

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.engine = _sqlite(self.url.database) if self.is_sqlite else _server(url)
        self._writing = self.engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")
        self._looking = self.engine.execution_options(
            **{"sqlite_begin": None} if self.is_sqlite else {"isolation_level": "AUTOCOMMIT"}
        )

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is SQLite: a file on this machine."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def path(self) -> Path | None:
        """The file of SQLite; ``None`` without one."""
        name = self.url.database if self.is_sqlite else None
        return Path(name).expanduser() if name and name != ":memory:" else None

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction for reading; changes made in it are not kept."""
        with self._session(self.engine) as session:
            yield session

    @contextmanager
    def look(self) -> Iterator[Session]:
        """A session for a few quick queries, each of which sees what is committed when it runs.

        No transaction begins and ends: on a server that takes longer than a query by a key.
        """
        with self._session(self._looking) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction for writing; it is committed at the end, or rolled back as a whole."""
        with self._session(self._writing) as session, session.begin():
            yield session

    def _session(self, engine: Engine) -> Session:
        return Session(engine, expire_on_commit=False, info={"database": self})

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection that begins to write at once; uncommitted changes are not kept."""
        with self._writing.connect() as connection:
            yield connection

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """A connection for changes of the schema; uncommitted changes are not kept.

        SQLite changes a column by making its table anew. Foreign keys are not enforced meanwhile,
        since dropping the old table would delete the rows that refer to it.
        """
        with self._writing.connect() as connection:
            if self.is_sqlite:
                connection.detach()  # closed after use: nobody else gets it in this state
                connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
            yield connection

    def transact(self, work: Callable[[Session], Result]) -> Result:
        """Run ``work`` in a write transaction, and again if another one made the same row first."""
        for _ in range(RETRIES):
            try:
                with self.write() as session:
                    return work(session)
            except IntegrityError:
                continue
        with self.write() as session:
            return work(session)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def database_of(session: Session) -> Database:
    """The database that a session belongs to."""
    database: Database = session.info["database"]
    return database


def _server(url: str) -> Engine:
    engine = create_engine(
        url,
        json_serializer=to_json,
        json_deserializer=from_json,  # several times faster than the standard library
        pool_size=10,
        max_overflow=30,
        pool_timeout=5,
        connect_args={"connect_timeout": 5},
    )
    event.listen(engine, "checkin", _note_idle)
    event.listen(engine, "checkout", partial(_ask_idle, engine.dialect))
    return engine


def _note_idle(_connection: Any, record: Any) -> None:
    record.info["idle_since"] = time.monotonic()


def _ask_idle(dialect: Any, connection: Any, record: Any, _proxy: Any) -> None:
    """Ping a connection, as ``pool_pre_ping`` does, but only if it was idle for a while."""
    if time.monotonic() - record.info.get("idle_since", math.inf) < ASKED_AFTER_SECONDS:
        return
    try:
        dialect.do_ping(connection)
    except dialect.dbapi.Error as dead:
        raise InvalidatePoolError("the server has closed the connection") from dead


def _sqlite(path: str | None) -> Engine:
    module = sqlite_module()
    if path and path != ":memory:":
        Path(path).expanduser().parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        f"sqlite:///{path or ''}",
        module=module,
        json_serializer=to_json,
        json_deserializer=from_json,  # several times faster than the standard library
        pool_size=10,
        max_overflow=30,
        connect_args={"timeout": 30, "check_same_thread": False},
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def sqlite_module() -> ModuleType:
    """The standard library's SQLite, or a newer one if that has the race of ``WAL_FIXED``."""
    if sqlite3.sqlite_version_info >= WAL_FIXED:
        return sqlite3
    try:
        from pysqlite3 import dbapi2
    except ImportError:
        warnings.warn(
            f"SQLite {sqlite3.sqlite_version} can lose commits under several processes (fixed in "
            "3.51.3): install pysqlite3, or use PostgreSQL",
            RuntimeWarning,
            stacklevel=4,
        )
        return sqlite3
    return dbapi2  # type: ignore[no-any-return]


def _prepare(connection: Any, _record: Any) -> None:
    """Take transactions over from the driver, and make SQLite durable and check foreign keys."""
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    begin = connection.get_execution_options().get("sqlite_begin", "BEGIN")
    if begin is not None:
        connection.exec_driver_sql(begin)
