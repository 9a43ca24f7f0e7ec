"""Column types and SQL functions that mean the same on SQLite and PostgreSQL."""

import json
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import JSON, ColumnElement, DateTime, Dialect, type_coerce
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

Document = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
"""A JSON document; finite numbers only."""


class UTCDateTime(TypeDecorator[datetime]):
    """A point in time: aware and in UTC in Python, whatever the database keeps."""

    impl = DateTime(timezone=True)
    cache_ok = True
    python_type = datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times, which mean something else on each machine."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Add UTC, which SQLite does not store, to the time."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class AsSchema(TypeDecorator[Any]):
    """A document that is a schema in Python; it is read and written only here.

    ``kind`` is a schema, or the type of a tuple of schemas.
    """

    impl = JSON(none_as_null=True)
    cache_ok = True

    def __init__(self, kind: Any) -> None:
        super().__init__()
        self.kind = kind
        self._adapter: TypeAdapter[Any] = TypeAdapter(kind)

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Store it like any other document."""
        return Document.dialect_impl(dialect)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Write a schema."""
        return None if value is None else self._adapter.dump_python(value, mode="json")

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Read a schema."""
        return None if value is None else self._adapter.validate_python(value)


def text_in(column: Any, name: str) -> ColumnElement[str]:
    """A text of a stored document or schema, by its name in JSON."""
    found: ColumnElement[str] = type_coerce(column, Document)[name].as_string()
    return found


class database_time(FunctionElement[datetime]):  # noqa: N801 - an SQL function
    """The database's clock, plus some seconds: the only clock that leases are measured with."""

    type = UTCDateTime()
    inherit_cache = True

    def __init__(self, seconds: float | Any = 0.0) -> None:
        super().__init__(seconds)


@compiles(database_time, "sqlite")
def _sqlite_time(element: database_time, compiler: SQLCompiler, **keywords: Any) -> str:
    seconds = compiler.process(element.clauses, **keywords)
    moment = f"strftime('%Y-%m-%d %H:%M:%f', 'now', ({seconds}) || ' seconds')"
    return f"({moment} || '000')"  # SQLAlchemy's format, since times are compared as text


@compiles(database_time, "postgresql")
def _postgres_time(element: database_time, compiler: SQLCompiler, **keywords: Any) -> str:
    seconds = compiler.process(element.clauses, **keywords)
    return f"(clock_timestamp() + make_interval(secs => CAST({seconds} AS double precision)))"


def to_json(value: Any) -> str:
    """Serialise a document; a NaN is refused here, not stored as NULL."""
    return json.dumps(value, allow_nan=False, separators=(",", ":"))
