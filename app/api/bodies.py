"""Reads the body of a request: up to its largest size, and not for ever."""

import asyncio
from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from app.api.refusals import CLOSE, MAX_BODY_BYTES, TOO_LARGE, Refusal

SLOWEST_RATE: Final = 16 * 1024
"""Bytes a second; who sends faster than this has more time."""
TOO_SLOW: Final = Refusal(408, "the body did not arrive in time", CLOSE)


class Body:
    """Stands for a request's ``receive`` while its body arrives.

    Raises
    ------
    starlette.exceptions.HTTPException
        The body is too large (413), or too slow (408).
    """

    def __init__(self, receive: Receive, seconds: float) -> None:
        self._receive = receive
        self._seconds = seconds
        self._began = asyncio.get_running_loop().time()
        self._bytes = 0
        self._ended = False

    async def __call__(self) -> Message:
        """Return the next message."""
        if self._ended:
            return await self._receive()
        message = await self._next()
        self._bytes += len(message.get("body", b""))
        if self._bytes > MAX_BODY_BYTES:
            raise _raised(TOO_LARGE)
        self._ended = not message.get("more_body", False)
        return message

    async def _next(self) -> Message:
        try:
            async with asyncio.timeout_at(self._began + self._seconds + self._bytes / SLOWEST_RATE):
                return await self._receive()
        except TimeoutError:
            raise _raised(TOO_SLOW) from None


def _raised(refusal: Refusal) -> HTTPException:
    return HTTPException(refusal.status, refusal.detail, dict(refusal.headers))
