"""Followers of searches: what they hear, and what that costs the database."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from app.db import searches
from app.db.engine import Database
from app.db.searches import Standing
from app.services import watch
from app.services.condition import Condition
from app.services.stopping import Closing
from app.services.watch import Watch
from tests.factories import queued_search

QUEUED = Standing("queued")
ENDED = Standing("succeeded", "complete", 3)


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.01)


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """What is sent to the database meanwhile."""
    sent: list[str] = []

    def note(_c: Any, _u: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("BEGIN"):
            sent.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


@asynccontextmanager
async def watching(database: Database, closing: Closing | None = None) -> AsyncIterator[Watch]:
    one = Watch(database, Condition(database), closing or Closing())
    yield one
    await one.stop()


def queued(database: Database, number: int) -> list[str]:
    with database.write() as session:
        return [queued_search(session, limit=1 + n).id for n in range(number)]


@pytest.mark.parametrize("number", [1, 30])
def test_one_statement_looks_up_all_that_is_followed(database: Database, number: int) -> None:
    ids = queued(database, number)
    looks = 0

    async def follow() -> None:
        nonlocal looks
        async with watching(database) as one:
            look_up = one._standings

            def counted(ids: list[str]) -> dict[str, Standing]:
                nonlocal looks
                looks += 1
                return look_up(ids)

            one._standings = counted  # type: ignore[method-assign]
            with ExitStack() as stack:
                for id_ in ids * 3:
                    stack.enter_context(one.follow(id_, QUEUED))
                while looks < 4:
                    await asyncio.sleep(0.01)

    with statements(database) as sent:
        asyncio.run(follow())

    assert len(sent) == looks


def test_who_has_gone_is_not_looked_up(database: Database) -> None:
    (id_,) = queued(database, 1)

    async def come_and_go() -> int:
        async with watching(database) as one:
            with one.follow(id_, QUEUED):
                await asyncio.sleep(0.05)
            with statements(database) as sent:
                await asyncio.sleep(0.1)
            return len(sent)

    assert asyncio.run(come_and_go()) <= 1, "a look that was under way may still end"


def test_all_followers_hear_of_an_end_that_another_server_stored(database: Database) -> None:
    (id_,) = queued(database, 1)

    async def follow() -> list[str]:
        async with watching(database) as one:
            with one.follow(id_, QUEUED) as first, one.follow(id_, QUEUED) as second:
                await asyncio.sleep(0)
                with database.write() as session:
                    searches.cancel(session, id_)
                await asyncio.gather(first.end(), second.end())
                return [first.standing.state, second.standing.state]

    assert asyncio.run(follow()) == ["cancelled", "cancelled"]


def test_what_is_solved_here_is_told_without_a_look(database: Database) -> None:
    async def follow() -> tuple[Standing, int]:
        async with watching(database) as one:
            one.begin("x")
            with statements(database) as sent, one.follow("x", QUEUED) as follower:
                await asyncio.sleep(0.05)
                one.end("x", ENDED)
                await follower.end()
            return follower.standing, len(sent)

    assert asyncio.run(follow()) == (ENDED, 0)


def test_who_comes_a_moment_after_the_end_hears_of_it(database: Database) -> None:
    async def follow() -> Standing:
        async with watching(database) as one:
            one.begin("x")
            one.end("x", ENDED)
            await asyncio.sleep(0)
            with one.follow("x", QUEUED) as follower:
                await follower.end()
            return follower.standing

    assert asyncio.run(follow()) == ENDED


def test_nobody_waits_for_a_server_that_stops(database: Database) -> None:
    (id_,) = queued(database, 1)

    async def follow() -> bool:
        closing = Closing()
        async with watching(database, closing) as one:
            with one.follow(id_, QUEUED) as before:
                closing.set()
                await before.end()
                with one.follow(id_, QUEUED) as after:
                    await after.end()
                    return before.is_over and after.is_over

    assert asyncio.run(follow())


def test_nobody_waits_for_what_was_removed(database: Database) -> None:
    async def follow() -> bool:
        async with watching(database) as one:
            with one.follow("none", QUEUED) as follower:
                await follower.end()
                return follower.is_over

    assert asyncio.run(follow())
