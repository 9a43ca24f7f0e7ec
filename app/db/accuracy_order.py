"""Variants in the order of their accuracies."""

from typing import Any

from sqlalchemy import bindparam
from sqlalchemy.orm import Session

from app.db.models import VariantRow
from app.db.paging import Key, behind, decode, encode
from app.db.variants import Stored, VariantFilter, matching

_TABLE = VariantRow.__table__.c


def page(
    session: Session,
    wanted: VariantFilter,
    *,
    is_descending: bool,
    listing: str,
    cursor: str | None,
    limit: int,
) -> tuple[list[Stored], str | None]:
    """A page of the trained variants that pass a filter, sorted by mean accuracy.

    Ties are sorted by search and position. ``listing`` is the name of the list.

    Raises
    ------
    CursorError
        The cursor is not one of this list's.
    """
    given = wanted.given
    found = matching(given, is_trained=True)
    assert found.accuracy is not None
    sort = [Key(found.accuracy, is_descending), Key(_TABLE.search_id), Key(_TABLE.position)]
    bound = [listing, given, "accuracy", is_descending]
    query = found.query.add_columns(found.accuracy).order_by(*(key.order() for key in sort))
    if cursor is not None:
        query = query.where(behind(sort, decode(session, bound, cursor, [float, str, int])))
    values: dict[str, Any] = {**given, "most": limit + 1}
    rows = session.execute(query.limit(bindparam("most")), values).all()
    stored = [Stored(*columns) for *columns, _ in rows[:limit]]
    if len(rows) <= limit:
        return stored, None
    *_, mean = rows[limit - 1]
    return stored, encode(session, bound, [mean, stored[-1].search_id, stored[-1].position])
