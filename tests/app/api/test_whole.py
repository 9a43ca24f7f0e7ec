"""Approach V over HTTP: what is refused, and how its searches are browsed."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.db.engine import Database
from app.shipped import example
from tests.factories import solved_search

SEARCH = example("digits-search-whole")


def solved(database: Database) -> str:
    with database.write() as session:
        return solved_search(session, **SEARCH).id


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({"find": "all"}, "#/find"),
        ({"scope": "paper"}, "#/scope"),
        ({"widths": {"freeze": ["conv1", "conv9"]}}, "#/widths/freeze/1"),
        ({"widths": {"groups": {"conv9": [1, 2]}}}, "#/widths/groups/conv9"),
        ({"approach": "IV", "find": "all"}, "#/widths"),
    ],
)
def test_what_it_cannot_answer_is_refused_with_the_place(
    sqlite_client: TestClient, asked: dict[str, Any], pointer: str
) -> None:
    answer = sqlite_client.post("/v1/searches", json={**SEARCH, **asked})
    assert answer.status_code == 422
    assert pointer in [fault["pointer"] for fault in answer.json()["errors"]]


def test_its_searches_are_browsed_like_others(client: TestClient, database: Database) -> None:
    id_ = solved(database)

    search = client.get(f"/v1/searches/{id_}").json()
    listed = client.get("/v1/variants?approach=V&min_resolution=6&sort=-params").json()["items"]

    assert (search["outcome"], search["solver"]["proved"]) == ("truncated", True)
    assert search["request"]["widths"]["step"] == 2
    assert search["request"]["find"]["best"] == "closest"
    variants = search["variants"]
    assert {it["id"] for it in variants} == {it["id"] for it in listed}
    assert [*variants[0]["assignment"]] == ["N", "conv1", "conv2", "linear1"]
    assert client.get(f"/v1/variants/{variants[0]['id']}").json() == variants[0]


def test_a_variant_is_a_network_that_can_be_sent_and_is_written_as_pytorch_source(
    sqlite_client: TestClient, sqlite_database: Database
) -> None:
    variant = sqlite_client.get(f"/v1/searches/{solved(sqlite_database)}").json()["variants"][0]

    sent = sqlite_client.post("/v1/architectures", json=variant["architecture"]).json()
    source = sqlite_client.get(f"/v1/variants/{variant['id']}/model.py").text

    assert sent["counts"]["params"] == variant["counts"]["params"]
    assert f"{variant['assignment']['conv1']}" in source
    assert "class Variant(nn.Module)" in source


def test_studies_say_why_they_do_not_take_it(sqlite_client: TestClient) -> None:
    answer = sqlite_client.post(
        "/v1/studies", json={**example("digits-study"), "approaches": ["V"], "primary": None}
    )
    assert answer.status_code == 422
    (fault,) = [it for it in answer.json()["errors"] if it["pointer"] == "#/approaches/0"]
    assert "draws variants uniformly from all" in fault["detail"]
