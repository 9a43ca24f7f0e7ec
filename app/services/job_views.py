"""Jobs and runs, as users see them."""

from datetime import datetime
from typing import Any

from pydantic import Field
from sqlalchemy.orm import Session

from app.db import jobs
from app.db.models import JobRow
from app.db.results import Results
from app.services.searches import State
from app.services.variants import variant_id
from solver.architecture import Schema


class ProgressView(Schema):
    """How far a job is; ``fraction`` counts the epochs of unfinished runs too."""

    runs_done: int
    runs_total: int
    fraction: float
    eta_seconds: float | None = Field(description="Estimated; `null` until a run has ended")


class JobView(Schema):
    """A job, its progress, and its results so far."""

    id: str
    state: State
    created_at: datetime
    finished_at: datetime | None
    progress: ProgressView
    request: dict[str, Any]
    notes: list[str] = Field(description="What the service decided where the request left it open")
    error: str | None
    results: Results | None


class JobPage(Schema):
    """Jobs, the newest first."""

    items: list[JobView]
    next: str | None


class EpochView(Schema):
    """What one epoch measured."""

    epoch: int
    train_loss: float
    validation_loss: float
    validation_accuracy: float
    seconds: float


class RunView(Schema):
    """One training of one network with one seed."""

    id: str
    network: str = Field(description="`original`, or the variant's id")
    architecture_id: str
    resolution: int
    seed: int
    state: State
    reused: bool = Field(description="Whether an earlier job had it trained, or does")
    attempt: int
    worker: str | None
    test_accuracy: float | None
    validation_accuracy: float | None
    seconds: float | None
    environment: dict[str, Any] | None
    epochs: list[EpochView]
    error: str | None
    started_at: datetime | None
    finished_at: datetime | None


class RunPage(Schema):
    """A job's runs: the original's first, then each variant's."""

    items: list[RunView]
    next: str | None


def job_view(session: Session, row: JobRow) -> JobView:
    """A job with its progress."""
    request = dict(row.request)
    notes = request.pop("notes")
    return JobView(
        id=row.id,
        state=row.state,
        created_at=row.created_at,
        finished_at=row.finished_at,
        progress=_progress(jobs.progress(session, row.id), epochs=request["epochs"]),
        request=request,
        notes=notes,
        error=row.error,
        results=Results.model_validate(row.results) if row.results else None,
    )


def _progress(measured: jobs.Progress, epochs: int) -> ProgressView:
    total = sum(measured.runs.values())
    done = sum(measured.runs.get(state, 0) for state in jobs.ENDED)
    fraction = (done + measured.epochs_running / epochs) / total
    left = total * (1 - fraction)
    at_once = max(1, measured.runs.get("running", 0))
    eta = None if measured.mean_seconds is None else left * measured.mean_seconds / at_once
    return ProgressView(
        runs_done=done, runs_total=total, fraction=min(1.0, fraction), eta_seconds=eta
    )


def run_view(item: jobs.JobRun) -> RunView:
    """A run with its epochs and its result."""
    run, result, position = item.run, item.result, item.link.variant_position
    search_id = item.link.search_id or ""
    return RunView(
        id=run.id,
        network="original" if position is None else variant_id(search_id, position),
        architecture_id=run.architecture_id,
        resolution=run.resolution,
        seed=run.seed,
        state=run.state,
        reused=item.link.reused,
        attempt=run.attempt,
        worker=run.worker,
        test_accuracy=result and result.test_accuracy,
        validation_accuracy=result and result.validation_accuracy,
        seconds=result and result.seconds,
        environment=result and result.environment,
        epochs=[
            EpochView(
                epoch=epoch.epoch,
                train_loss=epoch.train_loss,
                validation_loss=epoch.validation_loss,
                validation_accuracy=epoch.validation_accuracy,
                seconds=epoch.seconds,
            )
            for epoch in item.epochs
        ],
        error=run.error,
        started_at=run.started_at,
        finished_at=run.finished_at,
    )
