"""The tables of jobs and studies as CSV."""

import pytest
from starlette.testclient import TestClient

from app.db.engine import Database
from app.schemas.results import HalvingResult, RungResult
from app.schemas.study_plans import StudyPlan
from app.services import studies
from app.web.training.job_columns import tries_of
from tests.app.ui.studies.studies import networks, study
from tests.app.web.tables import linked_rows, rows
from tests.app.web.training.jobs import better_with_seeds, trained
from tests.factories import queued_job
from tests.workers import FakeWorker

PLAN = StudyPlan.model_validate(
    {
        "cells": [
            {
                "approach": "IV",
                "resolution": 12,
                "budget": "params",
                "has_controls": False,
                "originals": [
                    {"member": 7, "architecture_id": "a", "found": 120, "variants": []},
                    {"member": 19, "architecture_id": "b", "found": 4, "variants": []},
                ],
            }
        ]
    }
)


def test_the_networks_of_a_job_are_a_table(client: TestClient, database: Database) -> None:
    job = trained(database)

    found = linked_rows(client, f"/jobs/{job.id}", "networks")

    assert [row["label"] for row in found] == ["original", "V1", "V2"]
    assert float(found[1]["test_accuracy"]) == pytest.approx(0.57)
    assert found[1]["network"] == f"{job.search_id}-3"


def test_the_estimates_of_a_job_are_a_table(client: TestClient, database: Database) -> None:
    job = trained(database, seeds=2)
    results = client.get(f"/v1/jobs/{job.id}").json()["results"]

    table = linked_rows(client, f"/jobs/{job.id}", "estimates")

    found = {row["estimate"]: row for row in table}
    assert [*found] == ["mean_variant", "selected", "best_of_k"]
    assert float(found["mean_variant"]["gain"]) == results["mean_variant"]["gain"]
    low, high = results["mean_variant"]["ci"]
    assert [float(found["mean_variant"][end]) for end in ("low", "high")] == [low, high]
    assert found["best_of_k"]["verdict"] == ""


def test_the_rungs_of_a_job_are_a_table_of_what_each_has_tried(
    client: TestClient, database: Database
) -> None:
    job = queued_job(database, variants=(3, 5, 7, 9), epochs=4, halving=(2, 1))
    FakeWorker(database, accuracy=better_with_seeds).work()
    rungs = client.get(f"/v1/jobs/{job.id}").json()["results"]["halving"]["rungs"]

    found = linked_rows(client, f"/jobs/{job.id}", "rungs")

    for number, rung in enumerate(rungs, 1):
        mine = [row for row in found if row["rung"] == f"{number}"]
        assert [row["variant_id"] for row in mine] == rung["tried"]
        assert {row["epochs"] for row in mine} == {f"{rung['epochs']}"}
        assert {row["variant_id"] for row in mine if row["is_kept"] == "True"} == {*rung["kept"]}
        for row in mine:
            measured = rung["validation_accuracy"][row["variant_id"]]
            assert float(row["validation_accuracy"]) == measured


def test_a_rung_that_is_not_over_has_decided_nothing() -> None:
    rung = RungResult(epochs=1, tried=["a", "b"], kept=None, validation_accuracy=None)

    found = [*tries_of(HalvingResult(eta=2, rungs=[rung]))]

    assert [it.variant_id for it in found] == ["a", "b"]
    assert {(it.is_kept, it.validation_accuracy) for it in found} == {(None, None)}


def test_a_job_that_does_not_halve_has_no_rungs(
    sqlite_client: TestClient, sqlite_database: Database
) -> None:
    job = queued_job(sqlite_database)

    assert rows(sqlite_client, f"/jobs/{job.id}/rungs.csv") == []
    assert "rungs.csv" not in sqlite_client.get(f"/jobs/{job.id}").text


def test_the_cells_of_a_study_and_their_estimates_are_tables(
    sqlite_client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = study()
    monkeypatch.setattr(studies, "get", lambda _database, _id: found)

    cells = linked_rows(sqlite_client, f"/studies/{found.id}", "cells")
    estimates = linked_rows(sqlite_client, f"/studies/{found.id}", "estimates")

    headlines = [row for row in estimates if row["estimate"] == "mean_variant"]
    for row, headline, cell in zip(cells, headlines, found.cells, strict=True):
        place = {"approach": cell.approach, "resolution": f"{cell.resolution}", "budget": "params"}
        assert place.items() <= row.items()
        assert place.items() <= headline.items()
        assert row["mean_gain"] == headline["gain"] == f"{cell.mean_variant.gain}"
        assert cell.mean_variant.ci
        assert (headline["low"], headline["high"]) == tuple(map(str, cell.mean_variant.ci))
        assert (row["better"], row["better_low"], row["better_high"]) == ("0.42", "0.2", "0.67")


def test_the_networks_of_a_study_are_a_table(
    sqlite_client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = networks()
    monkeypatch.setattr(studies, "get", lambda _database, _id: found)

    table = linked_rows(sqlite_client, f"/studies/{found.id}", "networks")

    for row, network in zip(table, found.networks, strict=True):
        assert (row["member"], row["params"]) == (f"{network.member}", f"{network.params}")
        assert row["test_accuracy"] == f"{network.accuracy.mean}"


def test_what_a_study_counted_and_drew_are_tables(
    sqlite_client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = study(plan=PLAN)
    monkeypatch.setattr(studies, "get", lambda _database, _id: found)

    (counted,) = linked_rows(sqlite_client, f"/studies/{found.id}", "feasibility")
    drawn = linked_rows(sqlite_client, f"/studies/{found.id}", "drawn")

    assert (counted["originals"], counted["with_variants"], counted["unknown"]) == (
        "306",
        "41",
        "2",
    )
    assert [(row["approach"], row["member"], row["found"]) for row in drawn] == [
        ("IV", "7", "120"),
        ("IV", "19", "4"),
    ]


def test_a_study_that_has_drawn_nothing_yet_has_an_empty_table(
    sqlite_client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studies, "get", lambda _database, _id: study())

    assert rows(sqlite_client, "/studies/57d1e5/drawn.csv") == []
