"""Slow work in threads, for clients that may hang up before it is done."""

import asyncio
import threading
from collections.abc import Callable
from typing import Final, TypeVar

from anyio import CapacityLimiter, to_thread

from app.errors import BusyError
from app.services.asking import HangUp
from app.services.stopping import Closing

GIVEN_UP: Final = "nobody waits for it any more"

Result = TypeVar("Result")
Look = Callable[[], None]
"""What work calls now and then; it raises :class:`UnwantedError` to stop the work."""


class UnwantedError(BusyError):
    """Work was given up: its client hung up, or the server is to stop."""

    def __init__(self) -> None:
        super().__init__(GIVEN_UP)


class Turns:
    """Does a few pieces of work at once; others wait for their turn.

    Parameters
    ----------
    number
        How many are done at once, at least one.
    closing
        Ends all work when the server is to stop.
    """

    def __init__(self, number: int, closing: Closing) -> None:
        self._limiter = CapacityLimiter(max(1, number))
        self._closing = closing

    @property
    def waiting(self) -> int:
        """How many pieces of work wait for their turn."""
        return self._limiter.statistics().tasks_waiting

    async def take(self, work: Callable[[Look], Result], hang_up: HangUp) -> Result:
        """Do a piece of work. Returns what it returns, and raises what it raises.

        Raises
        ------
        UnwantedError
            The client hung up, or the server is to stop.
        """
        is_unwanted = threading.Event()

        def look() -> None:
            if is_unwanted.is_set() or self._closing.is_set():
                raise UnwantedError

        def begin() -> Result:
            look()
            return work(look)

        doing = asyncio.ensure_future(to_thread.run_sync(begin, limiter=self._limiter))
        hung_up = asyncio.ensure_future(hang_up())
        try:
            await asyncio.wait({doing, hung_up}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            is_unwanted.set()
            hung_up.cancel()
        return await doing
