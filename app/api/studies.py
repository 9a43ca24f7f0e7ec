"""``/v1/studies``."""

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
    ThePlanner,
    TheSettings,
)
from app.api.encodings import AcceptEncoding
from app.api.responses import EventStream
from app.api.routes import Router
from app.api.streams import described, from_last_event, stream_of
from app.schemas.events import StudyMessage
from app.schemas.studies import StudyPage, StudyView
from app.schemas.study_terms import StudyRequest
from app.services import studies, study_csv, study_events
from app.states import FINAL

router = Router(prefix="/v1/studies", tags=["studies"])

Id = Annotated[str, Path(pattern=ID_PATTERN, max_length=64, examples=[examples.STUDY_ID])]


@router.post("", status_code=202)
def create_study(
    request: Annotated[
        StudyRequest,
        Body(
            openapi_examples={
                "small": {"summary": "Two originals with two variants", "value": examples.STUDY},
                "grid": {
                    "summary": "No approach: the networks of a grid, trained for themselves",
                    "value": examples.GRID_STUDY,
                },
            }
        ),
    ],
    database: TheDatabase,
    planner: ThePlanner,
    settings: TheSettings,
    idempotency_key: IdempotencyKey,
    response: Response,
) -> StudyView:
    """Measure what variants of many originals gain, with controls; poll `Location`.

    What is asked is the plan: it is frozen, and `plan_hash` names it before anything is drawn. The
    service counts the variants of all networks of the grid, draws originals and variants, has them
    trained, and estimates. Searches and runs that others asked for are taken over.
    """
    id_ = studies.create(database, request, idempotency_key, settings.data_dir)
    planner.wake()
    response.headers["Location"] = f"/v1/studies/{id_}"
    response.headers["Retry-After"] = "1"
    return studies.get(database, id_)


@router.get("")
def list_studies(database: TheDatabase, limit: Limit = 50, cursor: Cursor = None) -> StudyPage:
    """Studies, the newest first, without what they found."""
    return studies.newest(database, cursor, limit)


@router.get("/{id}", response_model=StudyView, responses=caching.KEPT)
def get_study(
    id: Id,  # noqa: A002
    database: TheDatabase,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """How far a study is, what it drew, and what it found, partial while it runs."""
    study = studies.get(database, id)
    return caching.kept(study.model_dump_json(), if_none_match, is_final=study.state in FINAL)


@router.post("/{id}/cancel")
def cancel_study(id: Id, database: TheDatabase) -> StudyView:  # noqa: A002
    """End a study; nothing happens if it has ended."""
    return studies.cancel(database, id)


@router.get(
    "/{id}/events",
    response_class=EventStream,
    responses=described("study", StudyMessage, examples.STUDY_EVENTS),
)
def follow_study(
    id: Id,  # noqa: A002
    database: TheDatabase,
    closing: TheClosing,
    last_event_id: Annotated[str | None, from_last_event(40)] = None,
) -> Response:
    """How a study goes: server-sent events.

    `progress`: what the study does now, and how far its runs are. `end`: the study has ended, and
    the stream ends.
    """
    at = study_events.place(database, id, last_event_id)
    return stream_of(study_events.stream(database, id, at, closing), is_over=at.is_over)


@router.get(
    "/{id}/results.csv",
    response_class=StreamingResponse,
    responses=tables.described(
        "A header, then a line for each run of each cell", examples.STUDY_CSV, is_kept=True
    ),
)
def download_study_results(
    id: Id,  # noqa: A002
    database: TheDatabase,
    accept_encoding: AcceptEncoding = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Every run as a line of a table: cell, original, role, seed, accuracies, time, worker.

    A run that several cells share has a line in each of them.
    """
    version = study_csv.version(database, id)
    lines = study_csv.lines(database, id)
    return tables.kept(lines, id, accept_encoding, version, if_none_match)
