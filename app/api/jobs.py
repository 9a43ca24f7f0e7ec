"""``/v1/jobs`` and ``/v1/datasets``."""

from typing import Annotated

from fastapi import Body, Path, Response
from fastapi.responses import StreamingResponse

from app.api import caching, examples, tables
from app.api.caching import IfNoneMatch
from app.api.dependencies import (
    ID_PATTERN,
    Cursor,
    IdempotencyKey,
    Limit,
    TheClosing,
    TheDatabase,
    TheSettings,
)
from app.api.encodings import AcceptEncoding
from app.api.responses import EventStream
from app.api.routes import Router
from app.api.streams import described, from_last_event, stream_of
from app.schemas.datasets import DatasetPage
from app.schemas.events import JobMessage
from app.schemas.jobs import JobPage, JobView, RunPage
from app.schemas.requests import JobRequest
from app.services import datasets, events, jobs, results_csv
from app.states import FINAL

router = Router(prefix="/v1", tags=["jobs"])

Id = Annotated[str, Path(pattern=ID_PATTERN, max_length=64, examples=[examples.JOB_ID])]


@router.get("/datasets")
def list_datasets(settings: TheSettings) -> DatasetPage:
    """The data sets that networks can be trained on.

    A data set that is not present is downloaded when it is first used. To use your own images, put
    them into the server's data folder as `NAME/CLASS/*.png` (or `.jpg`); the data set is then
    called `folder:NAME`.
    """
    return datasets.known(settings.data_dir)


@router.post(
    "/jobs",
    status_code=202,
    responses={
        404: {"description": "There is no such search or variant"},
        409: {"description": "The search has not ended"},
    },
)
def create_job(
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
    idempotency_key: IdempotencyKey,
    response: Response,
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


@router.get("/jobs/{id}", response_model=JobView, responses=caching.KEPT)
def get_job(
    id: Id,  # noqa: A002
    database: TheDatabase,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """How far a job is, and its results, partial while it runs."""
    job = jobs.get(database, id)
    return caching.kept(job.model_dump_json(), if_none_match, is_final=job.state in FINAL)


@router.get("/jobs/{id}/runs", response_model=RunPage, responses=caching.KEPT)
def list_runs(
    id: Id,  # noqa: A002
    database: TheDatabase,
    limit: Limit = 50,
    cursor: Cursor = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Every run: network, seed, curves, accuracies, time, worker, attempt."""
    page, is_final = jobs.runs(database, id, cursor, limit)
    return caching.kept(page.model_dump_json(), if_none_match, is_final=is_final)


@router.post("/jobs/{id}/cancel")
def cancel_job(id: Id, database: TheDatabase) -> JobView:  # noqa: A002
    """End a job; nothing happens if it has ended."""
    return jobs.cancel(database, id)


@router.get(
    "/jobs/{id}/events",
    response_class=EventStream,
    responses=described("job", JobMessage, examples.EVENTS),
)
def follow_job(
    id: Id,  # noqa: A002
    database: TheDatabase,
    closing: TheClosing,
    last_event_id: Annotated[str | None, from_last_event(30_000)] = None,
) -> Response:
    """What happens to a job, from its beginning: server-sent events, of which none is lost.

    `epoch`: a run has measured an epoch. `run`: a run has ended. `progress`: how far the job is, as
    in the job itself. `end`: the job has ended, and the stream ends.
    """
    cursor = events.place(database, id, last_event_id)
    told = events.stream(database, id, cursor, closing)
    return stream_of(told, is_over=cursor.is_over)


@router.get(
    "/jobs/{id}/results.csv",
    response_class=StreamingResponse,
    responses=tables.described(
        "A header, then a line for each run", examples.RESULTS_CSV, is_kept=True
    ),
)
def download_results(
    id: Id,  # noqa: A002
    database: TheDatabase,
    accept_encoding: AcceptEncoding = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Every run as a line of a table: network, seed, accuracies, time, worker, attempt."""
    version = results_csv.version(database, id)
    lines = results_csv.lines(database, id)
    return tables.kept(lines, id, accept_encoding, version, if_none_match)


@router.post(
    "/jobs/{id}/retry",
    status_code=202,
    responses={409: {"description": "Nothing failed that the job still needs"}},
)
def retry_job(id: Id, database: TheDatabase, response: Response) -> JobView:  # noqa: A002
    """Queue what failed in a job, or was cancelled with it, once more; poll `Location`.

    Runs go on from their last epoch. With halving, rungs that are decided stay so: a variant that
    failed in one is not tried again.
    """
    view = jobs.retry(database, id)
    response.headers["Location"] = f"/v1/jobs/{id}"
    response.headers["Retry-After"] = "1"
    return view
