"""What the service refuses reaches the user in words, fault by fault."""

from typing import Any

import httpx2
import pytest

from app.client import (
    ConflictError,
    ConnectionFailedError,
    ForbiddenError,
    InvalidError,
    IsobudgetError,
    NotFoundError,
    ProblemError,
    RateLimitedError,
    ServerError,
    UnauthorizedError,
    UnavailableError,
    UnexpectedAnswerError,
)
from app.client import errors as module
from tests.app.client.factories import Script, answer, away, refusal
from tests.app.views import job_view

FAULTS = [
    {"pointer": "#/layers/0/kernel_size", "detail": "kernel 7 does not fit its 5×5 input"},
    {"pointer": "#/approach", "detail": "missing"},
]


def refused(given: httpx2.Response | Exception, **options: Any) -> Any:
    with pytest.raises(IsobudgetError) as caught:
        Script(given).client(**options).job("1")
    return caught.value


def test_every_fault_is_in_the_message_with_its_place() -> None:
    error = refused(refusal(422, "2 faults in the request", FAULTS, X_Request_ID="abc"))

    assert isinstance(error, InvalidError)
    assert str(error).splitlines() == [
        "GET /v1/jobs/1: 422 Refused: 2 faults in the request",
        "  #/layers/0/kernel_size: kernel 7 does not fit its 5×5 input",
        "  #/approach: missing",
    ]
    assert [fault.pointer for fault in error.errors] == ["#/layers/0/kernel_size", "#/approach"]
    assert (error.status, error.title, error.request_id) == (422, "Refused", "abc")


def test_a_message_does_not_grow_with_the_number_of_faults() -> None:
    error = refused(refusal(422, "many", FAULTS * 500))

    assert len(error.errors) == 1_000
    assert len(str(error).splitlines()) == module.SHOWN_FAULTS + 2
    assert str(error).endswith("and 980 more")


def test_faults_that_the_service_did_not_list_are_counted() -> None:
    document = {"title": "Refused", "detail": "many", "errors": FAULTS, "total": 60_000}
    error = refused(answer(document, 422))
    assert error.total == 60_000
    assert str(error).endswith("and 59,998 more")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ProblemError),
        (401, UnauthorizedError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (409, ConflictError),
        (422, InvalidError),
        (429, RateLimitedError),
        (500, ServerError),
        (503, UnavailableError),
        (599, ServerError),
    ],
)
def test_each_status_has_its_exception(status: int, kind: type[ProblemError]) -> None:
    error = refused(refusal(status), retries=0)
    assert type(error) is kind
    assert error.status == status


@pytest.mark.parametrize(
    "content",
    [b"<html>bad gateway</html>", b"[1]", b"\xff", b'{"errors": 1}', b'{"errors": [{"x": 1}]}'],
)
def test_an_error_that_is_no_problem_document_still_has_its_status(content: bytes) -> None:
    error = refused(httpx2.Response(500, content=content))
    assert isinstance(error, ServerError)
    assert "GET /v1/jobs/1: 500 Internal Server Error" in str(error)


def test_a_service_that_does_not_answer_is_named_without_its_password() -> None:
    script = Script(away())
    client = script.client(retries=0)
    with pytest.raises(ConnectionFailedError) as caught:
        client.job("1")
    assert str(caught.value) == "GET /v1/jobs/1: no answer from http://service (refused)"
    assert isinstance(caught.value.__cause__, httpx2.ConnectError)


@pytest.mark.parametrize("content", ["[]", "{", '{"id": 1}', "<html>"])
def test_an_answer_that_is_not_understood_is_told_as_such(content: str) -> None:
    assert isinstance(refused(httpx2.Response(200, text=content)), UnexpectedAnswerError)


def test_what_a_newer_service_adds_to_its_answers_is_ignored() -> None:
    view = job_view(novel=1)
    view["progress"]["novel"] = {"deep": True}
    assert Script(answer(view)).client().job("1").progress.runs_total == 15


def test_a_redirect_is_not_followed() -> None:
    script = Script(httpx2.Response(307, headers={"Location": "http://elsewhere/v1/jobs/1"}))
    with pytest.raises(IsobudgetError):
        script.client().job("1")
    assert script.calls == ["GET /v1/jobs/1"]
