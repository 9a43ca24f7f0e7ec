"""Databases of their own on the PostgreSQL server, for tests that need more than the usual one."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine, make_url, text

from app.db.engine import Database
from tests.conftest import POSTGRES_URL


@contextmanager
def statistics_of_an_empty_table(database: Database, table: str) -> Iterator[None]:
    """PostgreSQL goes on believing that a table has no rows, until the block is left."""
    with database.write() as session:
        session.execute(text(f"ALTER TABLE {table} SET (autovacuum_enabled = false)"))
        session.execute(text(f"ANALYZE {table}"))
    try:
        yield
    finally:
        with database.write() as session:
            session.execute(text(f"ALTER TABLE {table} RESET (autovacuum_enabled)"))


@contextmanager
def new_postgres() -> Iterator[str]:
    """An empty database, not migrated; its URL."""
    name = f"isobudget_test_{uuid.uuid4().hex[:12]}"
    server = create_engine(POSTGRES_URL, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield make_url(POSTGRES_URL).set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        server.dispose()
