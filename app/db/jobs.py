"""Jobs and the runs that they need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session, aliased

from app.db import identity
from app.db.errors import NotFoundError
from app.db.models import EpochRow, JobRow, JobRunRow, ResultRow, RunRow
from app.db.paging import Key, page
from app.db.runs import is_open
from app.db.statements import affected, insert_new
from app.db.types import database_time

NEWEST_FIRST = (Key(JobRow.created_at, True), Key(JobRow.id, True))
ENDED = ("succeeded", "failed", "cancelled")


@dataclass(frozen=True)
class Network:
    """A network of a job: the original where ``variant`` is ``None``, else a variant's position."""

    architecture_id: str
    resolution: int
    variant: int | None = None


@dataclass(frozen=True)
class Need:
    """A run that a job needs, as a row of ``runs``, and the network it is for."""

    network: Network
    run: Mapping[str, Any]


def create(
    session: Session, search_id: str, request: dict[str, Any], needs: Sequence[Need]
) -> JobRow:
    """Queue a job; runs that are recorded or under way are shared, not repeated."""
    digest = identity.content_hash("job", [search_id, request])
    job = JobRow(
        id=identity.fresh_id(session, JobRow, digest),
        content_hash=digest,
        search_id=search_id,
        request=request,
    )
    session.add(job)
    session.flush()
    ids = [need.run["id"] for need in needs]
    known = set(session.scalars(select(RunRow.id).where(RunRow.id.in_(ids))))
    insert_new(session, RunRow, [need.run for need in needs if need.run["id"] not in known])
    _queue_again(session, ids)
    for position, need in enumerate(needs):
        variant = need.network.variant
        session.add(
            JobRunRow(
                job_id=job.id,
                run_id=need.run["id"],
                position=position,
                search_id=None if variant is None else search_id,
                variant_position=variant,
                reused=need.run["id"] in known,
            )
        )
    session.flush()
    return job


def _queue_again(session: Session, ids: Sequence[str]) -> None:
    """A run that failed, or was cancelled with the job that needed it, gets another chance."""
    session.execute(
        update(RunRow)
        .where(RunRow.id.in_(ids), RunRow.state.in_(("failed", "cancelled")))
        .values(state="queued", lost=0, error=None, finished_at=None, created_at=database_time())
    )


def get(session: Session, id_: str) -> JobRow:
    """One job.

    Raises
    ------
    NotFoundError
        There is none with this id.
    """
    row = session.get(JobRow, id_)
    if row is None:
        raise NotFoundError("job", id_)
    return row


def newest(session: Session, cursor: str | None, limit: int) -> tuple[list[JobRow], str | None]:
    """A page of jobs, the newest first."""
    return page(session, select(JobRow), NEWEST_FIRST, cursor, limit)


@dataclass(frozen=True)
class Progress:
    """How far a job is: its runs by state, epochs measured, seconds of the runs that ended."""

    runs: Mapping[str, int]
    epochs_running: int
    mean_seconds: float | None


def progress(session: Session, job_id: str) -> Progress:
    """Count a job's runs."""
    mine = JobRunRow.job_id == job_id
    counted = session.execute(
        select(RunRow.state, func.count())
        .join(JobRunRow, JobRunRow.run_id == RunRow.id)
        .where(mine)
        .group_by(RunRow.state)
    )
    epochs = session.scalar(
        select(func.count())
        .select_from(EpochRow)
        .join(RunRow, RunRow.id == EpochRow.run_id)
        .join(JobRunRow, JobRunRow.run_id == RunRow.id)
        .where(mine, RunRow.state == "running", EpochRow.attempt == RunRow.attempt)
    )
    seconds = session.scalar(
        select(func.avg(ResultRow.seconds))
        .join(JobRunRow, JobRunRow.run_id == ResultRow.run_id)
        .where(mine, JobRunRow.reused.is_(False))
    )
    runs = {state: number for state, number in counted}  # noqa: C416 - rows are no pairs to mypy
    return Progress(runs, epochs or 0, float(seconds) if seconds is not None else None)


@dataclass(frozen=True)
class JobRun:
    """One run of a job with all that is recorded of it."""

    link: JobRunRow
    run: RunRow
    result: ResultRow | None
    epochs: Sequence[EpochRow]


def runs(
    session: Session, job_id: str, after: int | None, limit: int | None
) -> tuple[list[JobRun], int | None]:
    """A job's runs in their order, behind a position; and the position to go on from."""
    query = (
        select(JobRunRow, RunRow, ResultRow)
        .join(RunRow, RunRow.id == JobRunRow.run_id)
        .outerjoin(ResultRow, ResultRow.run_id == RunRow.id)
        .where(JobRunRow.job_id == job_id)
        .order_by(JobRunRow.position)
    )
    if after is not None:
        query = query.where(JobRunRow.position > after)
    if limit is not None:
        query = query.limit(limit + 1)
    found = session.execute(query).all()
    kept = found if limit is None else found[:limit]
    epochs: dict[str, list[EpochRow]] = {}
    of_these = EpochRow.run_id.in_([run.id for _, run, _ in kept])
    for epoch in session.scalars(select(EpochRow).where(of_these).order_by(EpochRow.epoch)):
        epochs.setdefault(epoch.run_id, []).append(epoch)
    items = [JobRun(link, run, result, epochs.get(run.id, [])) for link, run, result in kept]
    return items, kept[-1][0].position if len(found) > len(kept) else None


def cancel(session: Session, id_: str) -> bool:
    """End a job that has not ended, and the runs that no other open job needs."""
    if get(session, id_).state in ENDED:
        return False
    other, needed_by = aliased(JobRunRow), aliased(JobRow)
    still_needed = exists(
        select(other.run_id)
        .join(needed_by, needed_by.id == other.job_id)
        .where(other.run_id == RunRow.id, needed_by.id != id_, needed_by.state.not_in(ENDED))
    )
    mine = select(JobRunRow.run_id).where(JobRunRow.job_id == id_).scalar_subquery()
    session.execute(
        update(RunRow)
        .where(RunRow.id.in_(mine), is_open(), ~still_needed)
        .values(state="cancelled", finished_at=database_time(), lease_expires_at=None),
        execution_options={"synchronize_session": False},
    )
    ended = (  # runs before jobs, as workers do: the other way round they could deadlock
        update(JobRow)
        .where(JobRow.id == id_, JobRow.state.not_in(ENDED))
        .values(state="cancelled", finished_at=database_time(), stale=True)
    )
    return affected(session, ended) == 1


def next_stale(session: Session) -> JobRow | None:
    """A job whose results are out of date, locked until the transaction ends."""
    return session.scalars(
        select(JobRow)
        .where(JobRow.stale)
        .order_by(JobRow.created_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()


def settle(session: Session, job: JobRow, results: dict[str, Any]) -> None:
    """Keep a job's results, and end it if all its runs have."""
    states = progress(session, job.id).runs
    job.results = results
    job.stale = False
    if job.state in ENDED or any(state in states for state in ("queued", "running")):
        return
    total, failed = sum(states.values()), states.get("failed", 0)
    job.state = "failed" if failed else "succeeded"
    job.error = f"{failed} of {total} runs failed; each says why" if failed else None
    job.finished_at = session.scalar(select(database_time()))
