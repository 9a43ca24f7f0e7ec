"""Searches in the database."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Update,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from app.db import identity, variants
from app.db.errors import LostLeaseError, existing
from app.db.models import JobRow, SearchRow, StudySearchRow, VariantRow
from app.db.paging import Key, page
from app.db.statements import affected
from app.db.types import database_time
from app.schemas.search_terms import SearchTerms
from app.states import FINAL, OPEN
from solver.answers.variants import Answer
from solver.engines.progress import Progress

NEWEST_FIRST = (Key(SearchRow.created_at, True), Key(SearchRow.id, True))
MAX_ATTEMPTS = 3
REPEATABLE: Final = ("complete", "truncated", "infeasible")
"""Outcomes that an equal search would have again: samples are drawn with a seed."""
QUEUE_LOCK: Final = 0x15_0B_0D_6E_71
"""Key of the advisory lock on PostgreSQL that those hold who count the queue to add to it."""
_LOST: Final = (SearchRow.state == "running") & (SearchRow.lease_expires_at < database_time())
_COLUMNS: Final = SearchRow.__table__.c
_FINISHED_AT: Final = select(_COLUMNS.finished_at).where(_COLUMNS.id == bindparam("id"))


@dataclass(frozen=True)
class Standing:
    """How a search stands, and how far it is."""

    state: str
    outcome: str | None = None
    found: int = 0
    best: float | None = None
    bound: float | None = None
    error: str | None = None
    elapsed: float | None = field(default=None, compare=False)
    """Seconds since a solver took it, or that it took; ``None`` if none has."""

    @property
    def is_final(self) -> bool:
        """Whether the search has ended."""
        return self.state in FINAL


def create(
    session: Session,
    architecture_id: str,
    terms: SearchTerms,
    grace: float | None = None,
    *,
    by_study: bool = False,
) -> SearchRow:
    """Queue a search whose terms are filled in already.

    With ``grace`` it is claimed at once, as :func:`claim` would. ``by_study`` tells that a study
    asks for it.
    """
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
        attempt=0,
        by_study=by_study,
    )
    if grace is not None:
        row.state, row.attempt = "running", 1
        row.lease_expires_at = database_time(row.time_limit + grace)
        row.started_at = database_time()
    session.add(row)
    session.flush()
    return row


class Equal(NamedTuple):
    """An equal search: its id, how it stands, and whether only studies have asked for it."""

    id: str
    standing: Standing
    by_study: bool


def equal(session: Session, content: str) -> Equal | None:
    """The search with this content hash that is open, or has an answer, if there is one.

    One that failed, ran out of time or was cancelled may go otherwise the next time.
    """
    standing = SearchRow.state, SearchRow.outcome, SearchRow.found
    query = (
        select(SearchRow.id, SearchRow.by_study, *standing)
        .where(
            SearchRow.content_hash == content,
            or_(SearchRow.state.in_(OPEN), SearchRow.outcome.in_(REPEATABLE)),
        )
        .order_by(SearchRow.finished_at.is_(None), SearchRow.created_at, SearchRow.id)
        .limit(1)
    )
    row = session.execute(query).first()
    return row and Equal(row.id, Standing(row.state, row.outcome, row.found), row.by_study)


def list_too(session: Session, id_: str) -> None:
    """Note that somebody asks for a search that only studies had asked for."""
    session.execute(update(SearchRow).where(SearchRow.id == id_).values(by_study=False))


def wait_for_equals(session: Session, content: str) -> None:
    """Wait for transactions that make an equal search, and have those that come later wait.

    SQLite's write lock is held already.
    """
    _lock(session, int(content[:15], 16))


def _lock(session: Session, key: int) -> None:
    if session.get_bind().dialect.name != "sqlite":
        session.execute(select(func.pg_advisory_xact_lock(key)))


def join(session: Session, id_: str) -> bool:
    """Have one more client want an open search. Returns whether it was still open."""
    return affected(session, _open(id_).values(wanted=SearchRow.wanted + 1)) == 1


def leave(session: Session, id_: str) -> bool:
    """Have one client less want a search; one that nobody wants is cancelled.

    Returns whether it was cancelled.
    """
    session.execute(_open(id_).values(wanted=SearchRow.wanted - 1))
    unwanted = _open(id_).where(SearchRow.wanted <= 0)
    return _cancel(session, unwanted, "whoever asked for it went away before it was answered")


def queued(session: Session) -> int:
    """The number of queued searches, which no other transaction changes until this one ends.

    SQLite's write lock is held already; on PostgreSQL those who count wait for each other.
    """
    _lock(session, QUEUE_LOCK)
    return session.scalar(select(func.count()).where(SearchRow.state == "queued")) or 0


def standings(session: Session, ids: Sequence[str]) -> dict[str, Standing]:
    """How searches stand, by id; those that do not exist are left out."""
    columns = (
        SearchRow.id,
        SearchRow.state,
        SearchRow.outcome,
        SearchRow.found,
        SearchRow.best,
        SearchRow.bound,
        SearchRow.error,
        SearchRow.started_at,
        SearchRow.finished_at,
        database_time().label("now"),
    )
    found = {}
    for row in session.execute(select(*columns).where(SearchRow.id.in_(ids))):
        elapsed = row.started_at and ((row.finished_at or row.now) - row.started_at).total_seconds()
        found[row.id] = Standing(
            row.state, row.outcome, row.found, row.best, row.bound, row.error, elapsed
        )
    return found


def has_claimable(session: Session) -> bool:
    """Whether a search waits for a solver: it is queued, or its solver vanished."""
    waits = or_(SearchRow.state == "queued", _LOST)
    return bool(session.scalar(select(exists().where(waits))))


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
    return existing(session.get(SearchRow, id_), "search")


def finished_at(session: Session, id_: str) -> datetime | None:
    """When a search ended; ``None`` if it has not.

    Raises
    ------
    NotFoundError
        There is none with this id.
    """
    found = session.execute(_FINISHED_AT, {"id": id_}).first()
    return existing(found, "search").finished_at  # type: ignore[no-any-return]


def newest(
    session: Session,
    cursor: str | None,
    limit: int,
    *,
    study_id: str | None = None,
    **wanted: str | bool,
) -> tuple[list[SearchRow], str | None]:
    """A page of searches, the newest first.

    ``wanted`` are the values that columns must have; ``study_id`` is a study that refers to them.
    """
    query = select(SearchRow).filter_by(**wanted)
    listing = ["searches", wanted]
    if study_id is not None:
        mine = select(StudySearchRow.search_id).where(StudySearchRow.study_id == study_id)
        query = query.where(SearchRow.id.in_(mine))
        listing.append(study_id)
    return page(session, query, NEWEST_FIRST, listing, cursor, limit)


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
            started_at=database_time(),
            found=0,
            best=None,
            bound=None,
        )
        .returning(SearchRow)
    )
    options = {"synchronize_session": False, "populate_existing": True}
    return session.scalars(statement, execution_options=options).first()


def _reap(session: Session) -> None:
    session.execute(
        update(SearchRow)
        .where(_LOST, SearchRow.attempt >= MAX_ATTEMPTS)
        .values(
            state="failed",
            error=f"the solver was lost {MAX_ATTEMPTS} times",
            finished_at=database_time(),
        )
    )
    session.execute(update(SearchRow).where(_LOST).values(state="queued"))


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
        .where(*_held(id_, attempt))
        .values(state=state, finished_at=database_time(), **values)
    )
    if not affected(session, ended):
        raise LostLeaseError(f"search {id_} is no longer held by attempt {attempt}")


def is_held(session: Session, id_: str, attempt: int) -> bool:
    """Whether an attempt still holds a search: it was neither cancelled, nor claimed again."""
    held = select(exists().where(*_held(id_, attempt)))
    return bool(session.scalar(held))


def note(session: Session, id_: str, attempt: int, progress: Progress) -> bool:
    """Store how far a search is. Returns whether the attempt still holds it."""
    far = update(SearchRow).where(*_held(id_, attempt)).values(**progress._asdict())
    return affected(session, far) == 1


def release(session: Session, id_: str, attempt: int) -> None:
    """Queue a search again, unless it was cancelled or another attempt holds it."""
    session.execute(
        update(SearchRow)
        .where(*_held(id_, attempt))
        .values(
            state="queued",
            lease_expires_at=None,
            started_at=None,
            found=0,
            best=None,
            bound=None,
        )
    )


def cancel(session: Session, id_: str) -> bool:
    """Cancel a search that has not ended. Returns whether it was still open."""
    return _cancel(session, _open(id_))


def _cancel(session: Session, searches: Update, reason: str | None = None) -> bool:
    ended = searches.values(state="cancelled", finished_at=database_time(), error=reason)
    return affected(session, ended) == 1


def _open(id_: str) -> Update:
    return update(SearchRow).where(SearchRow.id == id_, SearchRow.state.in_(OPEN))


def _held(id_: str, attempt: int) -> tuple[ColumnElement[bool], ...]:
    return SearchRow.id == id_, SearchRow.attempt == attempt, SearchRow.state == "running"


def remove(session: Session, id_: str) -> None:
    """Delete a search with its variants."""
    session.execute(delete(VariantRow).where(VariantRow.search_id == id_))
    session.execute(delete(SearchRow).where(SearchRow.id == id_))


def jobs_of(session: Session, id_: str) -> list[str]:
    """Ids of the jobs that refer to a search."""
    return list(session.scalars(select(JobRow.id).where(JobRow.search_id == id_)))


def studies_of(session: Session, id_: str) -> list[str]:
    """Ids of the studies that refer to a search."""
    mine = StudySearchRow.search_id == id_
    return list(session.scalars(select(StudySearchRow.study_id).where(mine)))
