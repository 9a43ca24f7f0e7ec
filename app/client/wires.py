"""How calls get to the service: over a blocking or an asynchronous ``httpx2`` client."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

import httpx2

from app.client.calls import Call

T = TypeVar("T")
CONNECT_SECONDS: Final = 10.0
QUIET_SECONDS: Final = 45.0
"""An event stream that says nothing for so long is lost: the service says something every 15 s."""


@dataclass(frozen=True)
class Stream:
    """An open answer; ``events`` are those of an event stream."""

    response: httpx2.Response
    events: AsyncIterator[httpx2.ServerSentEvent]


class Wire(Protocol):
    """Sends calls, and passes time; both raise ``httpx2.TransportError`` without an answer."""

    async def send(self, call: Call[Any]) -> httpx2.Response:
        """Send a call. Returns the answer, whatever its status is."""

    def stream(self, call: Call[Any]) -> AbstractAsyncContextManager[Stream]:
        """Send a call, and read the answer as it comes."""

    async def pause(self, seconds: float) -> None:
        """Let some time pass."""


class BlockingWire:
    """Does everything at once: no coroutine of it suspends."""

    def __init__(self, http: httpx2.Client, timeout: float, sleep: Callable[[float], None]) -> None:
        self._http, self._timeout, self._sleep = http, timeout, sleep

    async def send(self, call: Call[Any]) -> httpx2.Response:
        """Send a call. Returns the answer, whatever its status is."""
        return self._http.request(**_arguments(call, self._timeout + call.waits))

    @asynccontextmanager
    async def stream(self, call: Call[Any]) -> AsyncIterator[Stream]:
        """Send a call, and read the answer as it comes."""
        with self._http.stream(**_arguments(call, QUIET_SECONDS)) as response:
            if response.is_error:
                response.read()
            yield Stream(response, _each(httpx2.EventSource(response)))

    async def pause(self, seconds: float) -> None:
        """Sleep."""
        self._sleep(seconds)


class AsyncWire:
    """Waits in the event loop."""

    def __init__(
        self, http: httpx2.AsyncClient, timeout: float, sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self._http, self._timeout, self._sleep = http, timeout, sleep

    async def send(self, call: Call[Any]) -> httpx2.Response:
        """Send a call. Returns the answer, whatever its status is."""
        return await self._http.request(**_arguments(call, self._timeout + call.waits))

    @asynccontextmanager
    async def stream(self, call: Call[Any]) -> AsyncIterator[Stream]:
        """Send a call, and read the answer as it comes."""
        async with self._http.stream(**_arguments(call, QUIET_SECONDS)) as response:
            if response.is_error:
                await response.aread()
            yield Stream(response, aiter(httpx2.EventSource(response)))

    async def pause(self, seconds: float) -> None:
        """Sleep."""
        await self._sleep(seconds)


def _arguments(call: Call[Any], seconds: float) -> dict[str, Any]:
    """What ``request`` and ``stream`` of a client take."""
    return {
        "method": call.method,
        "url": call.path,
        "params": call.query,
        "json": call.body,
        "headers": call.headers,
        "timeout": httpx2.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS)),
    }


async def _each(items: Iterable[T]) -> AsyncIterator[T]:
    for item in items:
        yield item
