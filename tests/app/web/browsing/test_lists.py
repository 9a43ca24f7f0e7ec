"""Lists say what is stored, and their filters stand in the address."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from app.db import runs, studies
from app.db.engine import Database
from app.db.models import ArchitectureRow, SearchRow
from app.schemas.requests import SearchRequest
from app.services import searches
from tests.factories import original, queued_job, queued_search, search_body, solved_search
from tests.planned_studies import claimed_study, waiting_study
from tests.workers import FakeWorker, entered

HOSTILE = '<script>alert("1")</script>'


def shown(client: TestClient, path: str, **query: Any) -> str:
    answer = client.get(path, params=query or None)
    assert answer.status_code == 200, answer.text
    return answer.text


def linked(page: str, path: str) -> list[str]:
    """The ids in the links of a page's rows to a kind of thing, in their order."""
    return re.findall(rf'<th[^>]*><a href="{path}/([\w-]+)"', page)


def some_searches(database: Database, number: int) -> list[str]:
    """Searches, the newest first."""
    with database.write() as session:
        rows = [queued_search(session, limit=n) for n in range(1, number + 1)]
        for row, age in zip(rows, range(number, 0, -1), strict=True):
            row.created_at -= timedelta(seconds=age)
    return [row.id for row in reversed(rows)]


EMPTY = {
    "/searches": "No search yet",
    "/jobs": "No job yet",
    "/studies": "No study yet",
    "/networks": "No network yet",
    "/variants": "No variant yet",
    "/workers": "No worker seen",
    "/datasets": "digits",
}


def test_empty_lists_say_what_to_do(sqlite_client: TestClient) -> None:
    for path, words in EMPTY.items():
        assert words in shown(sqlite_client, path), path


FILTERED_OUT = {
    "/searches": {"state": "failed"},
    "/jobs": {"state": "failed"},
    "/studies": {"state": "failed"},
    "/networks": {"name": "x"},
    "/variants": {"approach": "I"},
}


def test_lists_that_a_filter_leaves_empty_lead_back_to_all(sqlite_client: TestClient) -> None:
    for path, query in FILTERED_OUT.items():
        page = shown(sqlite_client, path, **query)

        assert "Nothing passes this filter" in page
        assert f'<a href="{path}">Show all</a>' in page


def test_searches_are_listed_with_their_networks_the_newest_first(
    sqlite_client: TestClient, sqlite_database: Database
) -> None:
    ids = some_searches(sqlite_database, 3)

    page = shown(sqlite_client, "/searches")

    assert linked(page, "/searches") == ids
    assert page.count(f'href="/networks/{original().id}" title="digits-5px"') == 3
    assert "state-queued" in page


def test_long_lists_go_on_with_their_filters(
    client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.browsing.routes.PAGE", 2)
    ids = some_searches(database, 5)
    found: list[str] = []
    path: str | None = "/searches?state=queued&approach=IV"
    while path:
        page = shown(client, path)
        found += linked(page, "/searches")
        following = re.search(r'href="([^"]+)" rel="next"', page)
        path = following[1].replace("&amp;", "&") if following else None
        assert path is None or "state=queued" in path

    assert found == ids
    assert 'href="/searches?state=queued&amp;approach=IV">First page</a>' in page


FILTERS: list[tuple[dict[str, str], int]] = [
    ({"state": "succeeded"}, 1),
    ({"state": "queued"}, 2),
    ({"state": "queued", "approach": "II"}, 1),
    ({"approach": "IV"}, 2),
    ({"budget": "flops"}, 0),
    ({"architecture_id": original().id}, 3),
    ({"architecture_id": "another"}, 0),
    ({"state": "", "approach": "", "budget": ""}, 3),
]
"""Filters of searches, and how many of three pass."""


def test_searches_are_filtered(client: TestClient, database: Database) -> None:
    with database.write() as session:
        solved_search(session, limit=20)
        queued_search(session, approach="IV", limit=9)
        queued_search(session, approach="II")

    for query, number in FILTERS:
        found = linked(shown(client, "/searches", **query), "/searches")
        assert len(found) == number, query


def test_jobs_and_studies_are_filtered_by_data_set(client: TestClient, database: Database) -> None:
    jobs = {tag: queued_job(database, tag=tag).id for tag in ("digits", "mnist")}
    studies = {name: waiting_study(database, dataset=name).id for name in ("digits", "mnist")}

    for path, ids in {"/jobs": jobs, "/studies": studies}.items():
        for name, id_ in ids.items():
            page = shown(client, path, dataset=name, state="queued")
            assert linked(page, path) == [id_]
            assert f'<option value="{name}" selected>' in page
            assert f'href="{path}.csv?state=queued&amp;dataset={name}"' in page
        assert linked(shown(client, path, dataset="cifar10"), path) == []


def test_a_folder_that_is_gone_stays_chosen(sqlite_client: TestClient) -> None:
    page = shown(sqlite_client, "/jobs", dataset="folder:gone_with_it")

    assert '<option value="folder:gone_with_it" selected>folder:gone_with_it</option>' in page


def study_search(database: Database) -> tuple[str, str]:
    """The ids of a study, and of a search that it alone has asked for."""
    study = claimed_study(database)
    request = SearchRequest.model_validate(search_body(limit=77))
    id_ = searches.create(database, request, None, by_study=True)
    with database.write() as session:
        studies.refer(session, study.id, study.attempt, [id_])
    return study.id, id_


def test_searches_that_only_a_study_asked_for_are_shown_where_they_are_wanted(
    client: TestClient, database: Database
) -> None:
    (by_people,) = some_searches(database, 1)
    study_id, by_study = study_search(database)

    lists: list[tuple[dict[str, str], set[str]]] = [
        ({}, {by_people}),
        ({"asked_by": "studies"}, {by_study}),
        ({"asked_by": "anybody"}, {by_people, by_study}),
        ({"study_id": study_id}, {by_study}),
        ({"study_id": "another"}, set()),
        ({"architecture_id": original().id}, {by_people, by_study}),
    ]
    for query, ids in lists:
        assert {*linked(shown(client, "/searches", **query), "/searches")} == ids, query
    assert by_study not in shown(client, "/")
    assert f'href="/searches?study_id={study_id}"' in shown(client, f"/studies/{study_id}")


def test_a_search_of_a_study_is_listed_once_somebody_asks_for_it(
    client: TestClient, database: Database
) -> None:
    _, id_ = study_search(database)
    asked = client.post("/v1/searches", json=search_body(limit=77), headers={"Prefer": "wait=0"})

    assert asked.json()["id"] == id_
    assert linked(shown(client, "/searches"), "/searches") == [id_]


def test_a_tolerance_is_written_as_short_as_it_is(
    sqlite_client: TestClient, sqlite_database: Database
) -> None:
    with sqlite_database.write() as session:
        queued_search(session)
        queued_search(session, tolerance=0.005)
        queued_search(session, tolerance={"below": 0.02, "above": 0})
        queued_search(session, tolerance={"below": 0, "above": 0.1})

    page = shown(sqlite_client, "/searches")

    for words in ("none", "± 0.5%", "−2% to +0%", "0% to +10%"):
        assert f"<td>{words}</td>" in page


def test_jobs_are_listed_with_their_results(
    sqlite_client: TestClient, sqlite_database: Database
) -> None:
    done = queued_job(sqlite_database, seeds=3, variants=[1])
    FakeWorker(sqlite_database).work()
    waiting = queued_job(sqlite_database, seeds=2, tag="mnist")

    page = shown(sqlite_client, "/jobs")

    assert linked(page, "/jobs") == [waiting.id, done.id]
    assert "6 of 6 runs" in page
    assert "50.0% ± 0.0%" in page
    assert "+0.0 pp" in page
    assert "digits-5px" in page
    assert linked(shown(sqlite_client, "/jobs", state="queued"), "/jobs") == [waiting.id]


def test_studies_are_listed_with_their_terms(
    sqlite_client: TestClient, sqlite_database: Database
) -> None:
    study = waiting_study(sqlite_database, resolutions=[6, 7])

    page = shown(sqlite_client, "/studies")

    assert linked(page, "/studies") == [study.id]
    assert "6, 7 px" in page
    assert linked(shown(sqlite_client, "/studies", state="succeeded"), "/studies") == []


def test_networks_are_found_by_a_part_of_their_names(
    client: TestClient, database: Database
) -> None:
    network = {**search_body()["architecture"], "name": "Large_50%"}
    with database.write() as session:
        queued_search(session)
    client.post("/v1/architectures", json={**network, "input": {"channels": 1, "resolution": 9}})

    def names(query: dict[str, str]) -> list[str]:
        page = shown(client, "/networks", **query)
        return re.findall(r'<th class="text" scope="row"><a[^>]*>([^<]*)</a>', page)

    assert names({}) == ["Large_50%", "digits-5px"]
    assert names({"name": "large_"}) == ["Large_50%"]
    assert names({"name": "%"}) == ["Large_50%"]
    assert names({"name": "e", "kind": "originals"}) == []
    assert names({"kind": "originals"}) == ["digits-5px"]


def test_a_network_says_how_many_searches_start_from_it(
    sqlite_client: TestClient, sqlite_database: Database
) -> None:
    some_searches(sqlite_database, 2)

    page = shown(sqlite_client, "/networks")

    assert f'<a href="/searches?architecture_id={original().id}">2</a>' in page


def test_a_network_without_a_name_is_called_by_its_id(
    sqlite_client: TestClient, sqlite_database: Database
) -> None:
    network = {**search_body()["architecture"]}
    del network["name"]
    sqlite_client.post("/v1/searches", json={**search_body(), "architecture": network})

    for path in ("/networks", "/searches"):
        assert f"unnamed {original().id[:8]}" in shown(sqlite_client, path)
    assert "Unnamed network" in shown(sqlite_client, "/")


def test_names_are_shown_as_text(sqlite_client: TestClient, sqlite_database: Database) -> None:
    queued_job(sqlite_database, seeds=2, variants=[1])
    entered(sqlite_database, HOSTILE)
    with sqlite_database.write() as session:
        runs.claim(session, HOSTILE, 60)
        document = search_body()["architecture"] | {"name": HOSTILE}
        session.execute(update(ArchitectureRow).values(document=document))

    for path in ("/", "/searches", "/networks", "/jobs", "/variants", "/workers"):
        page = shown(sqlite_client, path)
        assert HOSTILE not in page
        assert "&lt;script&gt;" in page


FAULTY: list[tuple[str, dict[str, str], str]] = [
    ("/searches", {"state": "asleep"}, "query/state"),
    ("/searches", {"cursor": "made up"}, "query/cursor"),
    ("/jobs", {"page": "2"}, "query/page"),
    ("/networks", {"kind": "large"}, "query/kind"),
    ("/networks", {"name": "x" * 201}, "query/name"),
    ("/variants", {"min_accuracy": "2"}, "query/min_accuracy"),
    ("/variants", {"min_params": "many"}, "query/min_params"),
    ("/variants", {"x": "beauty"}, "query/x"),
    ("/variants", {"sort": "beauty"}, "query/sort"),
]


def test_what_is_wrong_with_a_filter_is_said_on_a_page(sqlite_client: TestClient) -> None:
    for path, query, place in FAULTY:
        answer = sqlite_client.get(path, params=query)

        assert answer.status_code == 422
        assert f"<code>{place}</code>" in answer.text


def test_a_search_that_was_solved_says_how_long_it_took(
    sqlite_client: TestClient, sqlite_database: Database
) -> None:
    with sqlite_database.write() as session:
        row = solved_search(session, limit=20)
        later = row.created_at + timedelta(minutes=5, seconds=7)
        session.execute(update(SearchRow).values(finished_at=later))

    assert "<td>5 min 7 s</td>" in shown(sqlite_client, "/searches")
