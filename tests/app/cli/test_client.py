from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from app.cli import client as module
from app.cli.client import Client, ServiceError

Handler = Callable[[httpx2.Request], httpx2.Response]


def talking_to(handler: Handler, check: Callable[[], None] = lambda: None) -> Client:
    return Client("http://service", check, httpx2.MockTransport(handler))


def refuse(_: httpx2.Request) -> httpx2.Response:
    raise httpx2.ConnectError("refused")


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.0)


def test_faults_are_put_into_words() -> None:
    faults = [{"pointer": "#/a", "detail": "too small"}, {"pointer": "#/b", "detail": "missing"}]
    problem = httpx2.Response(422, json={"detail": "2 faults", "errors": faults})
    client = talking_to(lambda _: problem)
    with pytest.raises(ServiceError) as refused:
        client.post("/v1/searches", {})
    assert str(refused.value) == "POST /v1/searches: #/a: too small; #/b: missing"


def test_an_error_without_faults_has_its_detail() -> None:
    problem = httpx2.Response(404, json={"detail": "there is none", "errors": []})
    client = talking_to(lambda _: problem)
    with pytest.raises(ServiceError, match="there is none"):
        client.get("/v1/jobs/1")


def test_an_error_that_is_no_problem_document_has_its_status() -> None:
    client = talking_to(lambda _: httpx2.Response(502, text="bad gateway"))
    with pytest.raises(ServiceError, match="HTTP 502"):
        client.get("/v1/jobs/1")


def test_an_api_that_does_not_answer_is_an_error() -> None:
    client = talking_to(refuse)
    with pytest.raises(ServiceError, match="no answer"):
        client.get("/v1/jobs/1")


def test_waiting_follows_a_job_to_its_end() -> None:
    states = iter(["queued", "running", "succeeded", "never seen"])
    client = talking_to(lambda _: httpx2.Response(200, json={"state": next(states)}))
    seen = [view["state"] for view in client.until_ended("/v1/jobs/1")]
    assert seen == ["queued", "running", "succeeded"]


def test_waiting_ends_when_the_check_raises() -> None:
    def check() -> None:
        raise RuntimeError("a child died")

    client = talking_to(lambda _: httpx2.Response(200, json={"state": "running"}), check)
    with pytest.raises(RuntimeError, match="a child died"):
        list(client.until_ended("/v1/jobs/1"))


def test_lists_are_followed_page_by_page() -> None:
    pages: dict[str | None, Any] = {
        None: {"items": [1, 2], "next": "b"},
        "b": {"items": [3], "next": None},
    }

    def page(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json=pages[request.url.params.get("cursor")])

    client = talking_to(page)
    assert list(client.items("/v1/jobs")) == [1, 2, 3]


def test_an_api_that_is_never_ready_is_given_up() -> None:
    client = talking_to(refuse)
    with pytest.raises(ServiceError, match="not ready"):
        client.wait_until_ready(0.0)


def test_an_api_is_waited_for_until_its_database_is_migrated() -> None:
    answers = iter([httpx2.Response(503), httpx2.Response(503), httpx2.Response(200)])
    client = talking_to(lambda _: next(answers))
    client.wait_until_ready(60.0)
    assert next(answers, None) is None
