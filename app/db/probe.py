"""Tries whether a database can be used: its schema, its disk, and writing to it."""

import shutil
from typing import Final

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from app.db import schema
from app.db.causes import BUSY, FULL, INCOMPLETE, NEWER, OUTDATED, READ_ONLY, Cause, cause_of
from app.db.engine import Database
from app.db.models import Base

LEAST_FREE_BYTES: Final = 1 << 20
"""A disk with less is full: SQLite's log may need so much for a small change."""
TRIED_BYTES: Final = 64 << 10
LOCK_MILLISECONDS: Final = 200
USUAL_MILLISECONDS: Final = 30_000


def fault_of(database: Database) -> tuple[Cause, str] | None:
    """What keeps a database from being used, and what its driver says; ``None`` if nothing does."""
    try:
        with database.engine.connect() as connection:
            found = fault_of_schema(connection)
        if found is None:
            found = _of_file(database) if database.is_sqlite else _of_server(database)
    except SQLAlchemyError as error:
        cause = cause_of(error)
        if cause is None:
            raise
        return None if cause is BUSY else (cause, str(getattr(error, "orig", error)))
    return None if found is None else (found, "")


def fault_of_schema(connection: Connection) -> Cause | None:
    """What is wrong with a database's schema, if anything."""
    tables = set(inspect(connection).get_table_names())
    if schema.REVISIONS not in tables:
        return OUTDATED
    revision = connection.scalar(text(f"SELECT version_num FROM {schema.REVISIONS}"))
    if revision is None or (revision != schema.newest() and schema.knows(revision)):
        return OUTDATED
    if revision != schema.newest():
        return NEWER
    return INCOMPLETE if set(Base.metadata.tables) - tables else None


def _of_server(database: Database) -> Cause | None:
    asked = text("SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'")
    with database.engine.connect() as connection:
        return READ_ONLY if connection.scalar(asked) else None


def _of_file(database: Database) -> Cause | None:
    """Make a table in SQLite that needs new pages, and take it back.

    Nothing is written to the disk, whose free space is therefore looked at first.
    """
    path = database.path
    if path and shutil.disk_usage(path.absolute().parent).free < LEAST_FREE_BYTES:
        return FULL
    with database.writing() as connection:
        driver = connection.connection.cursor()
        driver.execute(f"PRAGMA busy_timeout = {LOCK_MILLISECONDS}")  # who writes, can write
        try:
            connection.exec_driver_sql("CREATE TABLE isobudget_probe (tried BLOB)")
            connection.exec_driver_sql(
                f"INSERT INTO isobudget_probe VALUES (zeroblob({TRIED_BYTES}))"
            )
        finally:
            connection.rollback()
            driver.execute(f"PRAGMA busy_timeout = {USUAL_MILLISECONDS}")
    return None
