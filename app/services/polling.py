"""Server-sent events of what other processes do: the database is asked again and again."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final, NamedTuple

from fastapi.concurrency import run_in_threadpool
from fastapi.sse import ServerSentEvent

from app.services.stopping import Closing

POLL_SECONDS: Final = 1.0
KEEP_ALIVE_SECONDS: Final = 15.0
LOOK_SECONDS: Final = 0.2
"""The time between two checks whether the server stops."""


class Look(NamedTuple):
    """What one look has found: new events, whether there are no more now, and whether ever."""

    messages: Sequence[ServerSentEvent]
    is_complete: bool
    is_over: bool


async def polled(
    look: Callable[[], Look | None], closing: Closing
) -> AsyncIterator[ServerSentEvent]:
    """Yield what ``look`` finds, until all is over or gone (``None``), or the server stops."""
    sent = time.monotonic()
    while not closing.is_set():
        found = await run_in_threadpool(look)
        if found is None:
            return
        for message in found.messages:
            yield message
            sent = time.monotonic()
        if found.is_over:
            return
        if not found.is_complete:
            continue
        if time.monotonic() - sent >= KEEP_ALIVE_SECONDS:
            yield ServerSentEvent(comment="keep-alive")
            sent = time.monotonic()
        await _pause(closing)


async def _pause(closing: Closing) -> None:
    until = time.monotonic() + POLL_SECONDS
    while time.monotonic() < until and not closing.is_set():
        await asyncio.sleep(LOOK_SECONDS)
