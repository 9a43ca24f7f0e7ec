"""Statements of both databases that SQLAlchemy offers only in each database's own dialect."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any, Final

from sqlalchemy import Connection, CursorResult, or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.db.models import Base

MOST_VALUES: Final = 10_000
"""A statement takes no more values than this; SQLite allows 32,766, PostgreSQL 65,535."""


def batches(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield values in their order, as many at once as a statement may take."""
    for start in range(0, len(values), MOST_VALUES):
        yield values[start : start + MOST_VALUES]


def insert_new(session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Insert the rows whose primary keys are not there yet. Returns the keys of these rows.

    The table has one key column, and all rows name the same columns.
    """
    if not rows:
        return []
    (key,) = table.__table__.primary_key
    new = _dialect(session).insert(table).on_conflict_do_nothing().returning(key)
    return list(session.scalars(new, list(rows)))


def upsert(
    session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]], origin: str
) -> None:
    """Insert rows, or replace those with their primary keys; all rows name the same columns.

    A stored row stays if the new one differs in ``origin`` alone: it was only reported again.
    """
    if not rows:
        return
    keys = _keys(table)
    last = {tuple(row[key] for key in keys): row for row in rows}
    statement = _dialect(session).insert(table).values(list(last.values()))
    changed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    differs = [getattr(table, name) != value for name, value in changed.items() if name != origin]
    session.execute(
        statement.on_conflict_do_update(index_elements=keys, set_=changed, where=or_(*differs))
    )


def add(
    session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]], column: str
) -> None:
    """Insert rows; if a row with the same primary key is there, add to its ``column``."""
    if not rows:
        return
    keys = _keys(table)
    statement = _dialect(session).insert(table)
    total = getattr(table, column) + statement.excluded[column]
    session.execute(
        statement.on_conflict_do_update(index_elements=keys, set_={column: total}), list(rows)
    )


def insert_all(
    session: Session,
    table: type[Base],
    columns: Sequence[str],
    rows: Iterable[tuple[str | float, ...]],
) -> None:
    """Insert any number of rows as fast as the driver can, with few of them in memory at a time.

    Rows hold plain values: a document is its JSON text. The session's transaction is used.
    """
    name, listed = table.__tablename__, ", ".join(columns)
    connection = session.connection()
    cursor: Any
    with _driver_errors(connection), closing(connection.connection.cursor()) as cursor:
        if _dialect(session) is postgresql:
            _copy(cursor, f"COPY {name} ({listed}) FROM STDIN", rows)
        else:
            places = ", ".join("?" * len(columns))
            cursor.executemany(f"INSERT INTO {name} ({listed}) VALUES ({places})", rows)


@contextmanager
def _driver_errors(connection: Connection) -> Iterator[None]:
    """Raise errors of the driver as SQLAlchemy does, which does not see what happens here."""
    dialect = connection.dialect
    driver = dialect.loaded_dbapi
    try:
        yield
    except driver.Error as failed:
        raise DBAPIError.instance(None, None, failed, driver.Error, dialect=dialect) from failed


def _copy(cursor: Any, statement: str, rows: Iterable[tuple[str | float, ...]]) -> None:
    with cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def affected(session: Session, statement: Any) -> int:
    """Execute a statement. Returns the number of rows that it changed."""
    result = session.execute(statement)
    assert isinstance(result, CursorResult)
    return result.rowcount


def _keys(table: type[Base]) -> list[str]:
    return [column.name for column in table.__table__.primary_key]


def _dialect(session: Session) -> Any:
    return sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
