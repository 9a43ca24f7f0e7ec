"""Answers 503 where the database has another schema, or is none, whatever is asked for."""

from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.errors import unavailable
from app.services.condition import Condition

PREFIX: Final = "/v1/"


class Available:
    """Wraps an application: what needs the database is asked only where it can be used.

    The application's ``state.condition`` tells. While something is wrong, each request looks again,
    so that the first one after a migration is answered.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            condition: Condition = scope["app"].state.condition
            if condition.blocking:
                cause = await run_in_threadpool(condition.look)
                if cause and cause.blocks:
                    await unavailable(cause)(scope, receive, send)
                    return
        await self._app(scope, receive, send)
