"""``/v1/jobs`` and ``/v1/datasets``."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Response

from app.api import examples
from app.api.dependencies import (
    ID_PATTERN,
    Cursor,
    IdempotencyKey,
    Limit,
    TheDatabase,
    TheSettings,
)
from app.services import datasets, jobs
from app.services.datasets import DatasetPage
from app.services.job_views import JobPage, JobView, RunPage
from app.services.requests import JobRequest

router = APIRouter(prefix="/v1", tags=["jobs"])

Id = Annotated[str, Path(pattern=ID_PATTERN, max_length=64, examples=[examples.JOB_ID])]


@router.get("/datasets")
def list_datasets(settings: TheSettings) -> DatasetPage:
    """What networks can be trained on; what is not present is downloaded on first use.

    Your own images are the data set `folder:NAME` when they lie in the server's data folder as
    `NAME/CLASS/*.png` (or `.jpg`).
    """
    return datasets.known(settings.data_dir)


@router.post("/jobs", status_code=202)
def train_variants(
    request: Annotated[
        JobRequest,
        Body(
            openapi_examples={
                "random": {"summary": "Four variants, drawn at random", "value": examples.JOB},
                "halving": {
                    "summary": "The best of 64 variants, by successive halving",
                    "value": examples.HALVING_JOB,
                },
                "control": {
                    "summary": "A control: no more detail than the original sees, on 500 images",
                    "value": examples.CONTROL_JOB,
                },
            }
        ),
    ],
    database: TheDatabase,
    settings: TheSettings,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> JobView:
    """Train the original of a search and variants of it, with some seeds each; poll `Location`.

    Runs that an earlier job recorded are taken over, not repeated. `isobudget work` trains.
    """
    id_ = jobs.create(database, request, idempotency_key, settings.data_dir)
    response.headers["Location"] = f"/v1/jobs/{id_}"
    response.headers["Retry-After"] = "1"
    return jobs.get(database, id_)


@router.get("/jobs")
def list_jobs(database: TheDatabase, limit: Limit = 50, cursor: Cursor = None) -> JobPage:
    """Jobs, the newest first."""
    return jobs.newest(database, cursor, limit)


@router.get("/jobs/{id}")
def get_a_job(id: Id, database: TheDatabase) -> JobView:  # noqa: A002
    """How far a job is, and its results, partial while it runs."""
    return jobs.get(database, id)


@router.get("/jobs/{id}/runs")
def list_the_runs_of_a_job(
    id: Id,  # noqa: A002
    database: TheDatabase,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> RunPage:
    """Every run: network, seed, curves, accuracies, time, worker, attempt."""
    return jobs.runs(database, id, cursor, limit)


@router.post("/jobs/{id}/cancel")
def cancel_a_job(id: Id, database: TheDatabase) -> JobView:  # noqa: A002
    """End a job; nothing happens if it has ended."""
    return jobs.cancel(database, id)
