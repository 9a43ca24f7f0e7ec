"""Searches and their variants in the database."""

from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Any, Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.db import identity
from app.db.errors import LostLeaseError, existing
from app.db.models import JobRow, SearchRow, VariantRow
from app.db.paging import Key, page
from app.db.statements import affected, insert_all
from app.db.types import database_time
from solver.answers.variants import Answer
from solver.variation.unknown import RESOLUTION

NEWEST_FIRST = (Key(SearchRow.created_at, True), Key(SearchRow.id, True))
MAX_ATTEMPTS = 3
READ_AT_ONCE: Final = 200
"""Rows of a long list; of more, the garbage collector walks through those that wait."""
VARIANT_COLUMNS: Final = ("search_id", "position", "resolution", "params", "flops", "unknowns")


def create(session: Session, architecture_id: str, request: dict[str, Any]) -> SearchRow:
    """Queue a search; ``request`` is as understood, without the architecture."""
    digest = identity.content_hash("search", [architecture_id, request])
    row = SearchRow(
        id=identity.fresh_id(session, SearchRow, digest),
        content_hash=digest,
        architecture_id=architecture_id,
        approach=request["approach"],
        budget=request["budget"],
        scope=request["scope"],
        time_limit=request["time_limit"],
        request=request,
    )
    session.add(row)
    session.flush()
    return row


def get(session: Session, id_: str) -> SearchRow:
    """One search.

    Raises
    ------
    NotFoundError
        There is none with this id.
    """
    return existing(session.get(SearchRow, id_), "search", id_)


def newest(session: Session, cursor: str | None, limit: int) -> tuple[list[SearchRow], str | None]:
    """A page of searches, the newest first."""
    return page(session, select(SearchRow), NEWEST_FIRST, cursor, limit)


def claim(session: Session, grace: float) -> SearchRow | None:
    """Take the oldest queued search, with a lease of its time limit and ``grace`` seconds.

    Searches whose solver vanished are queued again first, or end after three attempts.
    """
    _reap(session)
    oldest = (
        select(SearchRow.id)
        .where(SearchRow.state == "queued")
        .order_by(SearchRow.created_at, SearchRow.id)
        .limit(1)
        .with_for_update(skip_locked=True)  # SQLite: the transaction holds the write lock already
        .cte("oldest")
    )
    statement = (
        update(SearchRow)
        .where(SearchRow.id == select(oldest.c.id).scalar_subquery())
        .values(
            state="running",
            attempt=SearchRow.attempt + 1,
            lease_expires_at=database_time(SearchRow.time_limit + grace),
        )
        .returning(SearchRow)
    )
    options = {"synchronize_session": False, "populate_existing": True}
    return session.scalars(statement, execution_options=options).first()


def _reap(session: Session) -> None:
    lost = (SearchRow.state == "running") & (SearchRow.lease_expires_at < database_time())
    session.execute(
        update(SearchRow)
        .where(lost, SearchRow.attempt >= MAX_ATTEMPTS)
        .values(
            state="failed",
            error=f"the solver was lost {MAX_ATTEMPTS} times",
            finished_at=database_time(),
        )
    )
    session.execute(update(SearchRow).where(lost).values(state="queued"))


def record(session: Session, id_: str, attempt: int, answer: Answer) -> None:
    """End a search with its answer, and store its variants, unless another attempt holds it.

    Raises
    ------
    LostLeaseError
        It was cancelled, or claimed again; nothing is stored.
    """
    explanation = answer.explanation and answer.explanation.model_dump(mode="json")
    finish(
        session,
        id_,
        attempt,
        "succeeded",
        outcome=answer.outcome,
        found=answer.found,
        solver=answer.solver.model_dump(),
        explanation=explanation,
    )
    insert_all(session, VariantRow, VARIANT_COLUMNS, variant_rows(id_, answer))


def variant_rows(search_id: str, answer: Answer) -> Iterator[tuple[str | int, ...]]:
    """What is stored of an answer's variants, row by row: there may be a million."""
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


def finish(session: Session, id_: str, attempt: int, state: str, **values: Any) -> None:
    """End a search, unless another attempt holds it.

    Raises
    ------
    LostLeaseError
        It was cancelled, or claimed again; nothing is stored.
    """
    ended = (
        update(SearchRow)
        .where(SearchRow.id == id_, SearchRow.attempt == attempt, SearchRow.state == "running")
        .values(state=state, finished_at=database_time(), **values)
    )
    if not affected(session, ended):
        raise LostLeaseError(f"search {id_} is no longer held by attempt {attempt}")


def release(session: Session, id_: str, attempt: int) -> None:
    """Queue a search again, unless it was cancelled or another attempt holds it."""
    session.execute(
        update(SearchRow)
        .where(SearchRow.id == id_, SearchRow.attempt == attempt, SearchRow.state == "running")
        .values(state="queued", lease_expires_at=None)
    )


def cancel(session: Session, id_: str) -> bool:
    """End a search that has not ended; whether it was so."""
    statement = (
        update(SearchRow)
        .where(SearchRow.id == id_, SearchRow.state.in_(("queued", "running")))
        .values(state="cancelled", finished_at=database_time())
    )
    return affected(session, statement) == 1


def remove(session: Session, id_: str) -> None:
    """Delete a search with its variants."""
    session.execute(delete(VariantRow).where(VariantRow.search_id == id_))
    session.execute(delete(SearchRow).where(SearchRow.id == id_))


def jobs_of(session: Session, id_: str) -> list[str]:
    """Ids of the jobs that refer to a search."""
    return list(session.scalars(select(JobRow.id).where(JobRow.search_id == id_)))


def variant(session: Session, search_id: str, position: int) -> VariantRow:
    """One variant.

    Raises
    ------
    NotFoundError
        There is none at this position.
    """
    row = session.get(VariantRow, (search_id, position))
    return existing(row, "variant", identity.variant_id(search_id, position))


def variants_at(session: Session, search_id: str, positions: Sequence[int]) -> list[VariantRow]:
    """The variants at these positions, in this order."""
    query = select(VariantRow).where(
        VariantRow.search_id == search_id, VariantRow.position.in_(positions)
    )
    found = {row.position: row for row in session.scalars(query)}
    return [found[position] for position in positions]


def variant_columns(
    session: Session, search_id: str, columns: Sequence[InstrumentedAttribute[Any]]
) -> Iterator[Sequence[Any]]:
    """Yield some columns of a search's variants in their order; few are in memory at once."""
    query = (
        select(*columns)
        .where(VariantRow.search_id == search_id)
        .order_by(VariantRow.position)
        .execution_options(yield_per=READ_AT_ONCE)
    )
    yield from session.execute(query)


def variant_positions(session: Session, search_id: str, most: int | None = None) -> list[int]:
    """Positions of a search's variants, of a resolution of at most ``most`` if given."""
    query = select(VariantRow.position).where(VariantRow.search_id == search_id)
    if most is not None:
        query = query.where(VariantRow.resolution <= most)
    return list(session.scalars(query.order_by(VariantRow.position)))


def variants_stored(session: Session, search_id: str) -> int:
    """How many variants are stored of a search."""
    query = select(func.count()).where(VariantRow.search_id == search_id)
    return session.scalar(query) or 0
