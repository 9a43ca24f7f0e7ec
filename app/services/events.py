"""Tells what happens to a job as server-sent events, while it happens."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

from fastapi.sse import ServerSentEvent

from app.db import events, jobs
from app.db.engine import Database
from app.db.errors import NotFoundError
from app.db.events import Cursor, News
from app.db.identity import network_name
from app.schemas.events import EndEvent, EpochEvent, RunEvent
from app.schemas.jobs import ProgressView
from app.schemas.requests import MOST_RUNS
from app.services.job_views import epoch_view, progress_view
from app.services.polling import Look, polled
from app.services.stopping import Closing
from app.states import FINAL
from solver.network.schema import Schema


def place(database: Database, id_: str, last_event_id: str | None) -> Cursor:
    """The cursor from which a client goes on after the last event that it has had.

    Raises
    ------
    app.db.errors.NotFoundError
        There is no such job.
    app.db.events.PlaceError
        The id is not one of a job's events.
    """
    with database.read() as session:
        job = jobs.get(session, id_)
        cursor = Cursor.parse(last_event_id, MOST_RUNS) if last_event_id else Cursor()
        events.follow_retries(session, job, cursor)
    return cursor


def stream(
    database: Database, id_: str, cursor: Cursor, closing: Closing
) -> AsyncIterator[ServerSentEvent]:
    """Yield a job's events from a cursor on, until the job has ended or the server stops."""
    told: ProgressView | None = None

    def look() -> Look | None:
        nonlocal told
        found = _look(database, id_, cursor, told)
        if found is None:
            return None
        messages, told, is_complete = found
        return Look(messages, is_complete, cursor.is_over)

    return polled(look, closing)


def _look(
    database: Database, id_: str, cursor: Cursor, told: ProgressView | None
) -> tuple[list[ServerSentEvent], ProgressView, bool] | None:
    """The new events, the progress, and whether there are no more; ``None`` without a job."""
    with database.read() as session:
        try:
            job = jobs.get(session, id_)
        except NotFoundError:
            return None
        events.follow_retries(session, job, cursor)
        news = events.news(session, id_, cursor)
        now = progress_view(session, job) if news or told is None or job.state in FINAL else told
    messages = [message for item in news for message in _of_run(item, cursor)]
    is_complete = len(news) < events.MOST
    if is_complete and now != told:
        messages.append(_event("progress", now, cursor))
    if is_complete and job.state in FINAL:
        cursor.is_over = True
        messages.append(_event("end", EndEvent(state=job.state, error=job.error), cursor))
    return messages, now, is_complete


def _of_run(item: News, cursor: Cursor) -> Iterator[ServerSentEvent]:
    run, position = item.run, item.link.position
    names: dict[str, Any] = {
        "run_id": run.id,
        "network": network_name(item.link.search_id, item.link.variant_position),
        "seed": run.seed,
    }
    known, _ = cursor.of(position)
    for epoch in item.epochs:
        known = epoch.epoch
        cursor.tell(position, known, ended=False)
        yield _event("epoch", EpochEvent(**names, epoch=epoch_view(epoch)), cursor)
    if run.state in FINAL:
        cursor.tell(position, known, ended=True)
        result = item.result
        yield _event(
            "run",
            RunEvent(
                **names,
                state=run.state,
                test_accuracy=result and result.test_accuracy,
                validation_accuracy=result and result.validation_accuracy,
                failure=run.failure,
                error=run.error,
            ),
            cursor,
        )


def _event(name: str, data: Schema, cursor: Cursor) -> ServerSentEvent:
    cursor.number += 1
    return ServerSentEvent(event=name, id=str(cursor), data=data.model_dump(mode="json"))
