"""Pages of variants: of one search or of all, filtered and sorted, as objects or as JSON."""

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final, TypeAlias

from pydantic_core import to_json

from app.db import searches, variants
from app.db.engine import Database, Session
from app.db.variants import Stored, VariantFilter
from app.schemas.variants import VariantPage, VariantView
from app.services.variant_orders import order, sort_keys
from app.services.variants import deriver

Rows: TypeAlias = tuple[Sequence[Stored], str | None]
"""The rows of a page, and the cursor of the next one."""

OF_SEARCH: Final = "variants of a search"
OF_ALL: Final = "all variants"


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
    with database.look() as session:
        (rows, following), _ = _of_search(database, session, search_id, sort, cursor, limit)
        items = [deriver(database, session, row.search_id).view(row) for row in rows]
    return VariantPage.trusted(items=items, next=following)


def at(database: Database, search_id: str, positions: Sequence[int]) -> list[VariantView]:
    """The variants of a search at these positions, in this order.

    Raises
    ------
    KeyError
        There is none at one of them.
    """
    with database.look() as session:
        rows = variants.at(session, search_id, positions)
        return [deriver(database, session, search_id).view(row) for row in rows]


def text_of_search(
    database: Database, search_id: str, sort: str | None, cursor: str | None, limit: int
) -> tuple[str, bool]:
    """The JSON of :func:`of_search`, which raises the same, and whether it will not change."""
    with database.look() as session:
        page, is_final = _of_search(database, session, search_id, sort, cursor, limit)
        return _text(database, session, page), is_final


def text_of_all(
    database: Database, wanted: VariantFilter, sort: str | None, cursor: str | None, limit: int
) -> str:
    """The JSON of a :class:`VariantPage` of all variants that pass a filter.

    Raises
    ------
    RefusedError
        ``sort`` names something unknown.
    """
    keys = sort_keys(sort)
    with database.look() as session:
        found = variants.filtered(session, wanted, keys, OF_ALL, cursor, limit)
        return _text(database, session, found)


def _of_search(
    database: Database,
    session: Session,
    search_id: str,
    sort: str | None,
    cursor: str | None,
    limit: int,
) -> tuple[Rows, bool]:
    """A page, and whether it is of a search that has ended."""
    keys = sort_keys(sort)
    listing = [OF_SEARCH, search_id, keys]
    if not keys:
        page = variants.in_order(session, search_id, None, listing, cursor, limit)
        # A search has variants only when it has ended; most pages need no second query.
        is_final = bool(page[0]) or searches.finished_at(session, search_id) is not None
        return page, is_final
    finished_at = searches.finished_at(session, search_id)
    positions = order(database, search_id, finished_at, keys)
    page = variants.in_order(session, search_id, positions, listing, cursor, limit)
    return page, finished_at is not None


def _text(database: Database, session: Session, page: Rows) -> str:
    rows, following = page
    items: list[str] = []
    for search_id, found in groupby(rows, attrgetter("search_id")):
        items += map(deriver(database, session, search_id).text, found)
    return f'{{"items":[{",".join(items)}],"next":{to_json(following).decode()}}}'
