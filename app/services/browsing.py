"""Pages of variants: of one search or of all, filtered and sorted."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.db import searches
from app.db.engine import Database
from app.db.models import SearchRow, VariantRow
from app.db.paging import CursorError, Key, decode, encode, page
from app.errors import Fault, RefusedError
from app.services.variants import DERIVED, VariantPage, derivers


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


class SortKey(NamedTuple):
    """One name of ``sort=``."""

    name: str
    descending: bool


STORED: Final = {
    "resolution": VariantRow.resolution,
    "params": VariantRow.params,
    "flops": VariantRow.flops,
}
POSITION: Final = (Key(VariantRow.search_id), Key(VariantRow.position))


def sort_keys(sort: str | None, known: Sequence[str]) -> list[SortKey]:
    """Read ``sort=-coverage,params``.

    Raises
    ------
    RefusedError
        It names something else.
    """
    names = [name for name in (sort or "").split(",") if name]
    keys = [SortKey(name.removeprefix("-"), name.startswith("-")) for name in names]
    for key in keys:
        if key.name not in known:
            raise RefusedError(
                Fault(
                    "query/sort",
                    f"'{key.name}' is not one of {', '.join(known)}; "
                    "'-' before a name sorts descending",
                )
            )
    return keys


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
        searches.get(session, search_id)
        query = select(VariantRow).where(VariantRow.search_id == search_id)
        if any(key.name in DERIVED for key in keys):
            return _page_derived(session, query, keys, cursor, limit)
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
    query: Select[VariantRow],
    keys: Sequence[SortKey],
    cursor: str | None,
    limit: int,
) -> VariantPage:
    """Sort by what is not stored: it is derived for all variants of the search."""
    deriver = derivers(session)
    rows = list(session.scalars(query.order_by(VariantRow.position)))
    for key in reversed(keys):
        values = {row.position: deriver(row.search_id).value(row, key.name) for row in rows}
        rows.sort(key=lambda row: values[row.position], reverse=key.descending)
    start = decode(cursor, 1)[0] if cursor else 0
    if not isinstance(start, int):
        raise CursorError("the cursor belongs to another list")
    shown = [deriver(row.search_id).view(row) for row in rows[start : start + limit]]
    more = start + limit < len(rows)
    return VariantPage(items=shown, next=encode([start + limit]) if more else None)
