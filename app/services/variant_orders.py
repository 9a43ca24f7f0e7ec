"""Sort keys of variants, and the order of a search's variants by keys that are not stored."""

import threading
from array import array
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Final, TypeAlias, get_args

from app.db import variants
from app.db.engine import Session
from app.db.models import SearchRow
from app.db.variants import STORED, SortKey
from app.errors import Fault, RefusedError
from app.services.variants import Deriver
from solver.answers.variants import Measure

DERIVED: Final[tuple[Measure, ...]] = get_args(Measure)
KEPT: Final = 8
"""The number of orders that a process remembers; one of a million variants takes 4 MB."""

Order: TypeAlias = Sequence[int]
"""Positions of variants, sorted."""


def sort_keys(sort: str | None, known: Sequence[str]) -> list[SortKey]:
    """Read ``sort=-coverage,params``; a name that stands twice counts where it stands first.

    Raises
    ------
    RefusedError
        A name is not among the known ones.
    """
    names = sort.split(",") if sort else []
    keys = [SortKey(name.removeprefix("-"), name.startswith("-")) for name in names]
    if {key.name for key in keys} - set(known):
        written = f"with commas between them, each of {', '.join(known)}"
        reason = f"expected names {written}; '-' before a name sorts descending"
        raise RefusedError(Fault("query/sort", reason))
    first = {key.name: key for key in reversed(keys)}
    return [key for key in keys if first.pop(key.name, None) == key]


class Orders:
    """The orders that were asked for last. Each is worked out once, and one at a time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: OrderedDict[Hashable, Order] = OrderedDict()
        self._lock = threading.Lock()
        self._working = threading.Lock()

    def get(self, key: Hashable, work_out: Callable[[], Order]) -> Order:
        """Return an order, from memory if it is known."""
        if (known := self._find(key)) is not None:
            return known
        with self._working:
            if (known := self._find(key)) is None:
                known = work_out()
                self._keep(key, known)
        return known

    def _find(self, key: Hashable) -> Order | None:
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
            return self._known.get(key)

    def _keep(self, key: Hashable, order: Order) -> None:
        with self._lock:
            self._known[key] = order
            if len(self._known) > self._most:
                self._known.popitem(last=False)


_ORDERS: Final = Orders(KEPT)


def order(session: Session, search: SearchRow, deriver: Deriver, keys: Sequence[SortKey]) -> Order:
    """The positions of all variants of a search, sorted by keys of which some are derived.

    The first call reads all variants of the search and derives their sort values, which takes about
    as long as storing them did. The variants of an ended search never change, so the order is kept
    for the next pages, until :data:`KEPT` other orders were asked for in this process.
    """
    if search.finished_at is None:
        return array("i")
    known_as = (search.id, search.finished_at, *keys)
    return _ORDERS.get(known_as, lambda: _sorted(_values(session, search, deriver, keys), keys))


def _values(
    session: Session, search: SearchRow, deriver: Deriver, keys: Sequence[SortKey]
) -> list["array[float]"]:
    """The sort values of all variants, one column for each key."""
    measures: dict[str, Callable[[Any], float]]
    measures = {name: deriver.describer.measure(name) for name in DERIVED}
    names = [key.name if key.name in STORED else "unknowns" for key in keys]
    columns = [(array("d"), measures.get(key.name, float)) for key in keys]
    for row in variants.columns(session, search.id, names):
        for (values, measure), value in zip(columns, row, strict=True):
            values.append(measure(value))
    return [values for values, _ in columns]


def _sorted(columns: Sequence["array[float]"], keys: Sequence[SortKey]) -> Order:
    positions = list(range(len(columns[0])))
    for values, key in reversed(list(zip(columns, keys, strict=True))):
        positions.sort(key=values.__getitem__, reverse=key.descending)
    return array("i", positions)
