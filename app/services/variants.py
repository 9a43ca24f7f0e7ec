"""Variants: what is stored are their unknowns; everything else is derived here."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

from pydantic import Field
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.db import architectures, searches
from app.db.engine import Database
from app.db.models import SearchRow, VariantRow
from app.db.paging import CursorError, Key, decode, encode, page
from app.errors import Fault, RefusedError
from solver.approaches import APPROACHES
from solver.architecture import Schema
from solver.problem import Problem, Question
from solver.template import Assignment
from solver.variants import Describer, Variant


class VariantView(Variant):
    """A stored variant."""

    id: str = Field(description="The search's id and the variant's position in it")
    search_id: str


class VariantPage(Schema):
    """Some variants."""

    items: list[VariantView]
    next: str | None


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
DERIVED: Final = ("coverage", "receptive_field")
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


def variant_id(search_id: str, position: int) -> str:
    """Id of a variant."""
    return f"{search_id}-{position}"


def split_id(id_: str) -> tuple[str, int]:
    """Search and position of a variant's id; a position that no variant has if it is malformed."""
    search_id, _, position = id_.rpartition("-")
    known = position.isascii() and position.isdecimal() and len(position) < 10
    return search_id, int(position) if known else -1


class Deriver:
    """Derives the variants of one search."""

    def __init__(self, problem: Problem) -> None:
        self._symbols = tuple(APPROACHES[problem.approach].unknowns)
        self.describer = Describer(problem)

    def assignment(self, row: VariantRow) -> Assignment:
        """A row's unknowns, by symbol."""
        return dict(zip(self._symbols, row.unknowns, strict=True))

    def value(self, row: VariantRow, name: str) -> float:
        """What a row is sorted by."""
        if name not in DERIVED:
            return float(getattr(row, name))
        derive: Callable[[Assignment], float] = getattr(self.describer, name)
        return derive(self.assignment(row))

    def view(self, row: VariantRow) -> VariantView:
        """Everything about a stored variant."""
        found = self.describer.variant(self.assignment(row))
        fields: dict[str, Any] = {name: getattr(found, name) for name in Variant.model_fields}
        fields["id"] = variant_id(row.search_id, row.position)
        return VariantView.model_construct(search_id=row.search_id, **fields)


def problem_of(session: Session, search: SearchRow) -> Problem:
    """The problem that a search solves."""
    question = {name: search.request[name] for name in Question.model_fields}
    original = architectures.get(session, search.architecture_id)
    return Problem.model_validate({**question, "architecture": original})


def derivers(session: Session) -> Callable[[str], Deriver]:
    """A deriver for each search, made once."""

    @cache
    def deriver(search_id: str) -> Deriver:
        search = searches.get(session, search_id)
        return Deriver(problem_of(session, search))

    return deriver


def get(database: Database, id_: str) -> VariantView:
    """One variant.

    Raises
    ------
    app.db.errors.NotFoundError
        There is none with this id.
    """
    with database.read() as session:
        row = searches.variant(session, *split_id(id_))
        return derivers(session)(row.search_id).view(row)


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
