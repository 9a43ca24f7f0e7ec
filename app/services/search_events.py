"""Tells how a search goes as server-sent events, while it goes on."""

import time
from collections.abc import AsyncIterator
from typing import Any, Final

from fastapi.sse import ServerSentEvent

from app.db import searches
from app.db.engine import Database
from app.db.errors import existing
from app.db.searches import Standing
from app.schemas.events import SearchEndEvent, SearchProgressEvent
from app.services.places import Place
from app.services.watch import Watch
from solver.network.schema import Schema

KEEP_ALIVE_SECONDS: Final = 15.0


def place(database: Database, id_: str, last_event_id: str | None) -> tuple[Place, Standing]:
    """The place from which a client goes on after the last event that it has had.

    Also returns how the search stands.

    Raises
    ------
    app.db.errors.NotFoundError
        There is no such search.
    app.db.events.PlaceError
        The id is not one of a search's events.
    """
    with database.read() as session:
        standing = existing(searches.standings(session, [id_]).get(id_), "search")
    return Place.parse(last_event_id) if last_event_id else Place(), standing


async def stream(
    watch: Watch, id_: str, standing: Standing, at: Place
) -> AsyncIterator[ServerSentEvent]:
    """Yield a search's events from a place on, until it has ended or the server stops."""
    sent = time.monotonic()
    with watch.follow(id_, standing) as follower:
        while not (at.is_over or follower.is_over):
            if event := _news(follower.standing, at):
                yield event
                sent = time.monotonic()
                continue
            if time.monotonic() - sent >= KEEP_ALIVE_SECONDS:
                yield ServerSentEvent(comment="keep-alive")
                sent = time.monotonic()
            await follower.news(KEEP_ALIVE_SECONDS - (time.monotonic() - sent))


def _news(standing: Standing, at: Place) -> ServerSentEvent | None:
    """The event that tells a reader how a search stands, if it does not know."""
    if standing.is_final:
        at.is_over = True
        return _event("end", SearchEndEvent, standing, at)
    known = standing.state, standing.found, standing.best, standing.bound
    return _event("progress", SearchProgressEvent, standing, at) if at.learn(known) else None


def _event(name: str, kind: type[Schema], standing: Standing, at: Place) -> ServerSentEvent:
    at.number += 1
    fields: dict[str, Any] = {field: getattr(standing, field) for field in kind.model_fields}
    data = kind.model_validate(fields).model_dump(mode="json")
    return ServerSentEvent(event=name, id=str(at), data=data)
