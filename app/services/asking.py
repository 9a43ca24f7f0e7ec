"""Asks for a search and waits for its end, as long as the client does."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NamedTuple

from fastapi.concurrency import run_in_threadpool

from app.db.engine import Database
from app.db.idempotency import OwnedKey
from app.schemas.requests import SearchRequest
from app.schemas.searches import SearchView
from app.services import searches
from app.services.solvers import Solvers
from app.services.watch import Follower, Watch

HangUp = Callable[[], Awaitable[None]]
"""Returns when the client has hung up."""


class Answer(NamedTuple):
    """A search, unless the client has hung up, and whether it has ended."""

    view: SearchView | None
    has_ended: bool


@dataclass(frozen=True)
class Asking:
    """What it takes to ask for searches.

    Of searches that wait for a solver, the database takes ``most_queued``.
    """

    database: Database
    solvers: Solvers
    watch: Watch
    most_queued: int

    async def answer(
        self, request: SearchRequest, key: OwnedKey | None, seconds: float, hang_up: HangUp
    ) -> Answer:
        """Ask for a search, and wait up to some seconds for its end.

        It is cancelled if the client hangs up meanwhile and nobody else wants it; but a client with
        a ``key`` may come back for it.

        Raises
        ------
        RefusedError, BusyError, app.db.errors.NotFoundError, app.db.idempotency.KeyReusedError
            As :func:`app.services.searches.ask` does.
        """
        asked = await run_in_threadpool(
            searches.ask, self.database, self.solvers, request, key, self.most_queued
        )
        standing = asked.standing
        if seconds and not standing.is_final:
            with self.watch.follow(asked.id, standing) as follower:
                has_hung_up = await _first(follower, hang_up, seconds)
                standing = follower.standing
            if has_hung_up:
                if key is None:
                    await run_in_threadpool(searches.leave, self.database, asked.id)
                return Answer(None, has_ended=False)
        view = await run_in_threadpool(searches.get, self.database, asked.id, reused=asked.reused)
        return Answer(view, standing.is_final)


async def _first(follower: Follower, hang_up: HangUp, seconds: float) -> bool:
    """Wait for the end of a search. Returns whether the client hung up before."""
    ended = asyncio.ensure_future(follower.end())
    hung_up = asyncio.ensure_future(hang_up())
    try:
        await asyncio.wait({ended, hung_up}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        return hung_up.done() and not ended.done()
    finally:
        ended.cancel()
        hung_up.cancel()
