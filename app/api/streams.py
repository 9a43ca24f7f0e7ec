"""Server-sent events as responses."""

from collections.abc import AsyncIterator
from typing import Any

from fastapi import Response
from fastapi.params import Header
from fastapi.sse import ServerSentEvent, format_sse_event
from pydantic_core import to_json

from app.api.responses import EventStream


def described(kind: str, message: Any, example: str) -> dict[int | str, dict[str, Any]]:
    """The responses of a route that streams the ``message`` of a job or a search, for OpenAPI."""
    return {
        200: {
            "description": f"A stream of events, until the {kind} has ended",
            "model": message,
            "content": {"text/event-stream": {"example": example}},
        },
        204: {"description": "The client has had the last event: it need not come again"},
    }


def from_last_event(longest: int) -> Header:
    """The header with which a client goes on where its last stream broke off."""
    return Header(
        alias="Last-Event-ID",
        max_length=longest,
        description="The id of the last event that was received; the stream goes on behind it",
    )


def stream_of(events: AsyncIterator[ServerSentEvent], *, is_over: bool) -> Response:
    """A response that sends events as they happen; 204 if the client has had the last one."""
    if is_over:
        return Response(status_code=204)
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return EventStream(_lines(events), headers=headers)


async def _lines(events: AsyncIterator[ServerSentEvent]) -> AsyncIterator[bytes]:
    async for event in events:
        data = None if event.data is None else to_json(event.data).decode()
        yield format_sse_event(data_str=data, event=event.event, id=event.id, comment=event.comment)
