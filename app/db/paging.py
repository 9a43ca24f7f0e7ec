"""Keyset pages: each page starts after the last row of the page before.

A cursor holds the sort values of that row, and a signature that binds them to the list, its sort
and its filters. What is decoded was therefore encoded here, and needs no further checks.
"""

import base64
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

from sqlalchemy import ColumnElement, Select, and_, or_, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.elements import KeyedColumnElement

from app.db.signing import SIGNATURE_BYTES, is_signed, signature

Row = TypeVar("Row")
Listing: TypeAlias = Sequence[Any]
"""What a cursor is bound to, as JSON: the name of a list, its sort, and its filters."""


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
    session: Session,
    query: Select[Row],
    keys: Sequence[Key],
    listing: Listing,
    cursor: str | None,
    limit: int,
) -> tuple[list[Row], str | None]:
    """At most ``limit`` rows after a cursor, and the cursor of the next page, if there is one.

    Raises
    ------
    CursorError
        The cursor is not one of this list's.
    """
    if cursor is not None:
        kinds = [key.column.type.python_type for key in keys]
        query = query.where(behind(keys, decode(session, listing, cursor, kinds)))
    rows = list(session.scalars(query.order_by(*(key.order() for key in keys)).limit(limit + 1)))
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]
    return rows[:limit], encode(session, listing, [getattr(last, key.column.key) for key in keys])


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


def encode(session: Session, listing: Listing, values: Sequence[Any]) -> str:
    """Sign the sort values of a page's last row, as a cursor of this list only."""
    plain = [{"at": v.isoformat()} if isinstance(v, datetime) else v for v in values]
    content = _canonical(plain)
    return _as_text(signature(session, _bound(listing, content)) + content)


def decode(
    session: Session, listing: Listing, cursor: str, kinds: Sequence[type[Any]]
) -> list[Any]:
    """The sort values of a page's last row, which are of these kinds.

    Raises
    ------
    CursorError
        The cursor was not made by :func:`encode` for this list, with this sort and these filters.
    """
    given = _as_bytes(cursor)
    signed, content = given[:SIGNATURE_BYTES], given[SIGNATURE_BYTES:]
    if not is_signed(session, _bound(listing, content), signed):
        raise CursorError(FOREIGN)
    plain = json.loads(content)
    values = [datetime.fromisoformat(v["at"]) if isinstance(v, dict) else v for v in plain]
    if [type(value) for value in values] != [*kinds]:  # signed by another version of this code
        raise CursorError(FOREIGN)
    return values


FOREIGN: Final = (
    "this is not the 'next' of a page of this list, with this sort and these filters; "
    "leave it out to begin with the first page"
)


def _canonical(content: Any) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _bound(listing: Listing, content: bytes) -> bytes:
    """What is signed: the list, and the place in it."""
    return _canonical(listing) + b"\n" + content


def _as_text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _as_bytes(cursor: str) -> bytes:
    """The content of a cursor, which has only one form as text."""
    try:
        content = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except ValueError as broken:
        raise CursorError(FOREIGN) from broken
    if _as_text(content) != cursor:
        raise CursorError(FOREIGN)
    return content
