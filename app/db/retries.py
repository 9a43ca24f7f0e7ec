"""Retrying a job: what failed is queued once more."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from app.db import jobs
from app.db.askers import want
from app.db.asking import queue_again
from app.db.models import JobRow, JobRunRow, RunRow
from app.db.runs import locked
from app.experiments.halving import Rung
from app.states import FINAL

FAILED = ("failed", "cancelled")


def retry(session: Session, id_: str) -> bool:
    """Queue the runs of a job that failed, or were cancelled, and have it wait for them.

    A job that was cancelled waits again for all of its runs, also if other jobs kept them alive.
    Returns whether there was anything to do.

    A run goes on from its checkpoint, for all jobs that need it. Rungs of halving that are decided
    stay so: only the original's runs are queued, and those of a last rung that nothing came out of.

    Raises
    ------
    app.db.errors.NotFoundError
        There is no such job.
    """
    jobs.get(session, id_)
    mine = select(JobRunRow.run_id).where(JobRunRow.job_id == id_).scalar_subquery()
    ids = session.scalars(select(locked(RunRow.id.in_(mine), RunRow.state != "succeeded"))).all()
    job = session.get_one(JobRow, id_, populate_existing=True, with_for_update=True)
    failed = _failed(session, job, ids)
    if not failed and job.state != "cancelled":
        return False
    _open_again(job)
    session.flush()
    epochs = select(RunRow.epochs_done).where(RunRow.id == JobRunRow.run_id).scalar_subquery()
    session.execute(
        update(JobRunRow)
        .where(JobRunRow.job_id == id_, JobRunRow.run_id.in_(failed))
        .values(retry=job.retries, epochs_before=epochs),
        execution_options={"synchronize_session": False},
    )
    queue_again(session, job, failed)
    want(session, ids, job.created_at)
    return True


def _failed(session: Session, job: JobRow, ids: Sequence[str]) -> Sequence[str]:
    """Which of these runs of a job are to be queued again."""
    matters = _matters(job)
    return session.scalars(
        select(RunRow.id)
        .join(JobRunRow, JobRunRow.run_id == RunRow.id)
        .where(JobRunRow.job_id == job.id, RunRow.id.in_(ids), RunRow.state.in_(FAILED), *matters)
        .order_by(RunRow.id)
    ).all()


def _matters(job: JobRow) -> list[ColumnElement[bool]]:
    """Conditions for the runs that can still change how a job ends."""
    if not job.rungs:
        return []
    rung = job.rungs[-1]
    tried = () if rung.kept else rung.tried
    variant = JobRunRow.variant_position
    return [or_(variant.is_(None), variant.in_(tried))]


def _open_again(job: JobRow) -> None:
    """Have a job wait for its runs again."""
    job.retries += 1
    job.stale = True
    if job.state in FINAL:
        job.state, job.error, job.finished_at = "queued", None, None
    if job.rungs and not job.rungs[-1].kept:
        *decided, last = job.rungs
        job.rungs = (*decided, Rung(epochs=last.epochs, tried=last.tried))
