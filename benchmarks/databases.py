"""Databases to measure with, and the bare inserts that storing is compared with."""

import os
import shutil
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Protocol, TypeAlias

from sqlalchemy import create_engine, make_url, text

from app.db.engine import Database
from app.db.schema import migrate

POSTGRES_URL: Final = os.environ.get(
    "ISOBUDGET_TEST_POSTGRES_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
)

Rows: TypeAlias = Sequence[tuple[str | float, ...]]


class Store(Protocol):
    """One kind of database.

    ``is_server`` tells whether it is PostgreSQL.
    """

    is_server: bool

    def empty(self) -> Database:
        """Return the database without rows; the caller closes it."""

    def connect(self) -> Any:
        """Connect through the database's own module; the caller begins and ends transactions."""

    def bare_seconds(self, rows: Rows) -> float:
        """Return the seconds that ``executemany`` takes for all columns, with its commit."""


class Sqlite:
    """SQLite files, each a copy of one that is migrated."""

    is_server = False

    def __init__(self, folder: Path) -> None:
        self._migrated, self._used = folder / "migrated.sqlite", folder / "used.sqlite"
        with closing(Database(f"sqlite:///{self._migrated}")) as database:
            migrate(database)
            self._module: Any = database.engine.dialect.dbapi

    def empty(self) -> Database:
        """Return a new copy."""
        shutil.copy(self._migrated, self._used)
        return Database(f"sqlite:///{self._used}")

    def connect(self) -> Any:
        """Connect to the last copy, or to a new file."""
        return self._module.connect(self._used, isolation_level=None)

    def bare_seconds(self, rows: Rows) -> float:
        """Insert through the module that we use, with its own defaults."""
        with closing(self._module.connect(self._used)) as connection:
            return _inserted(connection, "?", rows)


class Postgres:
    """A database of its own on a server."""

    is_server = True

    def __init__(self, url: str) -> None:
        self._url = url
        with closing(Database(url)) as database:
            migrate(database)

    def empty(self) -> Database:
        """Return the same database, with all rows removed."""
        database = Database(self._url)
        with database.write() as session:
            session.execute(text("TRUNCATE architectures CASCADE"))
        return database

    def connect(self) -> Any:
        """Connect through psycopg."""
        import psycopg

        url = make_url(self._url).set(drivername="postgresql")
        return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)

    def bare_seconds(self, rows: Rows) -> float:
        """Insert through psycopg."""
        with closing(self.connect()) as connection:
            connection.autocommit = False
            return _inserted(connection, "%s", rows)


def _inserted(connection: Any, place: str, rows: Rows) -> float:
    places = ", ".join([place] * len(rows[0]))
    begin = time.perf_counter()
    connection.cursor().executemany(f"INSERT INTO variants VALUES ({places})", rows)
    connection.commit()
    return time.perf_counter() - begin


@contextmanager
def sqlite() -> Iterator[Store]:
    """Files in a folder that is removed at the end."""
    with TemporaryDirectory() as folder:
        yield Sqlite(Path(folder))


@contextmanager
def postgres() -> Iterator[Store]:
    """A new database on the server that the tests use; it is dropped at the end.

    Raises
    ------
    sqlalchemy.exc.OperationalError, ModuleNotFoundError
        There is no server, or no driver.
    """
    server = create_engine(POSTGRES_URL, isolation_level="AUTOCOMMIT")
    name = f"isobudget_benchmark_{uuid.uuid4().hex[:12]}"
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        try:
            url = make_url(POSTGRES_URL).set(database=name)
            yield Postgres(url.render_as_string(hide_password=False))
        finally:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()
