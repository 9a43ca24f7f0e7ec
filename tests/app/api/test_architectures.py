from typing import Any

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from app.db.engine import Database
from app.db.models import Base
from app.shipped import example

ARCHITECTURE: dict[str, Any] = example("digits-architecture")


def changed(**changes: Any) -> dict[str, Any]:
    return {**ARCHITECTURE, **changes}


def rows(database: Database) -> int:
    """How many rows there are, but for the secret that a service makes when it starts."""
    stored = [table for table in Base.metadata.tables.values() if table.name != "secrets"]
    with database.read() as session:
        counts = (select(func.count()).select_from(table) for table in stored)
        return sum(session.scalar(query) or 0 for query in counts)


def test_an_architecture_is_stored_once(client: TestClient) -> None:
    first = client.post("/v1/architectures", json=ARCHITECTURE)
    second = client.post("/v1/architectures", json=changed(name="another name"))

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert client.get(first.headers["Location"]).json() == first.json()
    assert client.get("/v1/architectures").json() == {"items": [first.json()], "next": None}


def test_counts_are_those_of_the_equations(client: TestClient) -> None:
    answer = client.post("/v1/architectures", json=ARCHITECTURE).json()

    conv1, conv2 = 16 * 3 * 3, 12 * 3 * 3 * 16
    params = conv1 + conv2 + 12 * 50 + 50 * 10
    macs = 3 * 3 * conv1 + conv2 + 12 * 50 + 50 * 10
    assert answer["counts"] == {
        "params": params,
        "macs": macs,
        "flops": macs,
        "activations": 5 * 5 + 16 * 3 * 3,
    }
    assert answer["layers"][2] == {
        "name": "conv2",
        "type": "conv2d",
        "output": [12, 1, 1],
        "params": conv2,
        "macs": conv2,
        "flops": conv2,
        "receptive_field": 5,
    }


def test_width_groups_are_shown_with_what_keeps_them(client: TestClient) -> None:
    answer = client.post("/v1/architectures", json=ARCHITECTURE).json()

    assert answer["ungrouped"] is None
    conv1, last = answer["groups"][1], answer["groups"][-1]
    assert conv1 == {"name": "conv1", "width": 16, "unit": 1, "layers": ["conv1"], "frozen": None}
    assert last["frozen"] == "the network's output (linear2)"


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        (
            changed(colour="red"),
            "#/colour",
            "unknown key 'colour'; known are name, description, input and layers",
        ),
        (
            changed(input={"channels": 1, "resolution": -5}),
            "#/input/resolution",
            "expected a whole number from 1 to 65,536; this is -5",
        ),
        (
            changed(layers=[{"type": "conv2d", "out_channels": 8, "kernel_size": 7}]),
            "#/layers/0/kernel_size",
            "kernel 7 does not fit its 5×5 input",
        ),
        (
            changed(layers=[{"type": "conv2d", "out_channels": 8, "kernel_size": 3, "size": 3}]),
            "#/layers/0/size",
            "unknown key 'size'; write 'kernel_size'",
        ),
        (
            changed(layers=[{"type": "conv2d", "kernel_size": 3}]),
            "#/layers/0/out_channels",
            "this is missing; it is a whole number from 1 to 1,000,000",
        ),
        ([], "#", "expected an object with 'input' and 'layers'"),
    ],
)
def test_a_bad_architecture_is_refused_with_place_and_reason_and_not_stored(
    sqlite_client: TestClient,
    sqlite_database: Database,
    body: Any,
    pointer: str,
    detail: str,
) -> None:
    answer = sqlite_client.post("/v1/architectures", json=body)

    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["errors"] == [{"pointer": pointer, "detail": detail}]
    assert rows(sqlite_database) == 0


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "Expecting property name enclosed in double quotes"),
        (b"", "this is missing"),
        (b"not json", "Expecting value"),
        (b'{"name": "\xff"}', "it is not UTF-8"),
    ],
)
def test_a_body_that_is_not_json_is_refused_in_words(
    sqlite_client: TestClient, sqlite_database: Database, body: bytes, reason: str
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = sqlite_client.post("/v1/architectures", content=body, headers=headers)

    assert answer.status_code in (400, 422)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert reason in answer.text
    assert rows(sqlite_database) == 0


def test_every_fault_is_listed_at_once(sqlite_client: TestClient) -> None:
    body = {
        "input": {"channels": 1, "resolution": 8},
        "colour": "red",
        "layers": [
            {"type": "conv2d", "out_channels": 8, "kernel_size": 9},
            {"type": "max_pool2d", "kernel_size": 2, "padding": 2},
        ],
    }

    answer = sqlite_client.post("/v1/architectures", json=body).json()

    assert [error["pointer"] for error in answer["errors"]] == [
        "#/colour",
        "#/layers/0/kernel_size",
        "#/layers/1/padding",
    ]


def test_what_was_sent_is_not_echoed(sqlite_client: TestClient) -> None:
    headers = {"Content-Type": "application/json"}
    body = b'{"name": NaN, "secret-key": "\\ud800"}'

    answer = sqlite_client.post("/v1/architectures", content=body, headers=headers)

    assert answer.status_code == 422
    assert "ud800" not in answer.text


def test_counts_beyond_what_json_keeps_exact_are_refused(
    sqlite_client: TestClient, sqlite_database: Database
) -> None:
    layers = [{"type": "conv2d", "out_channels": 1_000_000, "kernel_size": 3, "padding": 1}] * 2
    body = {"input": {"channels": 3, "resolution": 60_000}, "layers": layers}

    answer = sqlite_client.post("/v1/architectures", json=body)

    assert answer.status_code == 422
    assert "2^53" in answer.text
    assert rows(sqlite_database) == 0


def test_pages_follow_one_another_without_gaps(client: TestClient) -> None:
    ids = set()
    for filters in range(1, 8):
        layers = [{"type": "conv2d", "out_channels": filters, "kernel_size": 3}]
        ids.add(client.post("/v1/architectures", json=changed(layers=layers)).json()["id"])

    seen, url = [], "/v1/architectures?limit=3"
    while url:
        page = client.get(url).json()
        seen += [item["id"] for item in page["items"]]
        url = f"/v1/architectures?limit=3&cursor={page['next']}" if page["next"] else ""

    assert len(seen) == 7
    assert set(seen) == ids


@pytest.mark.parametrize("cursor", ["nonsense", "W10", "WzFd", "8J-YgA"])
def test_a_foreign_cursor_is_refused(sqlite_client: TestClient, cursor: str) -> None:
    answer = sqlite_client.get("/v1/architectures", params={"cursor": cursor})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "query/cursor"


def test_an_unknown_id_is_not_found(sqlite_client: TestClient) -> None:
    answer = sqlite_client.get("/v1/architectures/0")

    assert answer.status_code == 404
    assert answer.json()["detail"] == "there is no architecture with this id"


def test_a_body_beyond_the_limit_is_refused(sqlite_client: TestClient) -> None:
    answer = sqlite_client.post("/v1/architectures", json=changed(description="x" * (1 << 21)))

    assert answer.status_code == 413
