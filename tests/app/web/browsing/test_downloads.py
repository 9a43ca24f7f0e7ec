"""Lists as CSV: every row that the page's filter lets through, on all pages."""

import pytest
from starlette.testclient import TestClient

from app.db import runs
from app.db.engine import Database
from app.shipped import example
from app.web.browsing import downloads
from tests.app.web.tables import linked, rows
from tests.factories import original, queued_job, queued_search, solved_search
from tests.planned_studies import waiting_study
from tests.workers import FakeWorker, entered


def test_jobs_are_listed_with_what_they_found(client: TestClient, database: Database) -> None:
    job = queued_job(database, seeds=2, variants=[0])
    FakeWorker(database, accuracy=lambda claim, _epoch: 0.5 + claim.seed / 10).work()

    (row,) = rows(client, linked(client, "/jobs"))

    assert (row["id"], row["search_id"]) == (job.id, job.search_id)
    assert row["architecture_id"] == original().id
    assert (row["state"], row["runs_done"], row["runs_total"]) == ("succeeded", "4", "4")
    assert float(row["original_accuracy"]) == pytest.approx(0.55)
    assert float(row["mean_gain"]) == pytest.approx(0.0)


def test_a_table_holds_all_pages_and_takes_the_filters_of_its_page(
    client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "PAGE", 2)
    ids = {queued_job(database, seeds=seeds, variants=[0]).id for seeds in range(1, 6)}

    found = rows(client, linked(client, "/jobs?state=queued"))

    assert len(found) == 5
    assert {row["id"] for row in found} == ids
    assert rows(client, linked(client, "/jobs?state=failed")) == []


def test_searches_are_listed_with_what_was_asked_and_how_they_ended(
    client: TestClient, database: Database
) -> None:
    with database.write() as session:
        solved = solved_search(session, limit=20, tolerance={"below": 0, "above": 0.01})

    (row,) = rows(client, linked(client, "/searches"))

    assert (row["id"], row["network"], row["approach"]) == (solved.id, "digits-5px", "IV")
    assert (row["tolerance_below"], row["tolerance_above"]) == ("0.0", "0.01")
    assert (row["state"], row["outcome"], row["found"]) == (
        "succeeded",
        "truncated",
        str(solved.found),
    )


def test_the_table_of_searches_holds_all_pages_that_pass_the_filter(
    client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "PAGE", 2)
    with database.write() as session:
        queued_search(session, approach="II")
        ids = {queued_search(session, limit=limit).id for limit in range(1, 6)}

    found = rows(client, linked(client, "/searches?approach=IV"))

    assert len(found) == 5
    assert {row["id"] for row in found} == ids


def test_searches_that_only_studies_asked_for_are_left_out_as_on_the_page(
    sqlite_client: TestClient, sqlite_database: Database
) -> None:
    with sqlite_database.write() as session:
        queued_search(session).by_study = True

    assert rows(sqlite_client, linked(sqlite_client, "/searches")) == []
    assert len(rows(sqlite_client, linked(sqlite_client, "/searches?asked_by=studies"))) == 1


def test_workers_are_listed_with_what_they_do(
    sqlite_client: TestClient, sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "PAGE", 1)
    queued_job(sqlite_database, seeds=2)
    for name in ("busy", "idle"):
        entered(sqlite_database, name)
    with sqlite_database.write() as session:
        runs.claim(session, "busy", 60)

    by_name = {row["name"]: row for row in rows(sqlite_client, linked(sqlite_client, "/workers"))}

    assert (by_name["busy"]["state"], by_name["idle"]["state"]) == ("busy", "idle")
    assert (by_name["busy"]["runs_held"], by_name["idle"]["runs_held"]) == ("2", "0")
    assert by_name["busy"]["networks"] == original().id
    assert by_name["idle"]["versions"] == "python 3.11"


def test_networks_are_found_by_a_part_of_their_names(sqlite_client: TestClient) -> None:
    for name in ("digits-architecture", "resnet18"):
        sqlite_client.post("/v1/architectures", json=example(name))

    (row,) = rows(sqlite_client, linked(sqlite_client, "/networks?name=resnet"))

    assert (row["name"], row["layers"], row["params"]) == ("resnet18", "69", "11689512")


def test_studies_are_listed_as_they_were_asked(
    sqlite_client: TestClient, sqlite_database: Database
) -> None:
    study = waiting_study(sqlite_database)

    (row,) = rows(sqlite_client, linked(sqlite_client, "/studies"))

    assert (row["id"], row["dataset"], row["state"]) == (study.id, "digits", study.state)


def test_the_data_sets_are_a_table(sqlite_client: TestClient) -> None:
    by_name = {row["name"]: row for row in rows(sqlite_client, linked(sqlite_client, "/datasets"))}

    assert by_name["digits"]["resolution"] == "8"
    assert by_name["digits"]["present"] == "True"


def test_a_name_that_is_a_formula_is_text_for_spreadsheets(sqlite_client: TestClient) -> None:
    named = {**example("digits-architecture"), "name": "=1+1"}
    sqlite_client.post("/v1/architectures", json=named)

    (row,) = rows(sqlite_client, "/networks.csv")

    assert row["name"] == "'=1+1"


def test_a_filter_that_makes_no_sense_is_refused_on_a_page(sqlite_client: TestClient) -> None:
    answer = sqlite_client.get("/jobs.csv?state=lost")

    assert answer.status_code == 422
    assert "<h1>" in answer.text
