"""Server-sent events as responses."""

from collections.abc import AsyncIterator

from fastapi import Response
from fastapi.sse import ServerSentEvent, format_sse_event
from pydantic_core import to_json

from app.api.responses import EventStream


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
