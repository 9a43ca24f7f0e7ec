"""Variants in the database: stored with their search's answer, read by position or page by page."""

import math
from array import array
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from operator import truediv
from typing import Any, Final, NamedTuple, TypeAlias

from sqlalchemy import Select, String, bindparam, func, select, tuple_
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import KeyedColumnElement

from app.db import accuracies
from app.db.errors import existing
from app.db.models import JobRunRow, SearchRow, VariantRow
from app.db.paging import Key, Listing, behind, decode, encode
from app.db.statements import insert_all
from solver.answers.variants import Answer
from solver.variation.unknown import RESOLUTION

_TABLE: Final = VariantRow.__table__.c
"""Columns of the table, not of the class: rows that are only read need no mapping to objects."""
SORTED_BY: Final[dict[str, KeyedColumnElement[Any]]] = {
    name: _TABLE[name] for name in ("resolution", "params", "flops", "coverage", "receptive_field")
}
"""The columns by which variants can be sorted."""
RANGES: Final = ("resolution", "params", "flops", "coverage")
"""The columns that a filter has ranges of."""
READ_AT_ONCE: Final = 10_000
"""Rows read at a time; more would wait."""
_POSITION: Final = (Key(_TABLE.search_id), Key(_TABLE.position))
Order: TypeAlias = Sequence[int]
"""Positions of variants, sorted."""


class Stored(NamedTuple):
    """A row of ``variants``: a plain tuple, since lists need no objects that can be changed."""

    search_id: str
    position: int
    resolution: int
    params: int
    flops: int
    unknowns: Sequence[int]
    macs: int
    activations: int
    coverage: float
    receptive_field: int


class Accuracy(NamedTuple):
    """The accuracy of a variant on the test split (:func:`app.db.accuracies.of_variants`)."""

    dataset: str
    recipe: str
    epochs: int
    training_images: int | None
    mean: float
    runs: int
    squares: float

    @property
    def sd(self) -> float | None:
        """The standard deviation of the sample; ``None`` for one run."""
        return math.sqrt(self.squares / (self.runs - 1)) if self.runs > 1 else None


COLUMNS: Final = Stored._fields
_WHOLE: Final = tuple(_TABLE[name] for name in COLUMNS)


class VariantFilter(NamedTuple):
    """A filter for all stored variants; ``None`` does not filter.

    Accuracies are fractions, on the test split. Variants that were not trained have none. With a
    ``dataset``, they are those on it, and variants that were not trained on it do not pass.
    """

    approach: str | None = None
    budget: str | None = None
    scope: str | None = None
    search_id: str | None = None
    dataset: str | None = None
    min_resolution: int | None = None
    max_resolution: int | None = None
    min_params: int | None = None
    max_params: int | None = None
    min_flops: int | None = None
    max_flops: int | None = None
    min_coverage: float | None = None
    max_coverage: float | None = None
    min_accuracy: float | None = None
    max_accuracy: float | None = None

    @property
    def given(self) -> dict[str, Any]:
        """The fields that filter."""
        return {name: value for name, value in self._asdict().items() if value is not None}


class SortKey(NamedTuple):
    """A sort key of a list: the name of a column, and the direction."""

    name: str
    descending: bool


_OF_SEARCH: Final = select(*_WHOLE).where(_TABLE.search_id == bindparam("search_id"))
_ONE: Final = _OF_SEARCH.where(_TABLE.position == bindparam("position"))
_STRETCH: Final = _OF_SEARCH.where(
    _TABLE.position >= bindparam("start"), _TABLE.position < bindparam("end")
).order_by(_TABLE.position)
_SOME: Final = _OF_SEARCH.where(_TABLE.position.in_(bindparam("positions", expanding=True)))
"""Statements are built once, since building one takes longer than executing it."""


def insert(session: Session, search_id: str, answer: Answer) -> None:
    """Store an answer's variants under their search."""
    insert_all(session, VariantRow, COLUMNS, rows_of(search_id, answer))


def rows_of(search_id: str, answer: Answer) -> Iterator[tuple[str | float, ...]]:
    """Yield the rows of an answer's variants one by one: there may be a million."""
    table = answer.table
    listed = "[" + ",".join(["%d"] * len(answer.symbols)) + "]"
    return zip(
        repeat(search_id, len(table)),
        range(len(table)),
        table[RESOLUTION],
        table["params"],
        table["flops"],
        map(listed.__mod__, table.rows(answer.symbols)),
        table["macs"],
        table["activations"],
        map(truediv, table["rows_read"], table["rows"]),
        table["receptive_field"],
        strict=True,
    )


def get(session: Session, search_id: str, position: int) -> Stored:
    """One variant.

    Raises
    ------
    NotFoundError
        There is none at this position.
    """
    return existing(find(session, search_id, position), "variant")


def find(session: Session, search_id: str, position: int) -> Stored | None:
    """One variant; ``None`` where there is none at this position."""
    found = session.execute(_ONE, {"search_id": search_id, "position": position}).first()
    return None if found is None else Stored._make(found)


def at(session: Session, search_id: str, positions: Sequence[int]) -> list[Stored]:
    """The variants at these positions, in this order."""
    rows = _rows(session, _SOME, {"search_id": search_id, "positions": positions})
    by_position = {row.position: row for row in rows}
    return [by_position[position] for position in positions]


def stretch(session: Session, search_id: str, start: int, limit: int) -> list[Stored]:
    """The variants of a search from position ``start`` on, at most ``limit``, in their order.

    Positions have no gaps. With both ends given, no database reads more than these rows.
    """
    return _rows(session, _STRETCH, {"search_id": search_id, "start": start, "end": start + limit})


def _rows(session: Session, statement: Select[Any], values: Mapping[str, Any]) -> list[Stored]:
    return list(map(Stored._make, session.execute(statement, values).all()))


def order(session: Session, search_id: str, keys: Sequence[SortKey]) -> Order:
    """The positions of a search's variants, sorted by keys; ties are sorted by position."""
    terms = [Key(SORTED_BY[key.name], key.descending).order() for key in keys]
    query = (
        select(_TABLE.position)
        .where(_TABLE.search_id == search_id)
        .order_by(*terms, _TABLE.position)
        .execution_options(yield_per=READ_AT_ONCE)
    )
    return array("i", session.scalars(query))


def positions(session: Session, search_id: str, most: int | None = None) -> list[int]:
    """Positions of a search's variants, up to the resolution ``most`` if given."""
    query = select(_TABLE.position).where(_TABLE.search_id == search_id)
    if most is not None:
        query = query.where(_TABLE.resolution <= most)
    return list(session.scalars(query.order_by(_TABLE.position)))


def number(session: Session, search_id: str) -> int:
    """The number of stored variants of a search."""
    query = select(func.count()).where(_TABLE.search_id == search_id)
    return session.scalar(query) or 0


def filtered(
    session: Session,
    wanted: VariantFilter,
    keys: Sequence[SortKey],
    listing: str,
    cursor: str | None,
    limit: int,
) -> tuple[list[Stored], str | None]:
    """A page of the variants that pass a filter.

    Ties and lists without keys are sorted by search and position. ``listing`` is the name of the
    list; its cursors are good for no other.

    Raises
    ------
    CursorError
        The cursor is not one of this list's.
    """
    given = wanted.given
    sort = _sort(keys)
    bound = [listing, given, keys]
    values: dict[str, Any] = {**given, "most": limit + 1}
    if cursor is not None:
        kinds = [key.column.type.python_type for key in sort]
        last = decode(session, bound, cursor, kinds)
        values |= zip(_places(sort), last, strict=True)
    statement = _statement(tuple(given), tuple(keys), is_behind=cursor is not None)
    found = _rows(session, statement, values)
    if len(found) <= limit:
        return found, None
    place = [getattr(found[limit - 1], key.column.key) for key in sort]
    return found[:limit], encode(session, bound, place)


def _sort(keys: Sequence[SortKey]) -> list[Key]:
    """The columns that a list is sorted by: its keys, then search and position."""
    return [*(Key(SORTED_BY[key.name], key.descending) for key in keys), *_POSITION]


def _places(sort: Sequence[Key]) -> list[str]:
    """The names of the parameters that hold a cursor's values."""
    return [f"last_{n}" for n in range(len(sort))]


@lru_cache(256)
def _statement(
    given: tuple[str, ...], keys: tuple[SortKey, ...], *, is_behind: bool
) -> Select[Any]:
    """A page of the variants that pass a filter; values of the filter are parameters."""
    sort = _sort(keys)
    query = matching(given).query.order_by(*(key.order() for key in sort)).limit(bindparam("most"))
    if not is_behind:
        return query
    last = zip(_places(sort), sort, strict=True)
    return query.where(behind(sort, [bindparam(name, type_=key.column.type) for name, key in last]))


def block(
    session: Session, wanted: VariantFilter, after: tuple[str, int] | None, limit: int
) -> list[Stored]:
    """Up to ``limit`` variants that pass a filter, behind the variant ``after``.

    They are sorted by search and position.
    """
    given = wanted.given
    values: dict[str, Any] = {**given, "most": limit}
    if after is not None:
        values |= zip(_places(_POSITION), after, strict=True)
    return _rows(session, _statement(tuple(given), (), is_behind=after is not None), values)


def accuracies_of(
    session: Session, rows: Sequence[Stored], dataset: str | None = None
) -> dict[tuple[str, int], Accuracy]:
    """The accuracies of variants that were trained, by search and position.

    ``rows`` are consecutive in a list sorted by search and position. With a data set, the
    accuracies are those on it.
    """
    if not rows:
        return {}
    first, last = ((row.search_id, row.position) for row in (rows[0], rows[-1]))
    place = tuple_(*accuracies.VARIANT)
    query = select(accuracies.of_variants(place >= first, place <= last, dataset=dataset))
    return {(search_id, at): Accuracy(*of) for search_id, at, *of in session.execute(query)}


def accuracies_at(
    session: Session, rows: Sequence[Stored], dataset: str | None = None
) -> dict[tuple[str, int], Accuracy]:
    """The same of rows in any order."""
    if not rows:
        return {}
    places = [(row.search_id, row.position) for row in rows]
    found = accuracies.of_variants(tuple_(*accuracies.VARIANT).in_(places), dataset=dataset)
    query = select(found)
    return {(search_id, at): Accuracy(*of) for search_id, at, *of in session.execute(query)}


class Matching(NamedTuple):
    """A query of variants; ``accuracy`` is their mean one, if it leaves out untrained variants."""

    query: Select[Any]
    accuracy: KeyedColumnElement[float] | None


def matching(given: Collection[str], *, is_trained: bool = False) -> Matching:
    """The variants that pass a filter of which these fields are given; only trained ones if so."""
    query = select(*_WHOLE)
    terms = [name for name in ("approach", "budget", "scope") if name in given]
    if terms:
        query = query.join(SearchRow, SearchRow.id == _TABLE.search_id)
    for name in terms:
        query = query.where(getattr(SearchRow, name) == bindparam(name))
    mine = []
    if "search_id" in given:
        query = query.where(_TABLE.search_id == bindparam("search_id"))
        mine = [JobRunRow.search_id == bindparam("search_id")]
    ranges: dict[str, KeyedColumnElement[Any]] = {name: _TABLE[name] for name in RANGES}
    if is_trained or not {"min_accuracy", "max_accuracy", "dataset"}.isdisjoint(given):
        on = bindparam("dataset", type_=String()) if "dataset" in given else None
        trained = accuracies.of_variants(*mine, dataset=on)
        query = query.join(
            trained,
            (trained.c.search_id == _TABLE.search_id) & (trained.c.position == _TABLE.position),
        )
        ranges["accuracy"] = trained.c.mean
    for name, column in ranges.items():
        if f"min_{name}" in given:
            query = query.where(column >= bindparam(f"min_{name}"))
        if f"max_{name}" in given:
            query = query.where(column <= bindparam(f"max_{name}"))
    return Matching(query, ranges.get("accuracy"))


def in_order(
    session: Session,
    search_id: str,
    order: Order | None,
    listing: Listing,
    cursor: str | None,
    limit: int,
) -> tuple[list[Stored], str | None]:
    """A page of a search's variants, in an order of their positions; ``None``: the solver's.

    Raises
    ------
    CursorError
        The cursor is not one of this list's.
    """
    start = decode(session, listing, cursor, [int])[0] if cursor is not None else 0
    behind = start + limit
    if order is None:
        rows = stretch(session, search_id, start, limit + 1)
        is_more = len(rows) > limit
    else:
        rows = at(session, search_id, list(order[start:behind]))
        is_more = behind < len(order)
    return rows[:limit], encode(session, listing, [behind]) if is_more else None
