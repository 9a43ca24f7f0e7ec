"""Events come one by one, each once, though the stream breaks off or does not get through."""

from collections.abc import Iterator

import httpx2
import pytest

from app.client import EventsUnavailableError, Job, NotFoundError, Search
from app.client.flows import SILENT_STREAMS
from app.schemas.events import EndEvent, RunEvent
from tests.app.client.factories import (
    EVENTS,
    Answer,
    Script,
    answer,
    away,
    end_event,
    event,
    page,
    refusal,
    run_event,
    stream,
)
from tests.app.views import JOB_ID, SEARCH_ID, job_view, run_view, search_view


def following(*answers: Answer) -> tuple[Job, Script]:
    script = Script(answer(job_view("running", done=0)), *answers)
    return script.client().job(JOB_ID), script


def seeds(job: Job) -> list[int]:
    return [run.seed for run in job.follow()]


def test_each_run_is_told_as_it_ends_and_then_the_job_is_up_to_date() -> None:
    job, script = following(
        stream(run_event(0, "1"), run_event(1, "2"), end_event("3")), answer(job_view())
    )
    assert seeds(job) == [0, 1]
    assert job.state == "succeeded"
    assert script.calls[1:] == [EVENTS, f"GET /v1/jobs/{JOB_ID}"]


def test_a_stream_that_breaks_off_goes_on_behind_the_last_event() -> None:
    job, script = following(
        stream(run_event(0, "1"), breaks=True),
        away(),
        refusal(503, Retry_After="4"),
        stream(run_event(1, "2")),
        stream(end_event("3")),
        answer(job_view()),
    )
    assert seeds(job) == [0, 1]
    assert script.header("Last-Event-ID")[1:6] == [None, "1", "1", "1", "2"]
    assert script.pauses[2] == 4.0


def test_one_who_has_had_the_end_is_told_nothing_more() -> None:
    job, _ = following(
        stream(run_event(0, "1"), breaks=True), httpx2.Response(204), answer(job_view())
    )
    assert seeds(job) == [0]


def test_the_service_may_say_when_to_come_again() -> None:
    again = stream("retry: 1500\n" + run_event(0, "1"), run_event(1, "2"))
    job, script = following(again, away(), stream(end_event("3")), answer(job_view()))
    assert seeds(job) == [0, 1]
    assert script.pauses == [1.5, 1.5]


@pytest.mark.parametrize(
    "unavailable",
    [[httpx2.Response(200, text="<html>")], [refusal(405)], [stream()] * SILENT_STREAMS],
)
def test_where_no_events_get_through_the_runs_are_looked_at(unavailable: list[Answer]) -> None:
    first, second = run_view(seed=0), run_view(seed=1)
    job, _ = following(
        *unavailable,
        answer(job_view("running")),
        page([first, run_view(seed=1, state="running")]),
        answer(job_view()),
        page([first, second]),
        answer(job_view()),
    )
    runs = list(job.follow())
    assert [run.seed for run in runs] == [0, 1]
    assert all(isinstance(run, RunEvent) for run in runs)


def test_a_run_that_an_event_told_is_not_told_again_by_looking() -> None:
    told = run_event(0, "1").replace("run-original-0", run_view()["id"])
    job, _ = following(
        stream(told),
        *[stream()] * SILENT_STREAMS,
        answer(job_view()),
        page([run_view(seed=0), run_view(seed=1)]),
        answer(job_view()),
    )
    assert seeds(job) == [0, 1]


def test_a_job_that_is_gone_is_not_followed_for_ever() -> None:
    job, _ = following(refusal(404))
    with pytest.raises(NotFoundError):
        seeds(job)


def test_all_events_are_typed_and_unknown_ones_are_left_out() -> None:
    job, _ = following(stream(run_event(0, "1"), event("novel", {}, "2"), end_event("3")))
    assert [type(it) for it in job.events()] == [RunEvent, EndEvent]


def test_events_that_do_not_get_through_are_an_error_where_they_were_asked_for() -> None:
    job, _ = following(refusal(406))
    with pytest.raises(EventsUnavailableError):
        list(job.events())


def test_one_who_has_seen_enough_closes_the_stream() -> None:
    closed = []

    class Endless(httpx2.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            while True:
                yield run_event(0, "1").encode()

        def close(self) -> None:
            closed.append(True)

    kind = {"Content-Type": "text/event-stream"}
    job, _ = following(httpx2.Response(200, headers=kind, stream=Endless()))
    for _run in job.follow():
        break
    assert closed == [True]


def progress_event(found: int, id_: str) -> str:
    data = {"state": "running", "found": found, "best": 0.5, "bound": 0.1, "elapsed": 1.0}
    return event("progress", data, id_)


def followed_search(*answers: Answer) -> tuple[Search, Script]:
    script = Script(answer(search_view(state="running", outcome=None, found=0)), *answers)
    return script.client().get_search(SEARCH_ID), script


def test_a_search_tells_how_it_goes_though_its_stream_breaks_off() -> None:
    end = event(
        "end", {"state": "succeeded", "outcome": "complete", "found": 9, "error": None}, "3"
    )
    search, script = followed_search(
        stream(progress_event(3, "1"), breaks=True),
        stream(progress_event(7, "2"), end),
        answer(search_view()),
    )
    assert [(it.found, it.best) for it in search.follow()] == [(3, 0.5), (7, 0.5)]
    assert search.outcome == "complete"
    assert script.header("Last-Event-ID")[1:3] == [None, "1"]


def test_where_no_events_get_through_the_search_is_looked_at() -> None:
    running = answer(search_view(state="running", outcome=None, found=3))
    search, _ = followed_search(refusal(405), running, answer(search_view()))
    assert [it.found for it in search.follow()] == [3, 1556]
    assert search.outcome == "complete"
