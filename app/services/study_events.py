"""Tells what happens to a study as server-sent events, while it happens."""

from collections.abc import AsyncIterator

from fastapi.sse import ServerSentEvent

from app.db import studies
from app.db.engine import Database
from app.db.errors import NotFoundError
from app.schemas.events import EndEvent, StudyProgressEvent
from app.services.places import Place
from app.services.polling import Look, polled
from app.services.stopping import Closing
from app.services.study_views import progress_view
from app.states import FINAL
from solver.network.schema import Schema


def place(database: Database, id_: str, last_event_id: str | None) -> Place:
    """The place from which a client goes on after the last event that it has had.

    Raises
    ------
    app.db.errors.NotFoundError
        There is no such study.
    app.db.events.PlaceError
        The id is not one of a study's events.
    """
    with database.read() as session:
        studies.get(session, id_)
    return Place.parse(last_event_id) if last_event_id else Place()


def stream(
    database: Database, id_: str, at: Place, closing: Closing
) -> AsyncIterator[ServerSentEvent]:
    """Yield a study's events from a place on, until it has ended or the server stops."""
    return polled(lambda: _look(database, id_, at), closing)


def _look(database: Database, id_: str, at: Place) -> Look | None:
    """What a reader at a place does not know; ``None`` if the study is gone."""
    with database.read() as session:
        try:
            study = studies.get(session, id_)
        except NotFoundError:
            return None
        progress = progress_view(session, study)
    now = StudyProgressEvent(phase=study.phase, **dict(progress))
    messages = [_event("progress", now, at)] if at.learn(now) else []
    if study.state in FINAL:
        at.is_over = True
        messages.append(_event("end", EndEvent(state=study.state, error=study.error), at))
    return Look(messages, is_complete=True, is_over=at.is_over)


def _event(name: str, data: Schema, at: Place) -> ServerSentEvent:
    at.number += 1
    return ServerSentEvent(event=name, id=str(at), data=data.model_dump(mode="json"))
