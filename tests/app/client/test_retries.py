"""What is tried again, when, and how often."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2
import pytest

from app.client import Client, ConnectionFailedError, RateLimitedError, UnavailableError
from app.client.patience import LONGEST_PAUSE, pause_before
from tests.app.client.factories import Answer, Script, answer, away, lost, refusal
from tests.app.views import JOB_ID, SEARCH_ID, job_view, search_view


@pytest.mark.parametrize("failure", [away(), lost(), refusal(429), refusal(502), refusal(504)])
def test_a_read_is_tried_again_until_it_succeeds(failure: Answer) -> None:
    script = Script(failure, failure, answer(job_view()))
    assert script.client().job(JOB_ID).state == "succeeded"
    assert script.calls == [f"GET /v1/jobs/{JOB_ID}"] * 3
    assert len(script.pauses) == 2


def test_it_is_given_up_after_the_retries() -> None:
    script = Script(refusal(503))
    with pytest.raises(UnavailableError):
        script.client(retries=3).job(JOB_ID)
    assert len(script.requests) == 4


@pytest.mark.parametrize("status", [400, 404, 409, 422, 500])
def test_what_would_fail_again_is_not_tried_again(status: int) -> None:
    script = Script(refusal(status))
    with pytest.raises(Exception, match=str(status)):
        script.client().job(JOB_ID)
    assert len(script.requests) == 1


def test_the_pause_is_what_the_service_asks_for() -> None:
    script = Script(
        refusal(429, Retry_After="7"), refusal(503, Retry_After="2"), answer(job_view())
    )
    script.client().job(JOB_ID)
    assert script.pauses == [7.0, 2.0]


def test_the_service_may_ask_for_a_date() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    script = Script(refusal(503, Retry_After=date), answer(job_view()))
    script.client().job(JOB_ID)
    assert 0 < script.pauses[0] <= 30


@pytest.mark.parametrize("text", ["soon", "-1", "1e9", "٣", "", "Mon, 99 Foo 2026"])
def test_a_header_that_says_nothing_is_ignored(text: str) -> None:
    failure = httpx2.Response(503, headers=[(b"Retry-After", text.encode())])
    script = Script(failure, answer(job_view()))
    script.client().job(JOB_ID)
    assert 0 < script.pauses[0] <= LONGEST_PAUSE


def test_a_call_does_not_pause_for_an_hour_but_says_for_how_long_it_would_have_to() -> None:
    script = Script(refusal(429, Retry_After="3600"))
    with pytest.raises(RateLimitedError) as refused:
        script.client().job(JOB_ID)
    assert refused.value.retry_after == 3600
    assert script.pauses == []


def test_one_who_may_come_again_at_once_does_not_come_all_the_time() -> None:
    script = Script(*[refusal(503, Retry_After="0")] * 3, answer(job_view("running")))
    script._answers += [answer(job_view("running"), Retry_After="0")] * 3 + [answer(job_view())]
    script.client().job(JOB_ID).wait()
    assert min(script.pauses) >= 0.1


def test_pauses_grow_to_a_bound() -> None:
    pauses = [pause_before(tried, None) for tried in range(2_000)]
    assert pauses[0] <= 0.25
    assert max(pauses) <= LONGEST_PAUSE
    assert min(pauses[10:]) >= LONGEST_PAUSE / 2


MAKES: list[Callable[[Client], object]] = [
    lambda client: client.search({}, wait=False),
    lambda client: client.train(SEARCH_ID),
]


@pytest.mark.parametrize("make", MAKES)
def test_what_is_made_is_made_once_though_it_is_sent_again(
    make: Callable[[Client], object],
) -> None:
    made = answer(search_view(progress={})) if make is MAKES[0] else answer(job_view())
    script = Script(away(), lost(), refusal(503), made)
    make(script.client())
    assert len(set(script.header("Idempotency-Key"))) == 1
    assert len({request.content for request in script.requests}) == 1
    assert script.header("Idempotency-Key")[0]


def test_two_searches_have_two_keys() -> None:
    script = Script(answer(search_view()))
    client = script.client()
    client.search({})
    client.search({})
    client.search({}, idempotency_key="mine")
    first, second, third = script.header("Idempotency-Key")
    assert first != second
    assert third == "mine"


CHANGES: list[Callable[[Client], object]] = [
    lambda client: client.get_search(SEARCH_ID).delete(),
    lambda client: client.job(JOB_ID).retry(),
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("failure", [lost(), refusal(502), refusal(504)])
def test_a_change_that_may_have_been_made_is_not_tried_again(
    change: Callable[[Client], object], failure: Answer
) -> None:
    script = Script(answer(search_view() if change is CHANGES[0] else job_view()), failure)
    with pytest.raises((ConnectionFailedError, UnavailableError)):
        change(script.client())
    assert len(script.requests) == 2


@pytest.mark.parametrize("failure", [away(), refusal(429), refusal(503)])
def test_a_change_that_was_certainly_not_made_is_tried_again(failure: Answer) -> None:
    script = Script(answer(search_view()), failure, httpx2.Response(204))
    script.client().get_search(SEARCH_ID).delete()
    assert script.calls[1:] == [f"DELETE /v1/searches/{SEARCH_ID}"] * 2
