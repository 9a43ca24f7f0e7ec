"""Runs: claimed in one statement, held by a lease, written only by the attempt that holds them.

All times are the database's. A run is reaped as part of claiming: whoever looks for work also
finds what a dead worker left.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, select, update
from sqlalchemy.orm import Session

from app.db.errors import LostLeaseError
from app.db.models import EpochRow, JobRow, JobRunRow, ResultRow, RunRow
from app.db.statements import affected, upsert
from app.db.types import database_time

MAX_LOST = 3
"""Leases that a run may lose before it is given up: it probably kills its workers."""


@dataclass(frozen=True)
class Claim:
    """A run in a worker's hands; ``attempt`` is the fencing token."""

    id: str
    attempt: int
    architecture_id: str
    dataset: str
    resolution: int
    recipe: Mapping[str, Any]
    seed: int


def claim(session: Session, worker: str, lease: float) -> Claim | None:
    """Take the oldest queued run for ``lease`` seconds; ``None`` where nothing is queued."""
    _reap(session)
    oldest = (
        select(RunRow.id)
        .where(RunRow.state == "queued")
        .order_by(RunRow.created_at, RunRow.position)
        .limit(1)
        .with_for_update(skip_locked=True)  # SQLite: the transaction holds the write lock already
        .cte("oldest")
    )
    statement = (
        update(RunRow)
        .where(RunRow.id == select(oldest.c.id).scalar_subquery())
        .values(
            state="running",
            attempt=RunRow.attempt + 1,
            worker=worker,
            lease_expires_at=database_time(lease),
            started_at=database_time(),
        )
        .returning(
            RunRow.id,
            RunRow.attempt,
            RunRow.architecture_id,
            RunRow.dataset,
            RunRow.resolution,
            RunRow.recipe,
            RunRow.seed,
        )
    )
    row = session.execute(statement, execution_options={"synchronize_session": False}).first()
    if row is None:
        return None
    session.execute(
        update(JobRow)
        .where(JobRow.state == "queued", JobRow.id.in_(_jobs_with(row.id)))
        .values(state="running")
    )
    return Claim(*row)


def _reap(session: Session) -> None:
    """Queue again what dead workers held; give up what was lost too often."""
    overdue = and_(RunRow.state == "running", RunRow.lease_expires_at < database_time())
    reaped = session.scalars(
        update(RunRow)
        .where(overdue)
        .values(**_lost("its worker stopped answering"))
        .returning(RunRow.id),
        execution_options={"synchronize_session": False},
    ).all()
    for id_ in reaped:
        _mark_stale(session, id_)


def _lost(reason: str) -> dict[str, Any]:
    """Queued again, or failed if it was lost too often."""
    given_up = RunRow.lost + 1 >= MAX_LOST
    return {
        "lost": RunRow.lost + 1,
        "state": case((given_up, "failed"), else_="queued"),
        "error": case((given_up, f"given up after {MAX_LOST} attempts: {reason}"), else_=None),
        "finished_at": case((given_up, database_time()), else_=None),
        "lease_expires_at": None,
    }


def beat(
    session: Session, held: Claim, lease: float, epochs: Sequence[Mapping[str, Any]] = ()
) -> None:
    """Prolong a lease, and keep the epochs measured since the last time.

    Raises
    ------
    LostLeaseError
        The run is no longer this attempt's; nothing was written.
    """
    _fenced(session, held, lease_expires_at=database_time(lease))
    for epoch in epochs:
        upsert(session, EpochRow, {"run_id": held.id, "attempt": held.attempt, **epoch})


def finish(session: Session, held: Claim, result: Mapping[str, Any]) -> None:
    """Record a result: it and the end of the run are one transaction.

    Raises
    ------
    LostLeaseError
        The run is no longer this attempt's; nothing was written.
    """
    _fenced(session, held, state="succeeded", error=None, finished_at=database_time())
    session.add(ResultRow(run_id=held.id, attempt=held.attempt, **result))
    _mark_stale(session, held.id)


def fail(session: Session, held: Claim, reason: str) -> None:
    """Record that a run failed, and why.

    Raises
    ------
    LostLeaseError
        The run is no longer this attempt's; nothing was written.
    """
    _fenced(session, held, state="failed", error=reason, finished_at=database_time())
    _mark_stale(session, held.id)


def lose(session: Session, held: Claim, reason: str) -> None:
    """Record that an attempt came to nothing: the run is tried again, but not for ever.

    Raises
    ------
    LostLeaseError
        The run is no longer this attempt's; nothing was written.
    """
    _fenced(session, held, **_lost(reason))
    _mark_stale(session, held.id)


def release(session: Session, held: Claim) -> None:
    """Give a run back, for others to take at once; it does not count as lost.

    Raises
    ------
    LostLeaseError
        The run is no longer this attempt's; nothing was written.
    """
    _fenced(session, held, state="queued", lease_expires_at=None)


def _fenced(session: Session, held: Claim, **values: Any) -> None:
    """Write to a run that is still this attempt's, or refuse."""
    statement = (
        update(RunRow)
        .where(RunRow.id == held.id, RunRow.attempt == held.attempt, RunRow.state == "running")
        .values(**values)
    )
    if not affected(session, statement):
        raise LostLeaseError(f"run {held.id} is no longer held by attempt {held.attempt}")


def _mark_stale(session: Session, run_id: str) -> None:
    """The results of the jobs that need this run are out of date."""
    session.execute(update(JobRow).where(JobRow.id.in_(_jobs_with(run_id))).values(stale=True))


def _jobs_with(run_id: str) -> Any:
    return select(JobRunRow.job_id).where(JobRunRow.run_id == run_id).scalar_subquery()


def is_open() -> ColumnElement[bool]:
    """Runs that have not ended."""
    return RunRow.state.in_(("queued", "running"))
