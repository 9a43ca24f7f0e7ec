"""Requests that nobody sends in good faith: refused in words, alike on both databases."""

import copy
import json
from collections.abc import Iterator
from typing import Any, Final

import pytest
from starlette.testclient import TestClient

from app.api.errors import MOST_BYTES, MOST_LISTED
from app.api.routes import StrictRoute
from app.config import Settings
from app.db.engine import Database
from app.main import create_app
from tests.documents import ARCHITECTURE, JOB, SEARCH
from tests.factories import queued_job

JSON: Final = {"Content-Type": "application/json", "Prefer": "wait=0"}
SECRET: Final = "s3cret/of<mine>"


def operations(client: TestClient) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in client.get("/openapi.json").json()["paths"].items():
        for method, operation in item.items():
            yield method, path, operation


def filled(path: str, id_: str = "none") -> str:
    return path.replace("{id}", id_)


def assert_refused(answer: Any) -> list[dict[str, str]]:
    assert answer.status_code == 422, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    faults: list[dict[str, str]] = answer.json()["errors"]
    return faults


# query strings


def test_every_route_is_strict() -> None:
    included = [getattr(it, "original_router", None) for it in create_app(Settings()).routes]
    routes = [route for router in included if router for route in router.routes]

    assert len(routes) > 20
    assert [route for route in routes if not isinstance(route, StrictRoute)] == []


def test_every_route_refuses_a_parameter_that_it_does_not_know(sqlite_client: TestClient) -> None:
    for method, path, operation in operations(sqlite_client):
        answer = sqlite_client.request(method, filled(path), params={"surprise": "1"})
        (fault,) = assert_refused(answer)
        assert fault["pointer"] == "query/surprise"
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "query":
                assert parameter["name"] in fault["detail"]


def test_every_parameter_is_taken_only_once(sqlite_client: TestClient) -> None:
    asked = 0
    for method, path, operation in operations(sqlite_client):
        for parameter in operation.get("parameters", []):
            if parameter["in"] != "query" or parameter["schema"].get("type") == "array":
                continue
            name, asked = parameter["name"], asked + 1
            answer = sqlite_client.request(method, f"{filled(path)}?{name}=5&{name}=5")
            places = [fault["pointer"] for fault in assert_refused(answer)]
            assert f"query/{name}" in places
    assert asked > 10


TEXTS: Final = ["\0", "a\0b", "\u202e", "💥", "x" * 5_000, "-" * 199, "params," * 28, "'; --"]
NUMBERS: Final = [
    "1_0", " 5", "5 ", "+5", "5.0", "\u0665", "0x5", "1e1", "", "true", "nan", "inf", "-1",
    "2147483648", "9223372036854775808", "9" * 400, "9" * 5_000, "\0", "5\0",
]  # fmt: skip


def test_values_that_a_parameter_cannot_have_are_refused_by_every_route(
    client: TestClient,
) -> None:
    for method, path, operation in operations(client):
        for parameter in operation.get("parameters", []):
            if parameter["in"] != "query":
                continue
            is_number = "integer" in json.dumps(parameter["schema"])
            for value in NUMBERS if is_number else TEXTS:
                if is_number and value == "2147483648" and "resolution" not in parameter["name"]:
                    continue  # a count may be as large
                answer = client.request(method, filled(path), params={parameter["name"]: value})
                if answer.status_code == 404:  # a cursor is looked at after what it is a list of
                    assert "{id}" in path
                    assert parameter["name"] == "cursor"
                    continue
                places = [fault["pointer"] for fault in assert_refused(answer)]
                assert any(it.startswith(f"query/{parameter['name']}") for it in places), value


def test_the_largest_numbers_that_a_parameter_takes_can_be_looked_for(client: TestClient) -> None:
    for name in ("resolution", "params", "flops"):
        most = 2**31 - 1 if name == "resolution" else 2**63 - 1
        for bound in ("min", "max"):
            answer = client.get("/v1/variants", params={f"{bound}_{name}": most})
            assert answer.status_code == 200


@pytest.mark.parametrize("query", ["limit=%ff", "%ff=5", "&".join(["limit=5"] * 101)])
def test_a_query_string_that_cannot_be_read_is_refused(
    sqlite_client: TestClient, query: str
) -> None:
    (fault,) = assert_refused(sqlite_client.get(f"/v1/jobs?{query}"))
    assert fault["pointer"] == "query"


# paths and headers


@pytest.mark.parametrize("id_", ["%00", "a%00", "%ff", "a%0A", "a.b", "x" * 65, "💥", "-" * 65])
def test_an_id_that_nothing_can_have_is_refused(client: TestClient, id_: str) -> None:
    for method, path, operation in operations(client):
        if "{id}" in path:
            answer = client.request(method, filled(path, id_))
            places = [fault["pointer"] for fault in assert_refused(answer)]
            assert "path/id" in places, operation


@pytest.mark.parametrize("id_", ["none", "none-1", "none-999999999", "none-9999999999", "-", "-0"])
def test_an_id_that_nothing_has_is_not_found_and_not_repeated(client: TestClient, id_: str) -> None:
    for method, path, operation in operations(client):
        if "{id}" in path and "requestBody" not in operation:
            answer = client.request(method, filled(path, id_))
            assert answer.status_code == 404
            assert answer.json()["detail"].endswith("with this id")


@pytest.mark.parametrize("key", [b"", b"x" * 201, b"\xff", b"a\x00b", b"a\tb", "💥".encode()])
def test_an_idempotency_key_that_is_no_printable_text_is_refused(
    client: TestClient, key: bytes
) -> None:
    for url, body in (("/v1/searches", SEARCH), ("/v1/jobs", JOB)):
        headers = [(b"Idempotency-Key", key), *((k.encode(), v.encode()) for k, v in JSON.items())]
        answer = client.post(url, content=json.dumps(body), headers=headers)
        (fault,) = assert_refused(answer)
        assert fault["pointer"] == "header/Idempotency-Key"


@pytest.mark.parametrize("prefer", ["wait=", "wait=x", "wait=-1", "wait=1e9", "wait=" + "9" * 300])
def test_a_time_to_wait_that_is_none_is_refused(sqlite_client: TestClient, prefer: str) -> None:
    answer = sqlite_client.post("/v1/searches", json=SEARCH, headers={"Prefer": prefer})
    (fault,) = assert_refused(answer)
    assert fault["pointer"].lower() == "header/prefer"


# bodies


def leaves(document: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of all numbers, flags and texts in a document."""
    if isinstance(document, dict | list):
        items = document.items() if isinstance(document, dict) else enumerate(document)
        for key, inner in items:
            yield from leaves(inner, (*place, key))
    else:
        yield place


def value_at(document: Any, place: tuple[Any, ...]) -> Any:
    for part in place:
        document = document[part]
    return document


def with_value(document: Any, place: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(document)
    value_at(changed, place[:-1])[place[-1]] = value
    return changed


BODIES: Final[dict[str, dict[str, Any]]] = {
    "/v1/architectures": ARCHITECTURE,
    "/v1/searches": {**SEARCH, "tolerance": 0.01},
    "/v1/jobs": {
        **JOB,
        "recipe": {
            "name": "fast", "version": 1, "batch_size": 50, "learning_rate": 0.1, "beta1": 0.9,
            "beta2": 0.99, "eps": 1e-8, "weight_decay": 0.1, "autocast": False, "tf32": False,
        },
    },
}  # fmt: skip
LOOSE: Final[dict[type, list[Any]]] = {
    bool: [1, 0, "yes", "true", "1", 1.0, None],
    int: [True, "5", 5.0, 5.5, 2**31, 2**63, 10**400, None],
    float: [True, "0.5", 10**400, None],
    str: [1.5, True, ["conv1"], "a\0b", "\ud800"],
}
"""What some readers would take for a value of this type, or what a database could not store."""
OPTIONAL: Final = ("name", "epochs", "beta1", "beta2")
"""Fields that ``null`` may leave out."""


@pytest.mark.parametrize("url", list(BODIES))
def test_no_value_of_a_body_is_taken_for_one_of_another_type(
    sqlite_client: TestClient, url: str
) -> None:
    tried = 0
    for place in leaves(BODIES[url]):
        kind = type(value_at(BODIES[url], place))
        for value in LOOSE[kind]:
            if value is None and place[-1] in OPTIONAL:
                continue
            body = json.dumps(with_value(BODIES[url], place, value))
            answer = sqlite_client.post(url, content=body, headers=JSON)
            assert_refused(answer)
            tried += 1
    assert tried > 50


BEYOND: Final = [2**31 - 1, 2**31, 2**53, 2**63 - 1, 2**63, -(2**63), "\x7f", "\U0010ffff", "\n"]


@pytest.mark.parametrize("url", list(BODIES))
def test_what_is_stored_can_be_stored_in_both_databases(
    client: TestClient, database: Database, url: str
) -> None:
    document: dict[str, Any] = copy.deepcopy(BODIES[url])
    if url == "/v1/jobs":
        document["search_id"] = queued_job(database).search_id
        document["recipe"] = {"name": "fast"}
    for place in leaves(document):
        for value in BEYOND:
            body = json.dumps(with_value(document, place, value))
            answer = client.post(url, content=body, headers=JSON)
            assert answer.status_code in (200, 201, 202, 404, 422), (place, value, answer.text)


# answers


def architecture(layers: list[Any]) -> dict[str, Any]:
    return {"input": {"channels": 1, "resolution": 8}, "layers": layers}


CONV: Final = {"type": "conv2d", "out_channels": 1, "kernel_size": 1}
MANY: Final[dict[str, tuple[str, Any, int]]] = {
    "layers": ("/v1/architectures", architecture([{"type": "x"}] * 60_000), 1),
    "types": ("/v1/architectures", architecture([{"type": f"x{n}"} for n in range(4_000)]), 4_000),
    "fields": (
        "/v1/searches",
        {**SEARCH, "architecture": architecture([{**CONV, "stride": 0, "bias": 1}] * 2_000)},
        4_000,
    ),
    "names": ("/v1/architectures", architecture([{**CONV, "name": "a"}] * 3_000), 2_999),
    "inputs": (
        "/v1/architectures",
        architecture([{**CONV, "inputs": [f"no{n}"]} for n in range(1_000)]),
        1_000,
    ),
    "keys": ("/v1/searches", {f"key{n}": 1 for n in range(50_000)}, 1),
    "keys of a layer": (
        "/v1/architectures",
        architecture([{"type": "relu", **{f"k{n}": 1 for n in range(60)}}] * 100),
        6_000,
    ),
    "ids": ("/v1/jobs", {**JOB, "variants": {"ids": ["a b"] * 100_000}}, 1),
    "long key": ("/v1/jobs", {**JOB, "k" * 500_000: 1}, 1),
}


@pytest.mark.parametrize("name", list(MANY))
def test_an_answer_stays_small_however_much_is_wrong(sqlite_client: TestClient, name: str) -> None:
    url, body, least = MANY[name]
    answer = sqlite_client.post(url, content=json.dumps(body), headers=JSON)

    faults = assert_refused(answer)
    problem = answer.json()
    assert len(answer.content) <= MOST_BYTES
    assert 1 <= len(faults) <= MOST_LISTED
    assert problem["total"] >= least
    assert f"{problem['total']:,} fault" in problem["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {**ARCHITECTURE, SECRET: 1},
        {**ARCHITECTURE, SECRET * 1_000: 1},
        {**ARCHITECTURE, "layers": [{"type": SECRET}]},
        {**ARCHITECTURE, "layers": [{"type": "relu", "inputs": [SECRET]}]},
        {**ARCHITECTURE, "layers": [{"type": "relu", "inputs": SECRET}]},
        {**ARCHITECTURE, "layers": [{"type": "relu", "name": SECRET}]},
        {**ARCHITECTURE, "layers": [{"type": "relu", SECRET: SECRET}]},
        {**ARCHITECTURE, "input": SECRET},
        {**SEARCH, "approach": SECRET},
        {**SEARCH, "find": SECRET},
        {**SEARCH, "architecture_id": SECRET},
        {**JOB, "dataset": SECRET},
        {**JOB, "dataset": f"folder:{SECRET}"},
        {**JOB, "recipe": {SECRET: SECRET}},
        {**JOB, "variants": {"select": SECRET}},
        {**JOB, "variants": {"ids": SECRET}},
        {**JOB, "variants": {"ids": [SECRET]}},
    ],
)
def test_nothing_that_a_body_held_is_repeated(
    sqlite_client: TestClient, body: dict[str, Any]
) -> None:
    for url in BODIES:
        answer = sqlite_client.post(url, content=json.dumps(body), headers=JSON)
        assert "s3cret" not in answer.text


def test_nothing_else_that_was_sent_is_repeated(client: TestClient, database: Database) -> None:
    search_id = queued_job(database).search_id
    secret = "s3cret"
    headers = {**JSON, "Idempotency-Key": secret}
    client.post("/v1/searches", content=json.dumps(SEARCH), headers=headers)
    again = json.dumps({**SEARCH, "limit": 7})

    for answer in (
        client.post("/v1/searches", content=again, headers=headers),
        client.get(f"/v1/searches/{secret}"),
        client.get(f"/v1/nothing/{secret}"),
        client.get(f"/v1/searches/{search_id}/variants", params={"sort": secret}),
        client.get("/v1/variants", params={"sort": secret}),
        client.get("/v1/variants", params={"cursor": secret}),
        client.get("/v1/variants", params={"search_id": f"{secret}."}),
        client.get("/v1/variants", params={f"{secret} {secret}": 1}),
        client.post("/v1/jobs", json={**JOB, "search_id": secret}),
        client.post("/v1/jobs", json={**JOB, "search_id": search_id, "dataset": "folder:s3cret"}),
        client.post(
            "/v1/jobs", json={**JOB, "search_id": search_id, "variants": {"ids": [f"{secret}-1"]}}
        ),
    ):
        assert answer.status_code in (404, 422)
        assert secret not in answer.text
