"""Halving in the database: which variants of a job go on, once a rung has been trained.

The runs of a variant that goes on get a higher target: they are resumed, not repeated.
"""

from collections.abc import Mapping, Sequence
from statistics import fmean

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db.askers import want
from app.db.jobs import Measured, measured
from app.db.models import JobRow, JobRunRow, RunRow
from app.experiments.halving import Halving, Rung
from app.states import FINAL


def advance(session: Session, job: JobRow) -> bool:
    """Decide each rung of a job that is fully trained, and queue the next, in one transaction.

    The caller has locked the job. Returns ``False`` if another transaction has locked a run that
    goes on; that rung stays undecided, and the caller must try again. Waiting here could deadlock,
    since the other transaction may wait for the job.
    """
    plan = job.request.terms.halving
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
    """Mean validation accuracy over seeds, by variant; ``None`` while the rung is trained.

    The accuracy of a variant is ``None`` if one of its runs failed.
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
    """Positions of the ``keep`` best, the best first. Ties go to the lower position."""
    known = [(-value, position) for position, value in accuracies.items() if value is not None]
    return [position for _, position in sorted(known)[:keep]]


def _go_on(session: Session, job: JobRow, kept: Sequence[int], epochs: int) -> bool:
    """Raise the target of some variants' runs. Returns whether they could be locked."""
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
