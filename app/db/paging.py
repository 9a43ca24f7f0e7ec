"""Keyset pages: each page starts after the last row of the page before."""

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Select, and_, or_, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.elements import KeyedColumnElement

Row = TypeVar("Row")


class CursorError(ValueError):
    """A cursor that does not come from a page of this list."""


class Key(NamedTuple):
    """One column that a list is sorted by."""

    column: InstrumentedAttribute[Any] | KeyedColumnElement[Any]
    descending: bool = False

    def order(self) -> ColumnElement[Any]:
        """The column's term in ``ORDER BY``."""
        column: ColumnElement[Any] = self.column.expression
        return column.desc() if self.descending else column.asc()

    def behind(self, value: Any) -> ColumnElement[bool]:
        """The condition for rows that come after a value."""
        column: ColumnElement[Any] = self.column.expression
        later: ColumnElement[bool] = column < value if self.descending else column > value
        return later


def page(
    session: Session, query: Select[Row], keys: Sequence[Key], cursor: str | None, limit: int
) -> tuple[list[Row], str | None]:
    """At most ``limit`` rows after a cursor, and the cursor of the next page, if there is one.

    Raises
    ------
    CursorError
        The cursor is not one of this list's.
    """
    if cursor is not None:
        query = query.where(behind(keys, decode(cursor, len(keys))))
    rows = list(session.scalars(query.order_by(*(key.order() for key in keys)).limit(limit + 1)))
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]
    return rows[:limit], encode([getattr(last, key.column.key) for key in keys])


def behind(keys: Sequence[Key], values: Sequence[Any]) -> ColumnElement[bool]:
    """The condition for rows that come after these values, ``(a, b) > (x, y)``.

    It is spelled out where the directions differ; then an index serves it less well.
    """
    place = tuple_(*(key.column for key in keys))
    last = tuple_(*values, types=[key.column.type for key in keys])
    if not any(key.descending for key in keys):
        return place > last
    if all(key.descending for key in keys):
        return place < last
    return or_(
        *(
            and_(
                *(k.column == v for k, v in zip(keys[:i], values[:i], strict=True)),
                key.behind(value),
            )
            for i, (key, value) in enumerate(zip(keys, values, strict=True))
        )
    )


def encode(values: Sequence[Any]) -> str:
    """Encode the sort values of a page's last row as an opaque cursor."""
    plain = [{"at": v.isoformat()} if isinstance(v, datetime) else v for v in values]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def decode(cursor: str, length: int) -> list[Any]:
    """Decode the ``length`` sort values of a page's last row.

    Raises
    ------
    CursorError
        The cursor was not made by :func:`encode`, or it belongs to another list.
    """
    try:
        plain = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        values = [datetime.fromisoformat(v["at"]) if isinstance(v, dict) else v for v in plain]
    except (binascii.Error, ValueError, KeyError, TypeError) as broken:
        raise CursorError("the cursor is not one that a list answered with") from broken
    if len(values) != length:
        raise CursorError("the cursor belongs to another list")
    return values
