"""What is looked up again and again, as a stream; the clock of these tests goes by looks."""

import asyncio
from collections.abc import Iterable

import pytest
from fastapi.sse import ServerSentEvent

from app.services import polling
from app.services.polling import KEEP_ALIVE_SECONDS, Look, polled
from app.services.stopping import Closing

SILENT = Look([], is_complete=True, is_over=False)
NEWS = Look([ServerSentEvent(event="news")], is_complete=True, is_over=False)
PART = Look([ServerSentEvent(event="part")], is_complete=False, is_over=False)
END = Look([ServerSentEvent(event="end")], is_complete=True, is_over=True)


class Clock:
    """Stands for the module ``time``: a look takes half of the time to a keep-alive."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


def told(
    monkeypatch: pytest.MonkeyPatch, looks: Iterable[Look | None], closing: Closing | None = None
) -> list[str | None]:
    """The names and comments of the events that looks become."""
    clock, left = Clock(), iter(looks)
    monkeypatch.setattr(polling, "time", clock)
    monkeypatch.setattr(polling, "POLL_SECONDS", 0.0)

    def look() -> Look | None:
        clock.now += KEEP_ALIVE_SECONDS / 2
        return next(left)

    async def listen() -> list[str | None]:
        return [it.event or it.comment async for it in polled(look, closing or Closing())]

    return asyncio.run(listen())


def test_a_silent_stream_is_kept_alive_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, [*[SILENT] * 5, END]) == ["keep-alive", "keep-alive", "end"]


def test_what_is_told_keeps_a_stream_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    found = told(monkeypatch, [SILENT, NEWS, SILENT, SILENT, END])
    assert found == ["news", "keep-alive", "end"]


def test_nothing_comes_between_the_parts_of_one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, [PART, PART, PART, END]) == ["part", "part", "part", "end"]


def test_what_is_gone_has_no_more_events(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, [NEWS, None, END]) == ["news"]


def test_a_server_that_stops_looks_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    closing = Closing()
    closing.set()
    assert told(monkeypatch, [END], closing) == []
