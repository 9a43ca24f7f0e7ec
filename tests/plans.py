"""How a database would carry statements out."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import Connection, event
from sqlalchemy.orm import Session

from app.db.engine import Database


class Asked(NamedTuple):
    """A statement as the driver gets it."""

    statement: str
    values: Any


@contextmanager
def asked_of(database: Database) -> Iterator[list[Asked]]:
    """What the database is asked meanwhile."""
    asked: list[Asked] = []

    def note(_c: Connection, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        asked.append(Asked(statement, values))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def plan(session: Session, asked: Asked) -> str:
    """What the database would do, line by line; it does nothing of it."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN (COSTS OFF)"
    rows = session.connection().exec_driver_sql(f"{explain} {asked.statement}", asked.values)
    return "\n".join(str(row[-1]) for row in rows)
