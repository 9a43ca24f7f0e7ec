"""What every request and every answer goes through."""

from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from starlette.testclient import TestClient

from app.config import Settings
from app.db.engine import Database
from app.main import create_app
from tests.app.api.conftest import serving
from tests.factories import queued_job

JSON = "application/json"
PROBLEM = "application/problem+json"


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:8000", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:80", "localhost."],
)
def test_loopback_names_are_answered(sqlite_client: TestClient, host: str) -> None:
    assert sqlite_client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "localhost.evil.example",
        "[::2]",
        "10.0.0.1",
        "notlocalhost",
    ],
)
def test_another_host_is_refused_with_the_setting_that_allows_it(
    sqlite_client: TestClient, host: str
) -> None:
    answer = sqlite_client.get("/healthz", headers={"Host": host})

    assert answer.status_code == 421
    assert answer.headers["Content-Type"] == PROBLEM
    assert "ISOBUDGET_ALLOWED_HOSTS" in answer.json()["detail"]
    assert host not in answer.text


@pytest.mark.parametrize(
    "host", ["", "a@localhost", "localhost/", "localhost:x", "localhost:", "[::1", "a b", "a" * 300]
)
def test_a_malformed_host_is_refused(sqlite_client: TestClient, host: str) -> None:
    answer = sqlite_client.get("/healthz", headers={"Host": host})

    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == PROBLEM


@pytest.mark.parametrize(
    ("allowed", "host", "status"),
    [
        ("api.example", "api.example:8000", 200),
        ("api.example, b.example", "B.example", 200),
        ("api.example", "x.api.example", 421),
        ("*.example", "a.b.example", 200),
        ("*.example", "example", 421),
        ("*.example", "badexample", 421),
        ("*", "anything", 200),
        ("fe80::1", "[fe80::1]:80", 200),
        ("api.example", "localhost", 200),
    ],
)
def test_hosts_are_those_of_the_setting(
    sqlite_database: Database,
    monkeypatch: pytest.MonkeyPatch,
    allowed: str,
    host: str,
    status: int,
) -> None:
    monkeypatch.setenv("ISOBUDGET_ALLOWED_HOSTS", allowed)
    with serving(sqlite_database, 0) as client:
        assert client.get("/healthz", headers={"Host": host}).status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "application/json"}, 422),
        ({"Content-Type": 'Application/JSON; charset="UTF-8"'}, 422),
        ({"Content-Type": "application/merge-patch+json; charset=utf8; a=b"}, 422),
        ({"Content-Type": "application/json", "Content-Encoding": "identity"}, 422),
        ({}, 415),
        ({"Content-Type": ""}, 415),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "text/json"}, 415),
        ({"Content-Type": "application/jsonx"}, 415),
        ({"Content-Type": "application/json, text/plain"}, 415),
        ({"Content-Type": "multipart/form-data; boundary=a"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "application/json; charset=latin-1"}, 415),
        ({"Content-Type": "application/json; charset=utf-16"}, 415),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, 415),
    ],
)
def test_a_body_is_json_in_utf_8_and_not_compressed(
    sqlite_client: TestClient, headers: dict[str, str], status: int
) -> None:
    answer = sqlite_client.post("/v1/searches", content=b"[]", headers=headers)

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == PROBLEM
    if status == 415:
        assert "Accept" in answer.headers or "Accept-Encoding" in answer.headers


def test_a_content_type_that_is_given_twice_is_refused(sqlite_client: TestClient) -> None:
    headers = [("Content-Type", JSON), ("Content-Type", "text/plain")]
    answer = sqlite_client.post("/v1/searches", content=b"{}", headers=headers)

    assert answer.status_code == 415


def test_a_post_without_a_body_needs_no_content_type(sqlite_client: TestClient) -> None:
    assert sqlite_client.post("/v1/jobs/none/cancel").status_code == 404


def refused(client: TestClient, path: str = "/v1/searches", **options: Any) -> str:
    answer = client.post(path, headers={"Content-Type": JSON}, **options)
    assert answer.status_code == 413
    assert answer.headers["Content-Type"] == PROBLEM
    assert answer.headers["Connection"] == "close"
    detail: str = answer.json()["detail"]
    return detail


def test_a_body_that_is_too_large_is_refused_with_and_without_its_length(
    sqlite_client: TestClient,
) -> None:
    with_length = refused(sqlite_client, content=b" " * 2_000_000)
    without = refused(sqlite_client, content=iter([b" " * 100_000] * 20))

    assert with_length == without == "a body has at most 1,048,576 bytes"


EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("GET", "/metrics"),
        ("GET", "/"),
        ("GET", "/docs"),
        ("GET", "/redoc"),
        ("GET", "/openapi.json"),
        ("GET", "/static-offline-docs/swagger-ui.css"),
        ("GET", "/v1/searches"),
        ("GET", "/v1/searches/none"),
        ("GET", "/nowhere"),
        ("PUT", "/v1/searches"),
        ("POST", "/v1/searches"),
    ],
)
def test_every_answer_protects_browsers(sqlite_client: TestClient, method: str, path: str) -> None:
    answer = sqlite_client.request(method, path, follow_redirects=False)

    assert {name: answer.headers.get(name) for name in EVERYWHERE} == EVERYWHERE
    assert "camera=()" in answer.headers["Permissions-Policy"]
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert "'unsafe-inline'" not in policy.replace("style-src 'self' 'unsafe-inline'", "")
    assert answer.headers["Cache-Control"] in ("no-store", "private, no-cache")
    assert len(answer.headers.get_list("X-Request-ID")) == 1
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_the_answer_to_a_failure_of_the_server_protects_browsers_too(
    sqlite_database: Database,
) -> None:
    url = sqlite_database.url.render_as_string(hide_password=False)
    app = create_app(Settings(database_url=url, solver_processes=0))

    @app.get("/fails")
    def _fails() -> None:
        raise ZeroDivisionError

    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/fails")

    assert answer.status_code == 500
    assert {name: answer.headers.get(name) for name in EVERYWHERE} == EVERYWHERE


@pytest.mark.parametrize("given", [["a", "b"], ["a", "a"], ["ä"], ["a" * 65], ["a\tb"]])
def test_request_ids_that_cannot_be_taken_over_are_replaced(
    sqlite_client: TestClient, given: list[str]
) -> None:
    headers = [(b"X-Request-ID", id_.encode("latin-1")) for id_ in given]
    answer = sqlite_client.get("/healthz", headers=headers)

    (id_,) = answer.headers.get_list("X-Request-ID")
    assert len(id_) == 32
    assert id_ not in given


@pytest.mark.parametrize("path", ["/v1/searches/", "/healthz/", "/docs/", "/v1/jobs/x/"])
def test_a_path_with_a_slash_too_many_is_not_found(sqlite_client: TestClient, path: str) -> None:
    answer = sqlite_client.get(path, headers={"Host": "localhost"}, follow_redirects=False)

    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == PROBLEM


def paths_and_methods() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for context in iter_route_contexts(create_app().router.routes):
        if context.methods and context.path:
            found.setdefault(context.path, set()).update(context.methods)
    return found


@pytest.mark.parametrize("method", ["PATCH", "PUT", "TRACE", "BREW"])
def test_allow_names_all_methods_of_every_path(sqlite_client: TestClient, method: str) -> None:
    for path, methods in paths_and_methods().items():
        answer = sqlite_client.request(method, path.replace("{id}", "x"))
        expected = methods | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())

        assert answer.status_code == 405, path
        assert set(answer.headers["Allow"].split(", ")) == expected, path
        assert answer.headers["Content-Type"] == PROBLEM


def test_options_tells_the_methods_of_every_path(sqlite_client: TestClient) -> None:
    for path, methods in paths_and_methods().items():
        answer = sqlite_client.options(path.replace("{id}", "x"))

        assert answer.status_code == 204, path
        assert methods <= set(answer.headers["Allow"].split(", "))


def test_files_have_methods_too(sqlite_client: TestClient) -> None:
    answer = sqlite_client.post("/static-offline-docs/favicon.png")

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    "path", ["/healthz", "/metrics", "/docs", "/openapi.json", "/v1/searches", "/v1/searches/none"]
)
def test_head_is_answered_as_get_without_its_body(sqlite_client: TestClient, path: str) -> None:
    got, head = sqlite_client.get(path), sqlite_client.head(path)

    assert head.status_code == got.status_code
    assert head.content == b""
    assert head.headers["Content-Type"] == got.headers["Content-Type"]


def test_head_of_a_stream_of_events_ends(
    sqlite_client: TestClient, sqlite_database: Database
) -> None:
    job = queued_job(sqlite_database)

    answer = sqlite_client.head(f"/v1/jobs/{job.id}/events")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/event-stream")


def test_no_other_origin_may_read_answers_unless_the_setting_says_so(
    sqlite_database: Database,
) -> None:
    origin = {"Origin": "https://page.example"}
    with serving(sqlite_database, 0, cors_origins=("https://page.example",)) as client:
        allowed = client.get("/v1/searches", headers=origin)
        preflight = client.options(
            "/v1/searches",
            headers={
                **origin,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "Content-Type, Authorization",
            },
        )
        other = client.get("/v1/searches", headers={"Origin": "https://evil.example"})

    assert allowed.headers["Access-Control-Allow-Origin"] == "https://page.example"
    assert "X-Request-ID" in allowed.headers["Access-Control-Expose-Headers"]
    assert preflight.status_code == 200
    assert "Access-Control-Allow-Origin" not in other.headers
