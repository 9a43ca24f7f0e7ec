"""Pages of variants: of one search or of all, filtered and sorted."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.db import searches
from app.db.engine import Database
from app.db.models import SearchRow, VariantRow
from app.db.paging import CursorError, Key, decode, encode, page
from app.services.ordering import DERIVED, STORED, SortKey, order, sort_keys
from app.services.variants import VariantPage, derivers


class VariantFilter(NamedTuple):
    """Which of all stored variants to show; ``None`` does not filter."""

    approach: str | None = None
    budget: str | None = None
    scope: str | None = None
    search_id: str | None = None
    min_resolution: int | None = None
    max_resolution: int | None = None
    min_params: int | None = None
    max_params: int | None = None
    min_flops: int | None = None
    max_flops: int | None = None


POSITION: Final = (Key(VariantRow.search_id), Key(VariantRow.position))


def of_search(
    database: Database, search_id: str, sort: str | None, cursor: str | None, limit: int
) -> VariantPage:
    """A page of a search's variants, in the solver's order unless sorted.

    Raises
    ------
    RefusedError
        ``sort`` names something unknown.
    app.db.errors.NotFoundError
        There is no such search.
    """
    keys = sort_keys(sort, (*STORED, *DERIVED))
    with database.read() as session:
        search = searches.get(session, search_id)
        if any(key.name in DERIVED for key in keys):
            return _page_derived(session, search, keys, cursor, limit)
        query = select(VariantRow).where(VariantRow.search_id == search_id)
        return _page_stored(session, query, keys, cursor, limit)


def browse(
    database: Database, wanted: VariantFilter, sort: str | None, cursor: str | None, limit: int
) -> VariantPage:
    """A page of all variants that pass a filter.

    Raises
    ------
    RefusedError
        ``sort`` names something unknown.
    """
    keys = sort_keys(sort, tuple(STORED))
    query = select(VariantRow).join(SearchRow, SearchRow.id == VariantRow.search_id)
    for name in ("approach", "budget", "scope"):
        if (value := getattr(wanted, name)) is not None:
            query = query.where(getattr(SearchRow, name) == value)
    if wanted.search_id is not None:
        query = query.where(VariantRow.search_id == wanted.search_id)
    for name, column in STORED.items():
        if (least := getattr(wanted, f"min_{name}")) is not None:
            query = query.where(column >= least)
        if (most := getattr(wanted, f"max_{name}")) is not None:
            query = query.where(column <= most)
    with database.read() as session:
        return _page_stored(session, query, keys, cursor, limit)


def _page_stored(
    session: Session,
    query: Select[VariantRow],
    keys: Sequence[SortKey],
    cursor: str | None,
    limit: int,
) -> VariantPage:
    order = [Key(STORED[key.name], key.descending) for key in keys]
    rows, following = page(session, query, [*order, *POSITION], cursor, limit)
    deriver = derivers(session)
    return VariantPage(items=[deriver(row.search_id).view(row) for row in rows], next=following)


def _page_derived(
    session: Session,
    search: SearchRow,
    keys: Sequence[SortKey],
    cursor: str | None,
    limit: int,
) -> VariantPage:
    """Sort by what is not stored; see :func:`app.services.ordering.order` for what it costs."""
    start = decode(cursor, 1)[0] if cursor else 0
    if not isinstance(start, int) or start < 0:
        raise CursorError("the cursor belongs to another list")
    deriver = derivers(session)(search.id)
    positions = order(session, search, deriver, keys)
    behind = start + limit
    rows = searches.variants_at(session, search.id, list(positions[start:behind]))
    following = encode([behind]) if behind < len(positions) else None
    return VariantPage(items=[deriver.view(row) for row in rows], next=following)
