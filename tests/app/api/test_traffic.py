import json
import logging

import pytest
from prometheus_client import CollectorRegistry
from starlette.responses import Response
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from app.api.edge import Edge
from app.api.hosts import Hosts
from app.api.traffic import Traffic
from app.config import Settings
from app.db.engine import Database
from app.logs import JsonFormatter
from app.main import create_app
from tests.app.api.metrics import read
from tests.factories import search_body

REQUESTS = "isobudget_http_requests_total"
SECONDS = "isobudget_http_request_duration_seconds_count"


@pytest.mark.parametrize("given", ["abc-1.2_3", "A" * 64])
def test_a_request_keeps_the_id_that_the_client_gave(sqlite_client: TestClient, given: str) -> None:
    answer = sqlite_client.get("/healthz", headers={"X-Request-ID": given})

    assert answer.headers["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "A" * 65, "a b", 'a"b', "ä".encode(), "a;b"])
def test_an_id_that_does_not_belong_into_logs_is_replaced(
    sqlite_client: TestClient, given: str | bytes
) -> None:
    answer = sqlite_client.get("/healthz", headers=[(b"X-Request-ID", _bytes(given))])

    assert len(answer.headers["X-Request-ID"]) == 32


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def test_every_request_gets_an_id_of_its_own(sqlite_client: TestClient) -> None:
    ids = {sqlite_client.get(path).headers["X-Request-ID"] for path in ("/healthz", "/", "/nope")}

    assert len(ids) == 3


def failing(database: Database) -> TestClient:
    """An application with an endpoint that fails."""
    url = database.url.render_as_string(hide_password=False)
    app = create_app(Settings(database_url=url, solver_processes=0))

    @app.get("/fails")
    def _fails() -> None:
        raise ZeroDivisionError

    return TestClient(app, raise_server_exceptions=False)


def test_a_request_that_fails_has_an_id_in_the_response_and_in_the_log(
    sqlite_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.handler.setFormatter(JsonFormatter())
    with failing(sqlite_database) as client:
        answer = client.get("/fails", headers={"X-Request-ID": "mine"})
        metrics = read(client)

    assert (answer.status_code, answer.headers["X-Request-ID"]) == (500, "mine")
    (line,) = [json.loads(line) for line in caplog.text.splitlines() if "failed" in line]
    assert line["request_id"] == "mine"
    assert "ZeroDivisionError" in line["trace"]
    assert metrics[REQUESTS, ("GET", "/fails", "500")] == 1


class IdsSeen(logging.Handler):
    """The ids that each event had when it was logged, but for the request's; by logger."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: dict[str, dict[str, str]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        line = json.loads(JsonFormatter().format(record))
        found = {name: line[name] for name in ("job_id", "search_id") if name in line}
        self.ids[record.name.removeprefix("seen.")] = found


def ids_seen(path: str, location: str = "") -> dict[str, dict[str, str]]:
    """Those of an event of the application, and of one of the server when it is answered."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        logging.getLogger("seen.app").warning("here")
        await Response(headers={"Location": location} if location else None)(scope, receive, send)

    edge = Edge(app, Traffic(CollectorRegistry()), Hosts())

    async def server(scope: Scope, receive: Receive, send: Send) -> None:
        async def log_and_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                logging.getLogger("seen.server").warning("answered")
            await send(message)

        await edge(scope, receive, log_and_send)

    seen = IdsSeen()
    logging.getLogger("seen").addHandler(seen)
    try:
        TestClient(server).get(path)
    finally:
        logging.getLogger("seen").removeHandler(seen)
    return seen.ids


@pytest.mark.parametrize(
    ("path", "ids"),
    [
        ("/v1/jobs/abc", {"job_id": "abc"}),
        ("/v1/jobs/abc/cancel", {"job_id": "abc"}),
        ("/v1/searches/abc/variants", {"search_id": "abc"}),
        ("/v1/jobs", {}),
        ("/v1/jobs/a%22b", {}),
        ("/v1/jobs/" + "a" * 65, {}),
    ],
)
def test_what_is_logged_of_a_request_names_the_job_or_search_that_it_is_about(
    path: str, ids: dict[str, str]
) -> None:
    assert ids_seen(path) == {"app": ids, "server": ids}


def test_the_server_names_the_job_that_a_request_made() -> None:
    seen = ids_seen("/v1/jobs", location="/v1/jobs/new")

    assert seen == {"app": {}, "server": {"job_id": "new"}}


def test_requests_are_counted_by_route_not_by_path(sqlite_client: TestClient) -> None:
    for number in range(20):
        sqlite_client.get(f"/v1/jobs/{number}")
        sqlite_client.get(f"/nothing/{number}")
        sqlite_client.request(f"METHOD{number}", "/healthz")
    sqlite_client.post("/v1/searches", json=search_body(), headers={"Prefer": "wait=0"})

    metrics = read(sqlite_client)

    assert metrics[REQUESTS, ("GET", "/v1/jobs/{id}", "404")] == 20
    assert metrics[REQUESTS, ("GET", "other", "404")] == 20
    assert metrics[REQUESTS, ("other", "/healthz", "405")] == 20
    assert metrics[REQUESTS, ("POST", "/v1/searches", "202")] == 1
    assert metrics[SECONDS, ("GET", "/v1/jobs/{id}")] == 20


def test_the_time_of_a_request_is_that_of_its_whole_answer(sqlite_client: TestClient) -> None:
    sqlite_client.post("/v1/searches", json=search_body(), headers={"Prefer": "wait=0.3"})

    metrics = read(sqlite_client)

    seconds = metrics["isobudget_http_request_duration_seconds_sum", ("POST", "/v1/searches")]
    assert 0.3 <= seconds < 5


def test_applications_in_one_process_count_their_own_requests(
    sqlite_client: TestClient, sqlite_database: Database
) -> None:
    sqlite_client.get("/healthz")
    with failing(sqlite_database) as other:
        other.get("/healthz")
        other.get("/healthz")

        assert read(other)[REQUESTS, ("GET", "/healthz", "200")] == 2
    assert read(sqlite_client)[REQUESTS, ("GET", "/healthz", "200")] == 1
