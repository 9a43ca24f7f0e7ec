"""Variants in the database: stored with their search's answer, read by position or page by page."""

from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Any, Final, NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.db import identity
from app.db.errors import existing
from app.db.models import SearchRow, VariantRow
from app.db.paging import Key, Listing, decode, encode, page
from app.db.statements import insert_all
from solver.answers.variants import Answer
from solver.variation.unknown import RESOLUTION

COLUMNS: Final = ("search_id", "position", "resolution", "params", "flops", "unknowns")
STORED: Final[dict[str, InstrumentedAttribute[int]]] = {
    "resolution": VariantRow.resolution,
    "params": VariantRow.params,
    "flops": VariantRow.flops,
}
"""The columns by which the database can filter and sort variants."""
READ_AT_ONCE: Final = 200
"""Rows read at a time; more would wait, and the garbage collector would walk through them."""
_POSITION: Final = (Key(VariantRow.search_id), Key(VariantRow.position))


class VariantFilter(NamedTuple):
    """A filter for all stored variants; ``None`` does not filter."""

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
    """A sort key of a list: the name of a column, and the direction."""

    name: str
    descending: bool


def insert(session: Session, search_id: str, answer: Answer) -> None:
    """Store an answer's variants under their search."""
    insert_all(session, VariantRow, COLUMNS, rows_of(search_id, answer))


def rows_of(search_id: str, answer: Answer) -> Iterator[tuple[str | int, ...]]:
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
        strict=True,
    )


def get(session: Session, search_id: str, position: int) -> VariantRow:
    """One variant.

    Raises
    ------
    NotFoundError
        There is none at this position.
    """
    row = find(session, search_id, position)
    return existing(row, "variant", identity.variant_id(search_id, position))


def find(session: Session, search_id: str, position: int) -> VariantRow | None:
    """One variant; ``None`` where there is none at this position."""
    return session.get(VariantRow, (search_id, position))


def at(session: Session, search_id: str, positions: Sequence[int]) -> list[VariantRow]:
    """The variants at these positions, in this order."""
    query = select(VariantRow).where(
        VariantRow.search_id == search_id, VariantRow.position.in_(positions)
    )
    by_position = {row.position: row for row in session.scalars(query)}
    return [by_position[position] for position in positions]


def columns(session: Session, search_id: str, names: Sequence[str]) -> Iterator[Sequence[Any]]:
    """Yield some columns of a search's variants in their order, with few rows in memory at once."""
    query = (
        select(*(getattr(VariantRow, name) for name in names))
        .where(VariantRow.search_id == search_id)
        .order_by(VariantRow.position)
        .execution_options(yield_per=READ_AT_ONCE)
    )
    yield from session.execute(query)


def positions(session: Session, search_id: str, most: int | None = None) -> list[int]:
    """Positions of a search's variants, up to the resolution ``most`` if given."""
    query = select(VariantRow.position).where(VariantRow.search_id == search_id)
    if most is not None:
        query = query.where(VariantRow.resolution <= most)
    return list(session.scalars(query.order_by(VariantRow.position)))


def number(session: Session, search_id: str) -> int:
    """The number of stored variants of a search."""
    query = select(func.count()).where(VariantRow.search_id == search_id)
    return session.scalar(query) or 0


def filtered(
    session: Session,
    wanted: VariantFilter,
    keys: Sequence[SortKey],
    listing: str,
    cursor: str | None,
    limit: int,
) -> tuple[list[VariantRow], str | None]:
    """A page of the variants that pass a filter, sorted by :data:`STORED` columns.

    Ties and lists without keys are sorted by search and position. ``listing`` is the name of the
    list; its cursors are good for no other.

    Raises
    ------
    CursorError
        The cursor is not one of this list's.
    """
    order = [Key(STORED[key.name], key.descending) for key in keys]
    bound = [listing, wanted._asdict(), keys]
    return page(session, _matching(wanted), [*order, *_POSITION], bound, cursor, limit)


def _matching(wanted: VariantFilter) -> Select[VariantRow]:
    query = select(VariantRow)
    asked = [name for name in ("approach", "budget", "scope") if getattr(wanted, name) is not None]
    if asked:
        query = query.join(SearchRow, SearchRow.id == VariantRow.search_id)
    for name in asked:
        query = query.where(getattr(SearchRow, name) == getattr(wanted, name))
    if wanted.search_id is not None:
        query = query.where(VariantRow.search_id == wanted.search_id)
    for name, column in STORED.items():
        if (least := getattr(wanted, f"min_{name}")) is not None:
            query = query.where(column >= least)
        if (most := getattr(wanted, f"max_{name}")) is not None:
            query = query.where(column <= most)
    return query


def in_order(
    session: Session,
    search_id: str,
    order: Sequence[int],
    listing: Listing,
    cursor: str | None,
    limit: int,
) -> tuple[list[VariantRow], str | None]:
    """A page of a search's variants, in the given order of their positions.

    Raises
    ------
    CursorError
        The cursor is not one of this list's.
    """
    start = decode(session, listing, cursor, [int])[0] if cursor is not None else 0
    behind = start + limit
    rows = at(session, search_id, list(order[start:behind]))
    return rows, encode(session, listing, [behind]) if behind < len(order) else None
