"""Waits end when what they wait for has ended, and not before."""

import logging
from typing import Any

import pytest
from rich.console import Console

from app.client import JobFailedError, SearchFailedError, UnauthorizedError, WaitTimeoutError
from app.client.flows import LONGEST_LOOK
from app.client.progress import job_bar
from app.schemas.jobs import JobView
from tests.app.client.factories import Script, answer, away, refusal
from tests.app.views import JOB_ID, SEARCH_ID, job_view, search_view


def test_a_job_is_looked_at_until_it_has_ended() -> None:
    states = ("queued", "running", "succeeded", "never seen")
    script = Script(answer(job_view()), *[answer(job_view(state)) for state in states])
    job = script.client().job(JOB_ID).wait()
    assert job.state == "succeeded"
    assert len(script.requests) == 4


def test_a_wait_outlasts_a_service_that_is_away(caplog: pytest.LogCaptureFixture) -> None:
    outage = [away()] * 200
    script = Script(answer(job_view("running")), *outage, refusal(503), answer(job_view()))
    with caplog.at_level(logging.WARNING, "app.client"):
        assert script.client(retries=0).job(JOB_ID).wait().state == "succeeded"
    assert len(caplog.records) == 1
    assert "no answer from http://service" in caplog.text


def test_a_wait_ends_when_the_service_refuses() -> None:
    script = Script(answer(job_view("running")), refusal(401))
    with pytest.raises(UnauthorizedError):
        script.client().job(JOB_ID).wait()


def test_between_looks_it_pauses_as_the_service_asks_and_else_longer_each_time() -> None:
    looks = [answer(job_view("running")) for _ in range(9)]
    script = Script(answer(job_view("queued")), *looks, answer(job_view()))
    script.client().job(JOB_ID).wait()
    assert script.pauses == sorted(script.pauses)
    assert script.pauses[-1] == LONGEST_LOOK

    asked = Script(answer(job_view("running"), Retry_After="3"), answer(job_view()))
    job = asked.client().job(JOB_ID)
    asked._answers.insert(0, answer(job_view("running"), Retry_After="3"))
    job.wait()
    assert asked.pauses == [3.0]


def test_a_timeout_ends_a_wait_whether_the_service_answers_or_not() -> None:
    for script in (
        Script(answer(job_view("running"))),
        Script(answer(job_view("running")), answer(job_view("running")), away()),
    ):
        with pytest.raises((WaitTimeoutError, TimeoutError)):
            script.client().job(JOB_ID).wait(timeout=0.0)


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_a_job_that_did_not_succeed_is_an_error_that_holds_it(state: str) -> None:
    script = Script(answer(job_view(state, error="12 runs failed")))
    with pytest.raises(JobFailedError, match="12 runs failed") as failed:
        script.client().job(JOB_ID).wait()
    assert failed.value.job.state == state
    assert failed.value.job.results.original.accuracy.mean is None


def test_a_search_is_waited_for_and_one_that_fails_is_an_error() -> None:
    running = answer(search_view(state="running", outcome=None))
    script = Script(running, running, answer(search_view()))
    assert script.client().search({}).outcome == "complete"
    assert script.header("Prefer") == ["wait=20", None, None]

    failing = Script(running, answer(search_view(state="failed", error="out of memory")))
    with pytest.raises(SearchFailedError, match="out of memory"):
        failing.client().search({})


def test_an_infeasible_search_is_no_error() -> None:
    explanation = {"blocking": ["equal params"], "nearest": None}
    view = search_view(outcome="infeasible", found=0, explanation=explanation)
    search = Script(answer(view)).client().search({})
    assert search.outcome == "infeasible"
    assert search.explanation is not None
    assert search.explanation.blocking == ["equal params"]


def test_without_waiting_a_search_is_returned_as_it_is_stored() -> None:
    script = Script(answer(search_view(state="queued", outcome=None), 202))
    assert not script.client().search({}, wait=False).has_ended
    assert script.header("Prefer") == ["wait=0"]


def test_training_waits_for_a_search_that_has_not_ended() -> None:
    running = answer(search_view(state="running", outcome=None))
    script = Script(running, answer(search_view()), answer(job_view("queued", done=0), 202))
    client = script.client()
    client.train(client.search({}, wait=False))
    assert script.calls[1:] == [f"GET /v1/searches/{SEARCH_ID}", "POST /v1/jobs"]


def test_a_function_is_shown_the_job_at_every_look() -> None:
    script = Script(*[answer(job_view("running", done)) for done in (0, 0, 5)], answer(job_view()))
    seen: list[JobView] = []
    script.client().job(JOB_ID).wait(progress=seen.append)
    assert [job.progress.runs_done for job in seen] == [0, 5, 15]


def test_a_bar_shows_how_many_runs_there_are_and_how_far_they_are() -> None:
    console = Console(record=True, width=80, force_terminal=True)
    with job_bar(console) as show:
        show(JobView.model_validate(job_view("running", done=3)))
    assert "training 15 runs" in console.export_text()


def test_the_bar_is_no_part_of_the_output(capsys: pytest.CaptureFixture[str]) -> None:
    Script(answer(job_view())).client().job(JOB_ID).wait(progress=True)
    said: Any = capsys.readouterr()
    assert said.out == ""
    assert "training 15 runs" in said.err


def test_a_service_is_waited_for_until_it_is_ready() -> None:
    script = Script(away(), refusal(503), answer({"status": "ok"}))
    script.client().wait_until_ready(60.0)
    assert script.calls == ["GET /readyz"] * 3


def test_a_service_that_is_never_ready_is_given_up() -> None:
    script = Script(refusal(503, "the schema is not current"))
    with pytest.raises(Exception, match="the schema is not current"):
        script.client().wait_until_ready(-1.0)


def test_a_search_says_whether_it_was_solved_before_also_when_it_had_to_be_waited_for() -> None:
    asked = search_view(state="running", outcome=None, reused=True)
    script = Script(answer(asked, 202), answer(search_view()))
    assert script.client().search({}).reused
    assert not Script(answer(search_view())).client().search({}).reused
