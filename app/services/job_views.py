"""Jobs and runs, as users see them."""

from app.db import jobs
from app.db.engine import Session
from app.db.identity import network_name
from app.db.models import EpochRow, JobRow
from app.db.progress import Progress, failed_runs, shared_runs
from app.schemas.jobs import AttemptView, EpochView, JobView, ProgressView, RunView


def job_view(session: Session, row: JobRow) -> JobView:
    """A job with its progress."""
    now = jobs.progress(session, row)
    return JobView(
        id=row.id,
        state=row.state,
        created_at=row.created_at,
        finished_at=row.finished_at,
        progress=_progress(row, now),
        request=row.request.terms,
        priority=row.priority,
        notes=[*row.request.notes, *_notes(row, now)],
        error=row.error,
        results=row.results,
    )


def progress_view(session: Session, row: JobRow) -> ProgressView:
    """How far a job is."""
    return _progress(row, jobs.progress(session, row))


def _notes(row: JobRow, now: Progress) -> list[str]:
    """Notes on events of a job's runs that the user may not expect."""
    notes = []
    if shared := shared_runs(now):
        notes.append(shared)
    if row.retries:
        times = "once" if row.retries == 1 else f"{row.retries} times"
        notes.append(f"what had failed was queued again, {times}")
    if row.state != "failed" and (failed := failed_runs(now)):
        notes.append(failed)
    return notes


def _progress(row: JobRow, now: Progress) -> ProgressView:
    terms = row.request.terms
    epochs, seeds = terms.epochs, terms.seeds
    planned, left = now.total * epochs, now.epochs_left
    if row.rungs and (plan := terms.halving):
        planned = seeds * (epochs + plan.total(now.total // seeds - 1))
        last = row.rungs[-1]
        if last.kept is None:
            left += seeds * plan.beyond(last.epochs, len(last.tried))
    return progress_of(now, epochs, planned, left)


def progress_of(now: Progress, epochs: int, planned: int, left: int) -> ProgressView:
    """How far runs of so many ``epochs`` are: ``left`` epochs of ``planned`` ones are to come."""
    seconds_per_epoch = None if now.mean_seconds is None else now.mean_seconds / epochs
    # A run's seconds are its share of the time that its stack took.
    at_once = max(1, now.at_once)
    return ProgressView(
        runs_done=now.done,
        runs_total=now.total,
        fraction=1 - left / planned if planned else 0.0,
        eta_seconds=None if seconds_per_epoch is None else left * seconds_per_epoch / at_once,
    )


def epoch_view(epoch: EpochRow) -> EpochView:
    """What an epoch measured."""
    return EpochView(
        epoch=epoch.epoch,
        train_loss=epoch.train_loss,
        validation_loss=epoch.validation_loss,
        validation_accuracy=epoch.validation_accuracy,
        seconds=epoch.seconds,
    )


def run_view(item: jobs.JobRun) -> RunView:
    """A run with its epochs and its result."""
    run, result = item.run, item.result
    return RunView(
        id=run.id,
        network=network_name(item.link.search_id, item.link.variant_position),
        architecture_id=run.architecture_id,
        resolution=run.resolution,
        seed=run.seed,
        state=run.state,
        starts_from=run.starts_from,
        reused=item.link.reused,
        epochs_wanted=item.link.target_epochs,
        attempt=run.attempt,
        worker=run.worker,
        lost_attempts=[
            AttemptView(
                attempt=lost.attempt,
                worker=lost.worker,
                started_at=lost.started_at,
                ended_at=lost.ended_at,
                reason=lost.reason,
            )
            for lost in item.lost
        ],
        test_accuracy=result and result.test_accuracy,
        validation_accuracy=result and result.validation_accuracy,
        seconds=result and result.seconds,
        environment=result and result.environment,
        epochs=[epoch_view(epoch) for epoch in item.epochs],
        failure=run.failure,
        error=run.error,
        started_at=run.started_at,
        finished_at=run.finished_at,
    )
