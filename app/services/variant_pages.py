"""Pages of variants: of one search or of all, filtered and sorted."""

from collections.abc import Sequence
from typing import Final

from app.db import searches, variants
from app.db.engine import Database, Session
from app.db.models import SearchRow, VariantRow
from app.db.variants import STORED, SortKey, VariantFilter
from app.schemas.variants import VariantPage
from app.services.variant_orders import DERIVED, order, sort_keys
from app.services.variants import derivers

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
    keys = sort_keys(sort, (*STORED, *DERIVED))
    with database.read() as session:
        search = searches.get(session, search_id)
        if any(key.name in DERIVED for key in keys):
            return _page_derived(session, search, keys, cursor, limit)
        wanted = VariantFilter(search_id=search_id)
        return _page(session, *variants.filtered(session, wanted, keys, OF_SEARCH, cursor, limit))


def of_all(
    database: Database, wanted: VariantFilter, sort: str | None, cursor: str | None, limit: int
) -> VariantPage:
    """A page of all variants that pass a filter.

    Raises
    ------
    RefusedError
        ``sort`` names something unknown.
    """
    keys = sort_keys(sort, tuple(STORED))
    with database.read() as session:
        return _page(session, *variants.filtered(session, wanted, keys, OF_ALL, cursor, limit))


def _page_derived(
    session: Session, search: SearchRow, keys: Sequence[SortKey], cursor: str | None, limit: int
) -> VariantPage:
    """A page sorted by derived keys; :func:`app.services.variant_orders.order` states the cost."""
    positions = order(session, search, derivers(session)(search.id), keys)
    listing = [OF_SEARCH, search.id, keys]
    return _page(session, *variants.in_order(session, search.id, positions, listing, cursor, limit))


def _page(session: Session, rows: Sequence[VariantRow], following: str | None) -> VariantPage:
    deriver = derivers(session)
    return VariantPage(items=[deriver(row.search_id).view(row) for row in rows], next=following)
