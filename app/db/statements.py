"""Statements that both databases know, but spell alike only in their own dialects."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from typing import Any

from sqlalchemy import CursorResult
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.db.models import Base


def insert_new(session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert the rows whose primary keys are not there yet; how many that were."""
    if not rows:
        return 0
    statement = _dialect(session).insert(table).values(list(rows)).on_conflict_do_nothing()
    return len(session.execute(statement.returning(*table.__table__.primary_key)).all())


def upsert(session: Session, table: type[Base], row: Mapping[str, Any]) -> None:
    """Insert a row, or replace the one with its primary key."""
    keys = [column.name for column in table.__table__.primary_key]
    statement = _dialect(session).insert(table).values(**row)
    changed = {name: value for name, value in row.items() if name not in keys}
    session.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed))


def insert_all(
    session: Session,
    table: type[Base],
    columns: Sequence[str],
    rows: Iterable[tuple[str | int, ...]],
) -> None:
    """Insert any number of rows of plain values, as fast as the driver can; it holds few at a time.

    A document is its JSON text here. In the session's own transaction.
    """
    name, listed = table.__tablename__, ", ".join(columns)
    cursor: Any
    with closing(session.connection().connection.cursor()) as cursor:
        if _dialect(session) is postgresql:
            _copy(cursor, f"COPY {name} ({listed}) FROM STDIN", rows)
        else:
            places = ", ".join("?" * len(columns))
            cursor.executemany(f"INSERT INTO {name} ({listed}) VALUES ({places})", rows)


def _copy(cursor: Any, statement: str, rows: Iterable[tuple[str | int, ...]]) -> None:
    with cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def affected(session: Session, statement: Any) -> int:
    """Execute a statement; how many rows it changed."""
    result = session.execute(statement)
    assert isinstance(result, CursorResult)
    return result.rowcount


def _dialect(session: Session) -> Any:
    return sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
