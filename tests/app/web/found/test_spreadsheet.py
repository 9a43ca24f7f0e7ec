"""The table of a search's variants as CSV."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from app.db.engine import Database
from app.web.found import spreadsheet
from tests.app.web.tables import linked_rows, rows
from tests.factories import queued_search, solved_search

NONE: dict[str, Any] = {"approach": "III", "budget": "flops", "ranges": {"resolution": [6, 7]}}
"""A search that finds nothing."""


def test_all_pages_that_pass_the_filter_are_there_in_the_order_of_the_page(
    sqlite_client: TestClient, search_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreadsheet, "ROWS_AT_ONCE", 100)
    page = f"/searches/{search_id}?by1=resolution&from1=7&to1=7&sort=-flops&start=50&chosen=3"

    found = linked_rows(sqlite_client, page, "variants")

    whole = rows(sqlite_client, f"/v1/searches/{search_id}/variants.csv")
    passing = {row["id"]: row for row in whole if row["resolution"] == "7"}
    assert len(passing) > 300
    assert len(found) == len(passing)
    flops = [int(row["flops"]) for row in found]
    assert flops == sorted(flops, reverse=True)
    for row in found:
        own = passing[row["id"]]
        assert (row["K1'"], row["params"], row["coverage"]) == (
            own["K1"],
            own["params"],
            own["coverage"],
        )
        assert row["accuracy"] == ""


def test_the_columns_are_those_that_a_reader_has_chosen(
    sqlite_client: TestClient, search_id: str
) -> None:
    first = linked_rows(sqlite_client, f"/searches/{search_id}?columns=K1'", "variants")[0]

    assert [name for name in first if name.endswith("'")] == ["K1'"]


def test_filters_that_make_no_sense_are_refused_before_a_table_is_sent(
    sqlite_client: TestClient, search_id: str
) -> None:
    for query, words in (
        ("by1=flops&from1=many", "many is no number"),
        ("sort=nothing", "there is no column nothing"),
    ):
        answer = sqlite_client.get(f"/searches/{search_id}/variants.csv?{query}")

        assert answer.status_code == 422
        assert words in answer.text


def test_a_search_without_variants_has_no_rows(client: TestClient, database: Database) -> None:
    with database.write() as session:
        none = solved_search(session, **NONE).id
        going = queued_search(session).id

    for id_ in (none, going):
        assert rows(client, f"/searches/{id_}/variants.csv") == []


def test_what_comes_nearest_is_a_table(
    sqlite_client: TestClient, sqlite_database: Database
) -> None:
    with sqlite_database.write() as session:
        id_ = solved_search(session, **NONE).id
    explanation = sqlite_client.get(f"/v1/searches/{id_}").json()["explanation"]

    found = linked_rows(sqlite_client, f"/searches/{id_}", "nearest")

    assert [row["network"] for row in found] == [
        name for name in ("nearest", "below", "above") if explanation[name]
    ]
    for row in found:
        near = explanation[row["network"]]
        assert (row["flops"], row["delta_flops"]) == (
            f"{near['counts']['flops']}",
            f"{near['delta']['flops']}",
        )


def test_a_search_that_needs_no_explanation_has_nothing_that_comes_nearest(
    sqlite_client: TestClient, search_id: str
) -> None:
    assert rows(sqlite_client, f"/searches/{search_id}/nearest.csv") == []
