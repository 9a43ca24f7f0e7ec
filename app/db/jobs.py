"""Jobs and the runs that they need."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from app.db import askers, asking, identity, run_tables
from app.db.askers import JOBS
from app.db.asking import ask
from app.db.errors import existing
from app.db.models import AttemptRow, EpochRow, JobRow, JobRunRow, ResultRow, RunRow
from app.db.needs import Need
from app.db.paging import decode, encode
from app.db.progress import Progress, failed_runs
from app.db.progress import attempts as attempts_of
from app.db.progress import progress as progress_of
from app.db.run_tables import RunResult
from app.db.types import database_time
from app.experiments.halving import Rung
from app.schemas.job_terms import JobDocument
from app.schemas.results import Results
from app.states import FINAL


@dataclass(frozen=True)
class JobNetwork:
    """A network of a job: the original where ``variant`` is ``None``, else a variant's position."""

    architecture_id: str
    resolution: int
    variant: int | None = None


@dataclass(frozen=True)
class JobNeed(Need):
    """A run that a job needs, and its network."""

    network: JobNetwork


def create(
    session: Session,
    search_id: str,
    request: JobDocument,
    needs: Sequence[JobNeed],
    priority: int = 0,
) -> JobRow:
    """Queue a job; runs that are recorded or under way are shared, not repeated.

    Runs of a job with a higher ``priority`` are claimed first.
    """
    digest = content_hash(search_id, request)
    job = JobRow(
        id=identity.fresh_id(session, JobRow, digest),
        content_hash=digest,
        search_id=search_id,
        request=request,
        rungs=_first_rung(request, needs),
        priority=priority,
    )
    session.add(job)
    session.flush()
    ask(session, JOBS, job, needs, lambda need: _place(job, need.network))
    return job


def content_hash(search_id: str, request: JobDocument) -> str:
    """The hash that jobs share if they ask for the same."""
    return identity.content_hash("job", [search_id, request.identity])


def _first_rung(request: JobDocument, needs: Sequence[JobNeed]) -> tuple[Rung, ...]:
    """The first rung of halving; empty if the job does not halve."""
    if request.terms.halving is None:
        return ()
    wanted = {
        need.network.variant: need.epochs for need in needs if need.network.variant is not None
    }
    return (Rung(epochs=min(wanted.values()), tried=tuple(wanted)),)


def _place(job: JobRow, network: JobNetwork) -> dict[str, Any]:
    """Columns of a link that say which network of the job it is for."""
    variant = network.variant
    return {"search_id": None if variant is None else job.search_id, "variant_position": variant}


def get(session: Session, id_: str) -> JobRow:
    """One job.

    Raises
    ------
    NotFoundError
        There is none with this id.
    """
    return existing(session.get(JobRow, id_), "job")


def newest(
    session: Session, cursor: str | None, limit: int, dataset: str | None = None, **wanted: str
) -> tuple[list[JobRow], str | None]:
    """A page of jobs, the newest first, of a data set if one is given.

    ``wanted`` are the values that columns must have.
    """
    return askers.newest(session, JOBS, cursor, limit, dataset=dataset, **wanted)


def progress(session: Session, job: JobRow) -> Progress:
    """Count a job's runs."""
    return progress_of(session, JOBS, job.id, epochs_wanted(job))


def epochs_wanted(job: JobRow) -> int:
    """The epochs wanted of variants that are not cut off: the recipe's, or those of a rung."""
    if job.rungs and job.rungs[-1].kept != ():
        return job.rungs[-1].epochs
    return job.request.terms.epochs


@dataclass(frozen=True)
class JobRun:
    """One run of a job with all that is recorded of it."""

    link: JobRunRow
    run: RunRow
    result: ResultRow | None
    epochs: Sequence[EpochRow]
    lost: Sequence[AttemptRow]


def rows_of(job_id: str) -> Select[JobRunRow, RunRow, ResultRow | None]:
    """Select a job's runs in their order, each with its result if it has one."""
    return (
        select(JobRunRow, RunRow, ResultRow)
        .join(RunRow, RunRow.id == JobRunRow.run_id)
        .outerjoin(ResultRow, ResultRow.run_id == RunRow.id)
        .where(JobRunRow.job_id == job_id)
        .order_by(JobRunRow.position)
    )


def runs(
    session: Session, job_id: str, after: int | None, limit: int | None
) -> tuple[list[JobRun], int | None]:
    """A job's runs in their order, after a position, and the position to go on from."""
    query = rows_of(job_id)
    if after is not None:
        query = query.where(JobRunRow.position > after)
    if limit is not None:
        query = query.limit(limit + 1)
    found = session.execute(query).all()
    kept = found if limit is None else found[:limit]
    ids = [run.id for _, run, _ in kept]
    epochs: dict[str, list[EpochRow]] = {id_: [] for id_ in ids}
    of_these = select(EpochRow).where(EpochRow.run_id.in_(ids)).order_by(EpochRow.epoch)
    for epoch in session.scalars(of_these):
        epochs[epoch.run_id].append(epoch)
    lost: dict[str, list[AttemptRow]] = {id_: [] for id_ in ids}
    in_vain = select(AttemptRow).where(AttemptRow.run_id.in_(ids)).order_by(AttemptRow.attempt)
    for attempt in session.scalars(in_vain):
        lost[attempt.run_id].append(attempt)
    items = [JobRun(link, run, result, epochs[run.id], lost[run.id]) for link, run, result in kept]
    return items, kept[-1][0].position if len(found) > len(kept) else None


def page_of_runs(
    session: Session, job_id: str, cursor: str | None, limit: int
) -> tuple[list[JobRun], str | None]:
    """A page of a job's runs in their order, and the cursor of the next page, if there is one.

    Raises
    ------
    CursorError
        The cursor is not one of this list's.
    """
    listing = ["runs of a job", job_id]
    after = decode(session, listing, cursor, [int])[0] if cursor is not None else None
    found, last = runs(session, job_id, after, limit)
    return found, None if last is None else encode(session, listing, [last])


@dataclass(frozen=True, kw_only=True)
class JobResult(RunResult):
    """One run of a job in a table of results, with its network (no variant: the original)."""

    search_id: str | None
    variant: int | None


def results(
    session: Session, job_id: str, after: int | None, limit: int
) -> tuple[list[JobResult], int | None]:
    """A job's runs in their order, after a position, and the position to go on from."""
    network = JobRunRow.search_id, JobRunRow.variant_position.label("variant")
    found, following = run_tables.rows(session, JOBS, job_id, after, limit, *network)
    return [JobResult(**row) for row in found], following


def attempts(session: Session, job_id: str) -> tuple[int, int]:
    """How many of a job's runs have ended, and the number of attempts at all of its runs."""
    return attempts_of(session, JOBS, job_id)


@dataclass(frozen=True)
class Measured:
    """The state and the accuracies of one run of a job.

    Accuracies are fractions. ``test_accuracy`` and ``validation_accuracy`` are those at the end of
    the recipe; ``target_accuracy`` is on the validation split, after the epochs that the job wants.
    ``test_correct`` has one bit for each test image, as ``numpy.packbits`` packs them.
    """

    variant: int | None
    seed: int
    resolution: int
    state: str
    epochs_done: int
    target_epochs: int
    test_accuracy: float | None
    validation_accuracy: float | None
    test_correct: bytes | None
    target_accuracy: float | None


def measured(session: Session, job_id: str) -> list[Measured]:
    """The states and accuracies of a job's runs, in their order."""
    query = (
        select(
            JobRunRow.variant_position,
            RunRow.seed,
            RunRow.resolution,
            RunRow.state,
            RunRow.epochs_done,
            JobRunRow.target_epochs,
            ResultRow.test_accuracy,
            ResultRow.validation_accuracy,
            ResultRow.test_correct,
            EpochRow.validation_accuracy,
        )
        .join(RunRow, RunRow.id == JobRunRow.run_id)
        .outerjoin(ResultRow, ResultRow.run_id == RunRow.id)
        .outerjoin(
            EpochRow,
            and_(EpochRow.run_id == RunRow.id, EpochRow.epoch == JobRunRow.target_epochs),
        )
        .where(JobRunRow.job_id == job_id)
        .order_by(JobRunRow.position)
    )
    return [Measured(*values) for values in map(tuple, session.execute(query))]


def cancel(session: Session, id_: str) -> bool:
    """Cancel a job, with the runs that nobody else needs. Returns whether it was still open."""
    return asking.cancel(session, JOBS, get(session, id_))


def next_stale(session: Session) -> JobRow | None:
    """A job whose results are out of date, locked until the transaction ends."""
    return session.scalars(
        select(JobRow)
        .where(JobRow.stale)
        .order_by(JobRow.created_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()


def settle(session: Session, job: JobRow, results: Results) -> None:
    """Store a job's results, and end the job if it no longer waits for any run."""
    job.results = results
    job.stale = False
    now = progress(session, job)
    if job.state in FINAL or now.done < now.total:
        return
    job.state, job.error = _end(session, job, now)
    job.finished_at = session.scalar(select(database_time()))


def _end(session: Session, job: JobRow, now: Progress) -> tuple[str, str | None]:
    """The final state of a job, and why it failed.

    A job that halves succeeds although variants fail, as long as one is trained to the end.
    """
    failed = failed_runs(now)
    if not job.rungs:
        return ("failed", failed) if failed else ("succeeded", None)
    if failed and _has_failed_original(session, job):
        return "failed", failed
    if not job.rungs[-1].kept:
        return "failed", f"no variant was trained to the end: {failed}"
    return "succeeded", None


def _has_failed_original(session: Session, job: JobRow) -> bool:
    failed = (
        select(JobRunRow.run_id)
        .join(RunRow, RunRow.id == JobRunRow.run_id)
        .where(
            JobRunRow.job_id == job.id,
            JobRunRow.variant_position.is_(None),
            RunRow.state == "failed",
        )
    )
    return bool(session.scalar(select(failed.exists())))
