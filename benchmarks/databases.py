"""Databases to measure with, and the bare inserts that storing is held against."""

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

Rows: TypeAlias = Sequence[tuple[str | int, ...]]


class Store(Protocol):
    """One kind of database."""

    def empty(self) -> Database:
        """The database without rows; whoever takes it closes it."""

    def bare_seconds(self, rows: Rows) -> float:
        """What ``executemany`` takes for all columns of these variants, with its commit."""


class Sqlite:
    """A file, each time a copy of one that is migrated."""

    def __init__(self, folder: Path) -> None:
        self._migrated, self._used = folder / "migrated.sqlite", folder / "used.sqlite"
        with closing(Database(f"sqlite:///{self._migrated}")) as database:
            migrate(database)
            self._module: Any = database.engine.dialect.dbapi

    def empty(self) -> Database:
        """A new copy."""
        shutil.copy(self._migrated, self._used)
        return Database(f"sqlite:///{self._used}")

    def bare_seconds(self, rows: Rows) -> float:
        """By the module that we use, with its own defaults."""
        with closing(self._module.connect(self._used)) as connection:
            return _inserted(connection, "?", rows)


class Postgres:
    """A database of its own on a server."""

    def __init__(self, url: str) -> None:
        self._url = url
        with closing(Database(url)) as database:
            migrate(database)

    def empty(self) -> Database:
        """The same one, with all rows removed."""
        database = Database(self._url)
        with database.write() as session:
            session.execute(text("TRUNCATE architectures CASCADE"))
        return database

    def bare_seconds(self, rows: Rows) -> float:
        """By psycopg."""
        import psycopg

        url = make_url(self._url).set(drivername="postgresql")
        with closing(psycopg.connect(url.render_as_string(hide_password=False))) as connection:
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
