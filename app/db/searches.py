"""Searches in the database."""

from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.db import identity, variants
from app.db.errors import LostLeaseError, existing
from app.db.models import JobRow, SearchRow, VariantRow
from app.db.paging import Key, page
from app.db.statements import affected
from app.db.types import database_time
from app.schemas.search_terms import SearchTerms
from solver.answers.variants import Answer

NEWEST_FIRST = (Key(SearchRow.created_at, True), Key(SearchRow.id, True))
MAX_ATTEMPTS = 3


def create(session: Session, architecture_id: str, terms: SearchTerms) -> SearchRow:
    """Queue a search whose terms are filled in already."""
    question = terms.question
    digest = content_hash(architecture_id, terms)
    row = SearchRow(
        id=identity.fresh_id(session, SearchRow, digest),
        content_hash=digest,
        architecture_id=architecture_id,
        approach=question.approach,
        budget=question.budget,
        scope=question.scope,
        time_limit=terms.settings.time_limit,
        request=terms,
    )
    session.add(row)
    session.flush()
    return row


def content_hash(architecture_id: str, terms: SearchTerms) -> str:
    """The hash that equal searches share."""
    return identity.content_hash("search", [architecture_id, terms.identity])


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
    return page(session, select(SearchRow), NEWEST_FIRST, ["searches"], cursor, limit)


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
    variants.insert(session, id_, answer)


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


def is_held(session: Session, id_: str, attempt: int) -> bool:
    """Whether an attempt still holds a search: it was neither cancelled, nor claimed again."""
    row = session.get(SearchRow, id_)
    return row is not None and (row.state, row.attempt) == ("running", attempt)


def release(session: Session, id_: str, attempt: int) -> None:
    """Queue a search again, unless it was cancelled or another attempt holds it."""
    session.execute(
        update(SearchRow)
        .where(SearchRow.id == id_, SearchRow.attempt == attempt, SearchRow.state == "running")
        .values(state="queued", lease_expires_at=None)
    )


def cancel(session: Session, id_: str) -> bool:
    """Cancel a search that has not ended. Returns whether it was still open."""
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
