"""Halving in the database: which variants of a job go on, once a rung has been trained.

That a variant goes on means that its runs are wanted further: they are resumed, not repeated.
"""

from collections.abc import Mapping, Sequence
from statistics import fmean

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db.jobs import Measured, measured
from app.db.models import JobRow, JobRunRow, RunRow
from app.db.runs import want
from app.experiments.halving import Halving, Rung
from app.states import FINAL


def advance(session: Session, job: JobRow) -> bool:
    """Decide each rung of a job that has been trained, and queue the next, in one transaction.

    The caller has locked the job. Whether all is decided that can be: where another transaction
    writes to a run that goes on, nothing is, and it must be tried again. It is not waited for,
    since it may wait for the job.
    """
    plan = Halving.of(job.request)
    if plan is None or not job.rungs or job.state in FINAL:
        return True
    while (rung := job.rungs[-1]).kept is None:
        accuracies = _accuracies(measured(session, job.id), rung, plan)
        if accuracies is None:
            return True
        kept = _best(accuracies, plan.keeps(len(accuracies), rung.epochs))
        decided = (*job.rungs[:-1], rung.decided(kept, [*accuracies.values()]))
        if kept and rung.epochs < plan.epochs:
            epochs = plan.following(rung.epochs, len(kept))
            if not _go_on(session, job, kept, epochs):
                return False
            decided = (*decided, Rung(epochs=epochs, tried=tuple(sorted(kept))))
        job.rungs = decided
    return True


def _accuracies(
    runs: Sequence[Measured], rung: Rung, plan: Halving
) -> dict[int, float | None] | None:
    """Mean validation accuracy over seeds of each variant of a rung; ``None`` while it is trained.

    Of a variant with a run that failed it is ``None``.
    """
    found: dict[int, list[float | None]] = {position: [] for position in rung.tried}
    for run in runs:
        if run.variant not in found:
            continue
        has_ended = run.state in FINAL
        is_measured = run.epochs_done >= rung.epochs
        if rung.epochs == plan.epochs:
            is_measured = run.state == "succeeded"
        if not (has_ended or is_measured or run.state == "paused"):
            return None
        found[run.variant].append(run.target_accuracy if is_measured else None)
    return {variant: _mean(values) for variant, values in found.items()}


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known and len(known) == len(values) else None


def _best(accuracies: Mapping[int, float | None], keep: int) -> list[int]:
    """Positions of the best, the best first; of equals the first in the search's order."""
    known = [(-value, position) for position, value in accuracies.items() if value is not None]
    return [position for _, position in sorted(known)[:keep]]


def _go_on(session: Session, job: JobRow, kept: Sequence[int], epochs: int) -> bool:
    """Have the runs of some variants trained further; whether they could be locked."""
    mine = (JobRunRow.job_id == job.id, JobRunRow.variant_position.in_(kept))
    ids = session.scalars(select(JobRunRow.run_id).where(*mine)).all()
    free = session.scalars(
        select(RunRow.id)
        .where(RunRow.id.in_(ids))
        .order_by(RunRow.id)
        .with_for_update(skip_locked=True)
    ).all()
    if len(free) < len(ids):
        return False
    session.execute(update(JobRunRow).where(*mine).values(target_epochs=epochs))
    want(session, ids, job.created_at)
    return True
