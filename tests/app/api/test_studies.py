"""``/v1/studies``: asked for, planned by the server, looked at, cancelled, told, downloaded."""

import csv
import io
import json
from collections import Counter
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.db import studies
from app.db.engine import Database
from app.services import polling
from app.services.study_csv import COLUMNS
from tests.app.api.factories import events
from tests.factories import until
from tests.studies import attempt, body, planned
from tests.workers import FakeWorker

ALL = ["upsampled", "retrained", "same_resolution"]


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(polling, "LOOK_SECONDS", 0.01)


def ask(client: TestClient, **changes: Any) -> dict[str, Any]:
    answer = client.post("/v1/studies", json=body(**changes))
    assert answer.status_code == 202, answer.text
    view: dict[str, Any] = answer.json()
    return view


def told(client: TestClient, id_: str, last: str | None = None) -> list[dict[str, Any]]:
    """All events of a study that ends, from a place on."""
    headers = {"Last-Event-ID": last} if last else {}
    with client.stream("GET", f"/v1/studies/{id_}/events", headers=headers) as answer:
        assert answer.status_code == 200
        return list(events(answer.iter_lines()))


def table(client: TestClient, id_: str) -> list[dict[str, str]]:
    answer = client.get(f"/v1/studies/{id_}/results.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text.splitlines()[0] == ",".join(COLUMNS)
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_a_study_is_stored_with_the_hash_of_its_plan(client: TestClient) -> None:
    answer = client.post("/v1/studies", json=body())

    view = answer.json()
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/v1/studies/{view['id']}"
    assert answer.headers["Retry-After"] == "1"
    assert (view["state"], view["phase"]) == ("queued", "counting")
    assert len(view["plan_hash"]) == 64
    assert view["progress"] == {
        "runs_done": 0,
        "runs_total": 0,
        "fraction": 0.0,
        "eta_seconds": None,
    }
    assert view["plan"] is None
    assert client.get(answer.headers["Location"]).json() == view
    other = ask(client, seed=1)
    listed = client.get("/v1/studies").json()["items"]
    assert [it["id"] for it in listed] == [other["id"], view["id"]]
    assert listed[1] == {name: view[name] for name in listed[1]}


def test_a_repeated_request_makes_one_study(client: TestClient) -> None:
    headers = {"Idempotency-Key": "k"}
    first, again = (client.post("/v1/studies", json=body(), headers=headers) for _ in range(2))
    other = client.post("/v1/studies", json=body(seed=1), headers=headers)
    assert first.json() == again.json()
    assert other.status_code == 422
    assert len(client.get("/v1/studies").json()["items"]) == 1


def test_what_cannot_be_studied_is_refused_with_its_places(sqlite_client: TestClient) -> None:
    answer = sqlite_client.post(
        "/v1/studies", json=body(resolutions=[8], grid={"kernel_size": [2, 2]})
    )
    assert answer.status_code == 422
    places = [fault["pointer"] for fault in answer.json()["errors"]]
    assert places == ["#/grid/kernel_size/1", "#/resolutions/0"]
    missing = sqlite_client.post("/v1/studies", json=body(dataset="folder:none"))
    assert missing.json()["errors"][0]["pointer"] == "#/dataset"
    assert sqlite_client.get("/v1/studies/none").status_code == 404


def test_a_study_is_planned_trained_and_found(client: TestClient, database: Database) -> None:
    study = planned(database, controls=ALL)
    path = f"/v1/studies/{study.id}"
    going = client.get(path).json()
    assert (going["state"], going["phase"]) == ("running", "training")
    assert going["progress"]["runs_total"] == 2 * 2 * (1 + 2 + 2 + 2 + 2)
    assert "ETag" not in client.get(path).headers

    FakeWorker(database).work()

    answer = client.get(path)
    found = answer.json()
    assert (found["state"], found["phase"]) == ("succeeded", "ended")
    assert found["progress"]["fraction"] == 1.0
    (cell,) = found["cells"]
    assert (cell["approach"], cell["resolution"], cell["is_primary"]) == ("IV", 6, True)
    assert cell["true_minus_upsampled"]["n"] == 2
    assert cell["mean_variant"]["gain"] == 0.0, "all runs of this worker are equally good"
    assert found["plan"] == json.loads(study.plan.model_dump_json() if study.plan else "")
    again = client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_the_table_has_a_line_for_each_run_of_each_cell(
    client: TestClient, database: Database
) -> None:
    study = planned(database, controls=ALL, approaches=["II", "IV"], tolerance=0.02)
    assert {row["state"] for row in table(client, study.id)} == {"queued"}
    FakeWorker(database).work()

    rows = table(client, study.id)

    assert study.plan is not None
    counted = Counter((row["approach"], row["role"]) for row in rows)
    for cell in study.plan.cells:
        originals = len(cell.originals)
        assert counted[cell.approach, "original"] == originals * 2
        assert counted[cell.approach, "variant"] == originals * 4
        assert counted[cell.approach, "upsampled"] == originals * 4 * cell.has_controls
        assert counted[cell.approach, "retrained"] == originals * 4 * cell.has_controls
    runs = {row["run_id"] for row in rows}
    with database.read() as session:
        assert len(runs) == studies.progress(session, study).total
    shared = [row for row in rows if row["role"] == "original"]
    assert len({row["run_id"] for row in shared}) < len(shared), "cells share their originals"
    for row in rows:
        assert row["study_id"] == study.id
        assert row["plan_hash"] == study.plan_hash
        assert (row["detail"] != "") == (row["role"] == "upsampled")
        assert (row["variant_id"] == "") == (row["role"] in ("original", "retrained"))
        assert int(row["params"]) > 0
    tag = client.get(f"/v1/studies/{study.id}/results.csv").headers["ETag"]
    path = f"/v1/studies/{study.id}/results.csv"
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 304


def test_the_table_comes_in_pieces(
    sqlite_client: TestClient, sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = planned(sqlite_database)
    whole = table(sqlite_client, study.id)
    monkeypatch.setattr("app.services.study_csv.ROWS_AT_ONCE", 3)
    assert table(sqlite_client, study.id) == whole


def test_a_study_that_is_cancelled_has_ended_whatever_it_was_doing(
    client: TestClient, database: Database
) -> None:
    waiting = ask(client)
    assert table(client, waiting["id"]) == []
    for _ in range(2):
        answer = client.post(f"/v1/studies/{waiting['id']}/cancel")
        assert (answer.json()["state"], answer.json()["phase"]) == ("cancelled", "ended")
    assert not attempt(database)
    study = planned(database)
    assert client.post(f"/v1/studies/{study.id}/cancel").json()["state"] == "cancelled"
    assert FakeWorker(database).work() == 0
    assert client.post("/v1/studies/none/cancel").status_code == 404


def test_events_tell_the_progress_and_the_end_and_nothing_twice(
    client: TestClient, database: Database
) -> None:
    study = planned(database)
    FakeWorker(database).work()

    first, end = told(client, study.id)

    progress = client.get(f"/v1/studies/{study.id}").json()["progress"]
    assert (first["event"], first["data"]) == ("progress", {**progress, "phase": "ended"})
    assert (end["event"], end["data"]) == ("end", {"state": "succeeded", "error": None})
    assert [event["event"] for event in told(client, study.id, first["id"])] == ["end"]
    path = f"/v1/studies/{study.id}/events"
    assert client.get(path, headers={"Last-Event-ID": end["id"]}).status_code == 204
    assert client.get(path, headers={"Last-Event-ID": "x"}).status_code == 422


def test_the_searches_of_a_study_are_kept(client: TestClient, database: Database) -> None:
    study = planned(database)
    assert study.plan is not None
    search = study.plan.cells[0].originals[0].variants[0].search_id

    assert client.delete(f"/v1/searches/{search}").status_code == 409
    assert client.get(f"/v1/searches/{search}").json()["state"] == "succeeded"


@pytest.mark.slow
def test_the_server_plans_a_study(solving_client: TestClient) -> None:
    study = ask(solving_client)
    path = f"/v1/studies/{study['id']}"

    until(lambda: solving_client.get(path).json()["phase"] == "training")

    view = solving_client.get(path).json()
    assert view["plan_hash"] == study["plan_hash"]
    assert view["feasibility"][0]["originals"] == 4
    assert view["progress"]["runs_total"] == 2 * 2 * (1 + 2 + 2 + 2)
