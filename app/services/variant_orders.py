"""Sort keys of variants, and the order of a search's variants by them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from app.db import variants
from app.db.engine import Session
from app.db.variants import SORTED_BY, Order, SortKey
from app.errors import Fault, RefusedError
from app.services.recent import Recent

KEPT: Final = 8
"""The number of orders that a process remembers; one of a million variants takes 4 MB."""
_ORDERS: Final[Recent[Order]] = Recent(KEPT)


def sort_keys(sort: str | None) -> list[SortKey]:
    """Read ``sort=-coverage,params``.

    Raises
    ------
    RefusedError
        A name is not among the known ones.
    """
    names = [name for name in (sort or "").split(",") if name]
    keys = [SortKey(name.removeprefix("-"), name.startswith("-")) for name in names]
    for key in keys:
        if key.name not in SORTED_BY:
            raise RefusedError(
                Fault(
                    "query/sort",
                    f"'{key.name}' is not one of {', '.join(SORTED_BY)}; "
                    "'-' before a name sorts descending",
                )
            )
    return keys


def order(
    session: Session, search_id: str, finished_at: datetime | None, keys: Sequence[SortKey]
) -> Order:
    """The positions of all variants of a search, sorted by keys.

    The first call has the database sort all variants of the search. The variants of an ended search
    never change, so the order is kept for the next pages, until :data:`KEPT` other orders were
    asked for in this process.
    """
    if finished_at is None:
        return ()
    known_as = (search_id, finished_at, *keys)
    return _ORDERS.get(known_as, lambda: variants.order(session, search_id, keys))
