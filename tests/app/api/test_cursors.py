"""Cursors: only what a page of a list answered with is taken, and only by this list."""

import base64
import json
from collections.abc import Mapping
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete
from starlette.testclient import TestClient

from app.db.engine import Database
from app.db.models import SecretRow
from tests.app.api.conftest import serving
from tests.factories import original, queued_job, search_body, solved_search


def encoded(content: Any) -> str:
    """A cursor as they were before they were signed."""
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


@pytest.fixture
def lists(client: TestClient, database: Database) -> Mapping[str, Mapping[str, Any]]:
    """Every list, sorted and filtered in several ways, by its URL: its parameters."""
    job = queued_job(database)
    queued_job(database, tag="mnist")
    client.post("/v1/searches", json=search_body(limit=3), headers={"Prefer": "wait=0"})
    small = {**original().model_dump(mode="json"), "layers": [{"type": "flatten"}]}
    assert client.post("/v1/architectures", json=small).status_code == 201
    runs, variants = f"/v1/jobs/{job.id}/runs", f"/v1/searches/{job.search_id}/variants"
    return {
        "/v1/architectures": {},
        "/v1/searches": {},
        "/v1/jobs": {},
        runs: {},
        variants: {},
        f"{variants}?by=params": {"sort": "params"},
        f"{variants}?by=-params": {"sort": "-params"},
        f"{variants}?by=coverage": {"sort": "coverage"},
        f"{variants}?by=-coverage,params": {"sort": "-coverage,params"},
        "/v1/variants": {},
        "/v1/variants?by=params": {"sort": "params"},
        "/v1/variants?of": {"search_id": job.search_id},
        "/v1/variants?from": {"min_resolution": 7},
        "/v1/variants?for": {"approach": "IV"},
    }


def ask(client: TestClient, url: str, params: Mapping[str, Any], cursor: str | None) -> Any:
    asked = {**params, "limit": 1, **({} if cursor is None else {"cursor": cursor})}
    return client.get(url.partition("?")[0], params=asked)


def test_a_cursor_goes_on_in_its_own_list_and_is_refused_by_all_others(
    client: TestClient, lists: Mapping[str, Mapping[str, Any]]
) -> None:
    for url, params in lists.items():
        first = ask(client, url, params, None).json()
        assert first["next"], url
        assert len(first["next"]) <= 500
        for other, others_params in lists.items():
            answer = ask(client, other, others_params, first["next"])
            if other == url:
                assert answer.status_code == 200
                assert answer.json()["items"] != first["items"]
            else:
                assert answer.status_code == 422, (url, other)
                (fault,) = answer.json()["errors"]
                assert fault["pointer"] == "query/cursor"


def test_a_search_answers_the_cursor_of_its_second_page_of_variants(
    client: TestClient, database: Database
) -> None:
    with database.write() as session:
        id_ = solved_search(session).id
    search = client.get(f"/v1/searches/{id_}").json()
    assert search["found"] > len(search["variants"]) == 50

    rest = client.get(f"/v1/searches/{id_}/variants", params={"cursor": search["next"]}).json()

    whole = client.get(f"/v1/searches/{id_}/variants", params={"limit": 100}).json()
    assert search["variants"] + rest["items"] == whole["items"]


FORGED: Final = [
    "", "x", "=", "%00", "\0", "W10", encoded(["x", "y"]), encoded(None), encoded({}), encoded([]),
    encoded([None, 0]), encoded([True]), encoded([2**63]), encoded([-1]), encoded(["\ud800", "a"]),
    encoded([{"at": "2026-01-01T00:00:00"}, "a"]), encoded([{"at": 1}, "a"]), encoded([[[]]]),
    encoded([0.5, "a", 1]), encoded(["\0", "a"]), "A" * 500, "é" * 10, "💥",
]  # fmt: skip


def test_a_cursor_that_nobody_was_given_is_refused_in_one_sentence_by_every_list(
    client: TestClient, lists: Mapping[str, Mapping[str, Any]]
) -> None:
    for url, params in lists.items():
        for cursor in FORGED:
            answer = ask(client, url, params, cursor)
            assert answer.status_code == 422, (url, cursor)
            (fault,) = answer.json()["errors"]
            assert fault["pointer"] == "query/cursor"


@settings(
    deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(place=st.integers(0, 200), letter=st.sampled_from("AZaz09-_=. "), cut=st.booleans())
@example(place=200, letter="=", cut=False)
def test_a_cursor_that_was_changed_in_any_place_is_refused(
    sqlite_client: TestClient,
    sqlite_database: Database,
    place: int,
    letter: str,
    cut: bool,
) -> None:
    if not sqlite_client.get("/v1/jobs").json()["items"]:
        queued_job(sqlite_database)
        queued_job(sqlite_database, tag="mnist")
    cursor = sqlite_client.get("/v1/jobs", params={"limit": 1}).json()["next"]
    changed = cursor[:place] if cut else cursor[:place] + letter + cursor[place + 1 :]

    status = sqlite_client.get("/v1/jobs", params={"cursor": changed}).status_code

    assert status == (200 if changed == cursor else 422)


def test_all_servers_on_one_database_take_each_others_cursors(
    client: TestClient, database: Database
) -> None:
    for tag in ("digits", "mnist"):
        queued_job(database, tag=tag)
    cursor = client.get("/v1/jobs", params={"limit": 1}).json()["next"]

    with serving(database, 0) as other:
        assert other.get("/v1/jobs", params={"cursor": cursor}).status_code == 200


def test_a_database_that_lost_its_secret_gets_a_new_one(database: Database) -> None:
    for tag in ("digits", "mnist"):
        queued_job(database, tag=tag)
    with serving(database, 0) as first:
        old = first.get("/v1/jobs", params={"limit": 1}).json()["next"]
    with database.write() as session:
        session.execute(delete(SecretRow))

    with serving(database, 0) as second:
        assert second.get("/v1/jobs", params={"cursor": old}).status_code == 422
        new = second.get("/v1/jobs", params={"limit": 1}).json()["next"]
        assert second.get("/v1/jobs", params={"cursor": new}).status_code == 200
