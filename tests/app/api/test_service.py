import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.config import Settings
from app.db.engine import Database
from app.db.schema import migrate
from app.main import create_app
from tests.factories import search_body


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]


def body_examples(operation: dict[str, Any]) -> list[Any]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    named = [example["value"] for example in content.get("examples", {}).values()]
    return named or content.get("schema", {}).get("examples", [None])


@pytest.mark.slow
def test_every_call_has_an_example_that_works_as_it_is_sent(solving_client: TestClient) -> None:
    """All of them, in the order of the page, removal last."""
    document = solving_client.get("/openapi.json").json()
    calls = sorted(operations(document), key=lambda call: call[0] == "delete")

    for method, path, operation in calls:
        url, query = path, {}
        for parameter in operation.get("parameters", []):
            example = next(iter(parameter.get("schema", {}).get("examples", [])), None)
            if parameter["in"] == "path":
                url = url.replace("{" + parameter["name"] + "}", str(example))
            elif parameter["in"] == "query" and example is not None:
                query[parameter["name"]] = example
        for body in body_examples(operation):
            if "requestBody" in operation:
                assert body is not None, f"{method} {path} has no example"
            answer = solving_client.request(method, url, json=body, params=query)
            assert answer.is_success, f"{method} {url} {query}: {answer.text}"


def test_every_operation_is_described(sqlite_client: TestClient) -> None:
    for method, path, operation in operations(sqlite_client.get("/openapi.json").json()):
        assert operation.get("description"), f"{method} {path}"


def test_the_pages_of_the_docs_load_nothing_from_elsewhere(sqlite_client: TestClient) -> None:
    page = sqlite_client.get("/docs").text

    assert "swagger-ui-bundle.js" in page
    assert "https://" not in page
    assert "http://" not in page


SENDING = """
import json, sys
from starlette.testclient import TestClient
from app.main import create_app
with TestClient(create_app()) as client:
    for method, path, body in json.loads(sys.stdin.read()):
        answer = client.request(method, path, json=body)
        assert answer.status_code < 400, (path, answer.text)
sys.exit([name for name in ("ortools", "torch", "numpy", "pandas") if name in sys.modules] or None)
"""


@pytest.mark.slow
def test_the_api_loads_neither_ortools_nor_torch(sqlite_database: Database) -> None:
    """Neither when it starts nor when it answers, also not while it solves."""
    search = search_body()
    requests = [
        ("GET", "/readyz", None),
        ("GET", "/openapi.json", None),
        ("GET", "/docs", None),
        ("GET", "/metrics", None),
        ("GET", "/v1/datasets", None),
        ("POST", "/v1/architectures", search["architecture"]),
        ("POST", "/v1/searches", search),
        ("GET", "/v1/variants?sort=-params", None),
    ]
    url = sqlite_database.url.render_as_string(hide_password=False)

    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SENDING],
        input=json.dumps(requests),
        text=True,
        env={**os.environ, "ISOBUDGET_DATABASE_URL": url},
        check=True,
    )


@pytest.mark.slow
def test_a_service_whose_database_is_not_migrated_is_alive_but_not_ready(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.sqlite'}"
    with TestClient(create_app(Settings(database_url=url, solver_processes=0))) as client:
        assert client.get("/healthz").status_code == 200
        before = client.get("/readyz")
        database = Database(url)
        migrate(database)
        database.close()
        after = client.get("/readyz")

    assert before.status_code == 503
    assert "isobudget migrate" in before.json()["detail"]
    assert after.json() == {"status": "ok"}


@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_an_unknown_place_is_a_problem_too(sqlite_client: TestClient, method: str) -> None:
    answer = sqlite_client.request(method, "/v1/nothing")

    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_wrong_method_is_a_problem_too(sqlite_client: TestClient) -> None:
    answer = sqlite_client.put("/v1/searches")

    assert answer.status_code == 405
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_datasets_say_what_is_present(sqlite_client: TestClient) -> None:
    items = {item["name"]: item for item in sqlite_client.get("/v1/datasets").json()["items"]}

    assert list(items) == ["digits", "mnist", "fashion_mnist", "cifar10"]
    assert items["digits"] == {
        "name": "digits",
        "resolution": 8,
        "channels": 1,
        "classes": 10,
        "present": True,
    }
