"""Tells those who wait how searches stand; one look at the database serves all of them."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from fastapi.concurrency import run_in_threadpool

from app.db import searches
from app.db.engine import Database
from app.db.errors import DatabaseError
from app.db.searches import Standing
from app.services.condition import Condition
from app.services.stopping import Closing

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 0.15
"""The time between two looks at the searches that others solve."""
MOST_RECENT: Final = 1_000
"""Searches whose end is remembered, for those who begin to wait a moment too late."""


class Follower:
    """One who waits for news of a search.

    Attributes
    ----------
    standing
        How the search stands, as far as this server knows.
    is_over
        Whether there will be no more news: the search was removed, or the server stops.
    """

    def __init__(self, standing: Standing) -> None:
        self.standing = standing
        self.is_over = False
        self._news = asyncio.Event()

    def hear(self, standing: Standing) -> None:
        """Take notice of how the search stands now."""
        if standing != self.standing:
            self.standing = standing
            self._news.set()

    def leave_off(self) -> None:
        """Take notice that there will be no more news."""
        self.is_over = True
        self._news.set()

    async def news(self, seconds: float) -> None:
        """Wait for news, at most for some seconds."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), seconds)
        self._news.clear()

    async def end(self) -> None:
        """Wait until the search has ended, or there will be no more news."""
        while not (self.standing.is_final or self.is_over):
            await self._news.wait()
            self._news.clear()


class Watch:
    """Followers of searches, and what they are told.

    What this server's solvers work on is told by them, from their threads. Everything else is
    looked up, all at once, as long as somebody follows it. The event loop runs all other methods.
    """

    def __init__(self, database: Database, condition: Condition, closing: Closing) -> None:
        self._database, self._condition = database, condition
        self._loop = asyncio.get_running_loop()
        self._followers: dict[str, set[Follower]] = {}
        self._solved_here: dict[str, Standing] = {}
        self._recent: OrderedDict[str, Standing] = OrderedDict()
        self._looking: asyncio.Task[None] | None = None
        self._closing = closing
        self._has_stopped = False
        closing.then(lambda: self._soon(self._close))

    @contextmanager
    def follow(self, id_: str, standing: Standing) -> Iterator[Follower]:
        """Follow a search from a standing on; who leaves the block is forgotten."""
        known = self._solved_here.get(id_) or self._recent.get(id_) or standing
        follower = Follower(known)
        follower.is_over = self._closing.is_set()
        self._followers.setdefault(id_, set()).add(follower)
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_on())
        try:
            yield follower
        finally:
            self._followers[id_].remove(follower)
            if not self._followers[id_]:
                del self._followers[id_]

    def begin(self, id_: str) -> None:
        """Say that this server solves a search now, from any thread."""
        self._soon(self._tell, id_, Standing("running", elapsed=0.0))

    def tell(self, id_: str, standing: Standing) -> None:
        """Say how far a search is that this server solves, from any thread."""
        self._soon(self._tell, id_, standing)

    def end(self, id_: str, standing: Standing | None) -> None:
        """Say that this server has left off solving a search, from any thread.

        Without a ``standing`` it is looked up.
        """
        self._soon(self._end, id_, standing)

    async def stop(self) -> None:
        """Look no more; a look that is under way comes to its end."""
        self._has_stopped = True
        if self._looking is not None:
            await self._looking

    def _soon(self, call: object, *arguments: object) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(call, *arguments)  # type: ignore[arg-type]

    def _tell(self, id_: str, standing: Standing) -> None:
        self._solved_here[id_] = standing
        self._pass_on(id_, standing)

    def _end(self, id_: str, standing: Standing | None) -> None:
        self._solved_here.pop(id_, None)
        if standing is not None:
            self._pass_on(id_, standing)

    def _pass_on(self, id_: str, standing: Standing) -> None:
        if standing.is_final:
            self._recent[id_] = standing
            if len(self._recent) > MOST_RECENT:
                self._recent.popitem(last=False)
        for follower in self._followers.get(id_, ()):
            follower.hear(standing)

    def _close(self) -> None:
        for followers in self._followers.values():
            for follower in followers:
                follower.leave_off()

    async def _look_on(self) -> None:
        """Look up what others solve, as long as somebody follows anything."""
        while self._followers and not self._has_stopped:
            await asyncio.sleep(LOOK_SECONDS)
            if ids := [id_ for id_ in self._followers if id_ not in self._solved_here]:
                await self._look_up(ids)
        self._looking = None

    async def _look_up(self, ids: list[str]) -> None:
        try:
            found = await run_in_threadpool(self._standings, ids)
        except DatabaseError as away:
            if not self._condition.note(away):
                logger.exception("searches could not be looked up")
            return
        for id_ in ids:
            if id_ in found:
                self._pass_on(id_, found[id_])
            else:
                for follower in self._followers.get(id_, ()):
                    follower.leave_off()

    def _standings(self, ids: list[str]) -> dict[str, Standing]:
        with self._database.read() as session:
            return searches.standings(session, ids)
