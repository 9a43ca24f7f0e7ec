"""Jobs: which networks to train with which seeds, how far they are, and what came out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import Field
from sqlalchemy.orm import Session

from app.catalogue import DATASETS, content_id
from app.db import architectures, jobs, searches
from app.db.engine import Database
from app.db.models import JobRow, SearchRow
from app.db.paging import decode, encode
from app.db.results import Results
from app.errors import ConflictError, Fault, RefusedError
from app.services.idempotency import once
from app.services.requests import MOST_RUNS, JobRequest
from app.services.searches import State
from app.services.selection import check_fit, choose
from app.services.variants import Deriver, problem_of, variant_id
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


def create(database: Database, request: JobRequest, key: str | None) -> str:
    """Check a job, choose its variants, and queue its runs; its id.

    Raises
    ------
    RefusedError
        The networks do not fit the data set, or there is nothing to train.
    ConflictError
        The search has not ended.
    app.db.errors.NotFoundError
        There is no such search, or variant.
    app.db.idempotency.KeyReusedError
        The key came with another body before.
    """

    def make(session: Session) -> str:
        search = searches.get(session, request.search_id)
        if search.state in ("queued", "running"):
            raise ConflictError(f"search {search.id} is {search.state}; wait until it has ended")
        original = architectures.get(session, search.architecture_id)
        dataset = DATASETS[request.dataset]
        check_fit(original, dataset)
        positions, notes = choose(session, request, search, dataset)
        if (wanted := (1 + len(positions)) * request.seeds) > MOST_RUNS:
            raise RefusedError(
                Fault("#/variants", f"{wanted:,} runs exceed the {MOST_RUNS:,} that a job may have")
            )
        networks = [
            jobs.Network(original.id, original.input.resolution),
            *_variant_networks(session, search, positions),
        ]
        needs = _needs(request, networks)
        return jobs.create(session, search.id, understood(request, notes), needs).id

    body = request.model_dump(mode="json")
    return database.transact(lambda session: once(session, "jobs", key, body, make))


def understood(request: JobRequest, notes: Sequence[str] = ()) -> dict[str, Any]:
    """The request with its defaults filled in, and notes on what was decided for the user."""
    recipe = request.training
    filled = {"recipe": recipe.model_dump(mode="json"), "epochs": recipe.epochs}
    return {**request.model_dump(mode="json"), **filled, "notes": list(notes)}


def _variant_networks(
    session: Session, search: SearchRow, positions: Sequence[int]
) -> list[jobs.Network]:
    """The chosen variants, stored as architectures of their own."""
    deriver = Deriver(problem_of(session, search))
    networks = []
    for position in positions:
        row = searches.variant(session, search.id, position)
        architecture = deriver.describer.architecture(deriver.assignment(row))
        architectures.add(session, architecture)
        networks.append(jobs.Network(architecture.id, row.resolution, position))
    return networks


def _needs(request: JobRequest, networks: Sequence[jobs.Network]) -> list[jobs.Need]:
    """One run for each network and seed, under the hash of all that it depends on."""
    recipe = request.training.model_dump(mode="json")
    dataset = DATASETS[request.dataset]
    needs: list[jobs.Need] = []
    for network in networks:
        for seed in range(request.seeds):
            identity = {
                "architecture_id": network.architecture_id,
                "dataset": dataset.name,
                "dataset_version": dataset.version,
                "resolution": network.resolution,
                "recipe": recipe,
                "seed": seed,
            }
            run = {"id": content_id(identity), "position": len(needs), **identity}
            needs.append(jobs.Need(network, run))
    return needs


def get(database: Database, id_: str) -> JobView:
    """One job.

    Raises
    ------
    app.db.errors.NotFoundError
        There is none with this id.
    """
    with database.read() as session:
        return _view(session, jobs.get(session, id_))


def newest(database: Database, cursor: str | None, limit: int) -> JobPage:
    """A page of jobs."""
    with database.read() as session:
        rows, following = jobs.newest(session, cursor, limit)
        return JobPage(items=[_view(session, row) for row in rows], next=following)


def cancel(database: Database, id_: str) -> JobView:
    """End a job; what it alone needed is not trained any more. Nothing if it has ended.

    Raises
    ------
    app.db.errors.NotFoundError
        There is none with this id.
    """
    with database.write() as session:
        jobs.cancel(session, id_)
    return get(database, id_)


def runs(database: Database, id_: str, cursor: str | None, limit: int) -> RunPage:
    """A page of a job's runs.

    Raises
    ------
    app.db.errors.NotFoundError
        There is no such job.
    """
    after = int(decode(cursor, 1)[0]) if cursor else None
    with database.read() as session:
        jobs.get(session, id_)
        found, last = jobs.runs(session, id_, after, limit)
    items = [_run_view(item) for item in found]
    return RunPage(items=items, next=None if last is None else encode([last]))


def _view(session: Session, row: JobRow) -> JobView:
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


def _run_view(item: jobs.JobRun) -> RunView:
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
