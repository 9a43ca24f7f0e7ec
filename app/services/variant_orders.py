"""Sort keys of variants, and the order of a search's variants by them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from app.db import variants
from app.db.engine import Database
from app.db.variants import SORTED_BY, Order, SortKey
from app.errors import Fault, RefusedError
from app.services.recent import Recent

KEPT: Final = 8
"""The number of orders that a process remembers; one of a million variants takes 4 MB."""
_ORDERS: Final[Recent[Order]] = Recent(KEPT)


def sort_keys(sort: str | None) -> list[SortKey]:
    """Read ``sort=-coverage,params``; a name that stands twice counts where it stands first.

    Raises
    ------
    RefusedError
        A name is not among the known ones.
    """
    names = sort.split(",") if sort else []
    keys = [SortKey(name.removeprefix("-"), name.startswith("-")) for name in names]
    if {key.name for key in keys} - set(SORTED_BY):
        written = f"with commas between them, each of {', '.join(SORTED_BY)}"
        reason = f"expected names {written}; '-' before a name sorts descending"
        raise RefusedError(Fault("query/sort", reason))
    first = {key.name: key for key in reversed(keys)}
    return [key for key in keys if first.pop(key.name, None) == key]


def order(
    database: Database, search_id: str, finished_at: datetime | None, keys: Sequence[SortKey]
) -> Order:
    """The positions of all variants of a search, sorted by keys.

    The first call has the database sort all variants of the search. The variants of an ended search
    never change, so the order is kept for the next pages, until :data:`KEPT` other orders were
    asked for in this process.
    """
    if finished_at is None:
        return ()
    known_as = (search_id, finished_at, *keys)
    return _ORDERS.get(known_as, lambda: _sorted(database, search_id, keys))


def _sorted(database: Database, search_id: str, keys: Sequence[SortKey]) -> Order:
    with database.read() as session:
        return variants.order(session, search_id, keys)
