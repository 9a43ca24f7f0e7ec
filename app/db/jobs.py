"""Jobs and the runs that they need."""

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, func, insert, or_, select, update
from sqlalchemy.orm import Session

from app.db import identity
from app.db.errors import existing
from app.db.models import AttemptRow, EpochRow, JobRow, JobRunRow, ResultRow, RunRow
from app.db.paging import Key, decode, encode, page
from app.db.runs import has_state, locked, want
from app.db.statements import affected, insert_new
from app.db.types import database_time
from app.experiments.halving import Rung
from app.schemas.job_terms import JobDocument
from app.schemas.results import Results
from app.states import FINAL, OPEN

NEWEST_FIRST = (Key(JobRow.created_at, True), Key(JobRow.id, True))
ENOUGH = 200
"""A mean time is taken of at most this many results, so that it is fast for large jobs, too."""


@dataclass(frozen=True)
class JobNetwork:
    """A network of a job: the original where ``variant`` is ``None``, else a variant's position."""

    architecture_id: str
    resolution: int
    variant: int | None = None


@dataclass(frozen=True)
class Need:
    """A run that a job needs, its network, and the number of epochs that are wanted first.

    ``run`` holds the columns of ``runs`` that identify it.
    """

    network: JobNetwork
    run: Mapping[str, Any]
    epochs: int


def create(
    session: Session,
    search_id: str,
    request: JobDocument,
    needs: Sequence[Need],
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
    new = _insert_runs(session, job, needs)
    shared = sorted({need.run["id"] for need in needs} - new)
    session.execute(select(locked(RunRow.id.in_(shared), RunRow.state != "succeeded")))
    session.execute(insert(JobRunRow), [_link(job, n, need, new) for n, need in enumerate(needs)])
    queue_again(session, job, shared)
    want(session, shared, job.created_at)
    return job


def content_hash(search_id: str, request: JobDocument) -> str:
    """The hash that jobs share if they ask for the same."""
    return identity.content_hash("job", [search_id, request.identity])


def _first_rung(request: JobDocument, needs: Sequence[Need]) -> tuple[Rung, ...]:
    """The first rung of halving; empty if the job does not halve."""
    if request.terms.halving is None:
        return ()
    wanted = {
        need.network.variant: need.epochs for need in needs if need.network.variant is not None
    }
    return (Rung(epochs=min(wanted.values()), tried=tuple(wanted)),)


def _insert_runs(session: Session, job: JobRow, needs: Sequence[Need]) -> set[str]:
    """Queue the runs that nobody has asked for before. Returns their ids."""
    rows = [
        {
            **need.run,
            "position": position,
            "target_epochs": need.epochs,
            "created_at": job.created_at,
            "nice": -job.priority,
        }
        for position, need in enumerate(needs)
    ]
    # Sorted by id, since two jobs that insert the same runs must not wait for each other.
    return set(insert_new(session, RunRow, sorted(rows, key=lambda row: str(row["id"]))))


def _link(job: JobRow, position: int, need: Need, new: Container[str]) -> dict[str, Any]:
    variant = need.network.variant
    return {
        "job_id": job.id,
        "run_id": need.run["id"],
        "position": position,
        "search_id": None if variant is None else job.search_id,
        "variant_position": variant,
        "target_epochs": need.epochs,
        "reused": need.run["id"] not in new,
    }


def queue_again(session: Session, job: JobRow, ids: Sequence[str]) -> None:
    """Give another chance to runs that failed, or were cancelled with the job that needed them."""
    session.execute(
        update(RunRow)
        .where(RunRow.id.in_(ids), RunRow.state.in_(("failed", "cancelled")))
        .values(
            state="queued",
            lost=0,
            failure=None,
            error=None,
            finished_at=None,
            created_at=job.created_at,
        )
    )


def get(session: Session, id_: str) -> JobRow:
    """One job.

    Raises
    ------
    NotFoundError
        There is none with this id.
    """
    return existing(session.get(JobRow, id_), "job")


def newest(session: Session, cursor: str | None, limit: int) -> tuple[list[JobRow], str | None]:
    """A page of jobs, the newest first."""
    return page(session, select(JobRow), NEWEST_FIRST, ["jobs"], cursor, limit)


@dataclass(frozen=True)
class Group:
    """Runs of a job with the same state and kind of failure, of the original or of variants."""

    state: str
    failure: str | None
    is_original: bool
    runs: int
    reused: int
    done: int
    """Runs that have ended or are cut off."""
    epochs_left: int
    """Epochs of the other runs that are wanted by now, and not measured yet."""


@dataclass(frozen=True)
class JobProgress:
    """How far a job is.

    ``mean_seconds`` is the mean time of some of its own runs; a run's time is its share of its
    stack's time. ``at_once`` is the number of its stacks in training now: one in each worker, or
    many in one cluster.
    """

    groups: Sequence[Group]
    mean_seconds: float | None
    at_once: int

    @property
    def total(self) -> int:
        """The number of its runs."""
        return sum(group.runs for group in self.groups)

    @property
    def done(self) -> int:
        """The number of runs that it no longer waits for."""
        return sum(group.done for group in self.groups)

    @property
    def reused(self) -> int:
        """The number of runs that an earlier job had asked for already."""
        return sum(group.reused for group in self.groups)

    @property
    def epochs_left(self) -> int:
        """The number of epochs that are wanted by now, and not measured yet."""
        return sum(group.epochs_left for group in self.groups)

    @property
    def failures(self) -> Mapping[str, int]:
        """How many runs failed, by the kind of failure."""
        found: Counter[str] = Counter()
        for group in self.groups:
            if group.failure:
                found[group.failure] += group.runs
        return found

    def number(self, state: str, *, of_original: bool | None = None) -> int:
        """How many runs are in a state."""
        return sum(
            group.runs
            for group in self.groups
            if group.state == state and of_original in (None, group.is_original)
        )


def progress(session: Session, job: JobRow) -> JobProgress:
    """Count a job's runs."""
    mine = JobRunRow.job_id == job.id
    is_original = JobRunRow.variant_position.is_(None)
    is_cut = JobRunRow.target_epochs < epochs_wanted(job)
    is_done = or_(RunRow.state.in_(FINAL), is_cut)
    missing = JobRunRow.target_epochs - RunRow.epochs_done
    counted = session.execute(
        select(
            RunRow.state,
            RunRow.failure,
            is_original,
            func.count(),
            func.count().filter(JobRunRow.reused),
            func.count().filter(is_done),
            func.coalesce(func.sum(missing).filter(~is_done, missing > 0), 0),
        )
        .join(JobRunRow, JobRunRow.run_id == RunRow.id)
        .where(mine)
        .group_by(RunRow.state, RunRow.failure, is_original)
    )
    some = (
        select(ResultRow.seconds)
        .join(JobRunRow, JobRunRow.run_id == ResultRow.run_id)
        .where(mine, JobRunRow.reused.is_(False))
        .limit(ENOUGH)
        .subquery()
    )
    seconds = session.scalar(select(func.avg(some.c.seconds)))
    at_once = session.scalar(
        select(func.count(func.distinct(RunRow.worker + " " + RunRow.stack)))
        .join(JobRunRow, JobRunRow.run_id == RunRow.id)
        .where(mine, has_state(RunRow, "running"))
    )
    groups = [Group(*row) for row in counted]
    return JobProgress(groups, float(seconds) if seconds is not None else None, at_once or 0)


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


@dataclass(frozen=True)
class JobResult:
    """One run in a table of results."""

    position: int
    search_id: str | None
    variant: int | None
    seed: int
    resolution: int
    state: str
    test_accuracy: float | None
    validation_accuracy: float | None
    seconds: float | None
    worker: str | None
    attempt: int
    failure: str | None
    error: str | None
    run_id: str


def results(
    session: Session, job_id: str, after: int | None, limit: int
) -> tuple[list[JobResult], int | None]:
    """A job's runs in their order, after a position, and the position to go on from."""
    rows = session.execute(
        select(
            JobRunRow.position,
            JobRunRow.search_id,
            JobRunRow.variant_position.label("variant"),
            RunRow.seed,
            RunRow.resolution,
            RunRow.state,
            ResultRow.test_accuracy,
            ResultRow.validation_accuracy,
            ResultRow.seconds,
            RunRow.worker,
            RunRow.attempt,
            RunRow.failure,
            RunRow.error,
            RunRow.id.label("run_id"),
        )
        .join(RunRow, RunRow.id == JobRunRow.run_id)
        .outerjoin(ResultRow, ResultRow.run_id == RunRow.id)
        .where(JobRunRow.job_id == job_id, JobRunRow.position > (-1 if after is None else after))
        .order_by(JobRunRow.position)
        .limit(limit)
    )
    found = [JobResult(**row) for row in rows.mappings()]
    return found, found[-1].position if len(found) == limit else None


def attempts(session: Session, job_id: str) -> tuple[int, int]:
    """How many of a job's runs have ended, and the number of attempts at all of its runs.

    Whenever a run of an ended job changes, since another job asks for it, one of them does.
    """
    ended, made = session.execute(
        select(func.count().filter(RunRow.state.in_(FINAL)), func.sum(RunRow.attempt))
        .join(JobRunRow, JobRunRow.run_id == RunRow.id)
        .where(JobRunRow.job_id == job_id)
    ).one()
    return ended, int(made or 0)


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
    """Cancel a job, with the runs that no other open job needs. Returns whether it was still open.

    Its paused runs stay paused: nobody works on them, and a later job can go on from there.
    """
    job = get(session, id_)
    if job.state in FINAL:
        return False
    mine = select(JobRunRow.run_id).where(JobRunRow.job_id == id_).scalar_subquery()
    not_ended = locked(RunRow.id.in_(mine), RunRow.state.in_((*OPEN, "paused")))
    ids = list(session.scalars(select(not_ended)))
    ended = (
        update(JobRow)
        .where(JobRow.id == id_, JobRow.state.not_in(FINAL))
        .values(state="cancelled", finished_at=database_time(), stale=True)
    )
    if not affected(session, ended):
        return False
    want(session, ids, job.created_at)
    return True


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
    job.state, job.error = _end(job, now)
    job.finished_at = session.scalar(select(database_time()))


def _end(job: JobRow, now: JobProgress) -> tuple[str, str | None]:
    """The final state of a job, and why it failed.

    A job that halves succeeds although variants fail, as long as one is trained to the end.
    """
    failed = failed_runs(now)
    if not job.rungs:
        return ("failed", failed) if failed else ("succeeded", None)
    if now.number("failed", of_original=True):
        return "failed", failed
    if not job.rungs[-1].kept:
        return "failed", f"no variant was trained to the end: {failed}"
    return "succeeded", None


def failed_runs(now: JobProgress) -> str | None:
    """Say how many runs failed, by kind of failure; ``None`` if none did."""
    kinds = {kind.replace("_", " "): number for kind, number in now.failures.items()}
    if not kinds:
        return None
    number = sum(kinds.values())
    if len(kinds) == 1:
        return f"{number} of {now.total} runs failed ({next(iter(kinds))})"
    listed = ", ".join(f"{many} {kind}" for kind, many in sorted(kinds.items()))
    return f"{number} of {now.total} runs failed ({listed})"
