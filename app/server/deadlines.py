"""Ends connections whose time is over."""

import asyncio
from collections.abc import Iterable
from typing import Final, Protocol

SWEEP_SECONDS: Final = 0.25


class Expiring(Protocol):
    """A connection with a deadline, on the clock of the event loop."""

    deadline: float

    def expire(self) -> None:
        """End it; it is told once."""


class Deadlines:
    """Looks at all connections four times a second.

    A timer for each request would cost more than the request's own reading. A connection is ended
    at the second look that finds its time over: what it sent while the process was busy has been
    read by then.
    """

    def __init__(self) -> None:
        self._is_running = False
        self._looked_at = float("-inf")

    def watch(self, loop: asyncio.AbstractEventLoop, connections: Iterable[Expiring]) -> None:
        """Look at the connections for as long as there are any."""
        if not self._is_running:
            self._is_running = True
            loop.call_later(SWEEP_SECONDS, self._sweep, loop, connections)

    def _sweep(self, loop: asyncio.AbstractEventLoop, connections: Iterable[Expiring]) -> None:
        self._is_running = False
        present = list(connections)
        for connection in present:
            if connection.deadline <= self._looked_at:
                connection.deadline = float("inf")
                connection.expire()
        self._looked_at = loop.time()
        if present:
            self.watch(loop, connections)
