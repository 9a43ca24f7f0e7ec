"""Tells a page that a job has changed, as server-sent events: what to show, the page asks itself.

Unlike :mod:`app.services.events` it begins with how the job stands now, so that a page of a long
job need not hear all epochs again.
"""

from collections.abc import AsyncIterator

from fastapi.sse import ServerSentEvent

from app.db import jobs
from app.db.engine import Database
from app.db.errors import NotFoundError
from app.services.places import Place
from app.services.polling import Look, polled
from app.services.stopping import Closing
from app.states import FINAL


def stream(database: Database, id_: str, closing: Closing) -> AsyncIterator[ServerSentEvent]:
    """Yield ``change`` whenever a job has changed, first at once, and ``end`` when it has ended.

    Raises
    ------
    app.db.errors.NotFoundError
        There is no such job.
    """
    with database.read() as session:
        jobs.get(session, id_)
    at = Place()
    return polled(lambda: _look(database, id_, at), closing)


def _look(database: Database, id_: str, at: Place) -> Look | None:
    """What a reader at a place does not know; ``None`` if the job is gone."""
    with database.read() as session:
        try:
            job = jobs.get(session, id_)
        except NotFoundError:
            return None
        groups = sorted(map(repr, jobs.progress(session, job).groups))
        now = job.state, groups, job.results
    names = ["change"] if at.learn(now) else []
    if job.state in FINAL:
        at.is_over = True
        names.append("end")
    messages = [ServerSentEvent(event=name, data=job.state) for name in names]
    return Look(messages, is_complete=True, is_over=at.is_over)
