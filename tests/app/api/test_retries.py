from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from app.db import runs
from app.db.engine import Database
from app.db.events import Cursor
from app.db.models import JobRow, JobRunRow, RunRow
from app.services import polling as service
from tests.app.api.factories import about, told
from tests.factories import queued_job
from tests.workers import FakeWorker


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(service, "LOOK_SECONDS", 0.01)


def retry(client: TestClient, job: JobRow) -> dict[str, Any]:
    answer = client.post(f"/v1/jobs/{job.id}/retry")
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/v1/jobs/{job.id}"
    view: dict[str, Any] = answer.json()
    return view


def view(client: TestClient, job: JobRow) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/v1/jobs/{job.id}").json()
    return found


def failing_seed_1(claim: runs.Claim) -> Any:
    return "error" if claim.seed == 1 else None


def test_what_failed_is_trained_once_more_and_nothing_else(
    client: TestClient, database: Database
) -> None:
    job = queued_job(database, seeds=2, variants=[0])
    FakeWorker(database, fails=failing_seed_1).work()
    assert view(client, job)["state"] == "failed"

    again = retry(client, job)

    assert (again["state"], again["finished_at"], again["error"]) == ("queued", None, None)
    assert again["progress"]["runs_done"] == 2
    assert "what had failed was queued again, once" in again["notes"]
    worker = FakeWorker(database)
    assert worker.work() == 2
    assert set(map(len, worker.trained.values())) == {2}
    ended = view(client, job)
    assert (ended["state"], ended["progress"]["fraction"]) == ("succeeded", 1)
    assert ended["results"]["original"]["accuracy"]["n"] == 2


def test_a_job_can_be_retried_as_often_as_it_fails(client: TestClient, database: Database) -> None:
    job = queued_job(database, seeds=1)
    for times in range(1, 4):
        FakeWorker(database, fails=lambda _: "error").work()
        assert view(client, job)["state"] == "failed"
        noted = "once" if times == 1 else f"{times} times"
        assert f"what had failed was queued again, {noted}" in retry(client, job)["notes"]


def test_where_nothing_failed_there_is_nothing_to_retry(
    client: TestClient, database: Database
) -> None:
    job = queued_job(database, seeds=1)
    assert client.post(f"/v1/jobs/{job.id}/retry").status_code == 409
    FakeWorker(database).work()

    answer = client.post(f"/v1/jobs/{job.id}/retry")

    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert view(client, job)["state"] == "succeeded"
    assert client.post("/v1/jobs/none/retry").status_code == 404


def test_a_retry_that_is_sent_twice_is_one(client: TestClient, database: Database) -> None:
    job = queued_job(database, seeds=2, variants=[0])
    FakeWorker(database, fails=failing_seed_1).work()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: retry(client, job), range(4)))

    assert {answer["state"] for answer in answers} == {"queued"}
    assert "what had failed was queued again, once" in view(client, job)["notes"]
    with database.read() as session:
        retried = session.scalars(select(JobRunRow.retry).order_by(JobRunRow.position)).all()
    assert retried == [0, 1, 0, 1]


def test_a_cancelled_job_goes_on_where_it_was(client: TestClient, database: Database) -> None:
    job = queued_job(database, seeds=2)
    client.post(f"/v1/jobs/{job.id}/cancel")

    assert retry(client, job)["state"] == "queued"
    FakeWorker(database).work()

    assert view(client, job)["state"] == "succeeded"


def test_a_run_that_jobs_share_is_queued_again_for_all_of_them(
    client: TestClient, database: Database
) -> None:
    first, second = queued_job(database, seeds=1), queued_job(database, seeds=1)
    FakeWorker(database, fails=lambda _: "error").work()
    retry(client, first)

    assert FakeWorker(database).work() == 1

    assert view(client, first)["state"] == "succeeded"
    assert view(client, second)["state"] == "failed"
    assert view(client, second)["results"]["original"]["accuracy"]["n"] == 1


def test_a_failed_run_of_a_job_that_goes_on_is_queued_at_once(
    client: TestClient, database: Database
) -> None:
    job = queued_job(database, seeds=2)
    worker = FakeWorker(database, fails=failing_seed_1, most=1)
    with database.write() as session:
        held = runs.claim(session, "w", 60, 2)
    worker.train([claim for claim in held if claim.seed == 1])

    assert retry(client, job)["state"] == "running"

    with database.read() as session:
        states = session.scalars(select(RunRow.state).order_by(RunRow.seed)).all()
    assert states == ["running", "queued"]


def test_the_original_of_halving_is_retried_and_decided_rungs_stay(
    client: TestClient, database: Database
) -> None:
    job = queued_job(database, seeds=1, variants=range(4), epochs=2, halving=(2, 1))
    original = {"claim": True}

    def fails(claim: runs.Claim) -> Any:
        return "error" if claim.target_epochs == 2 and original.pop("claim", False) else None

    FakeWorker(database, fails=fails).work()
    failed = view(client, job)
    assert failed["state"] == "failed"

    retry(client, job)
    assert FakeWorker(database).work() == 1

    ended = view(client, job)
    assert ended["state"] == "succeeded"
    assert ended["results"]["halving"] == failed["results"]["halving"]


def test_a_rung_in_which_all_variants_failed_is_trained_again(
    client: TestClient, database: Database
) -> None:
    job = queued_job(database, seeds=1, variants=range(4), epochs=2, halving=(2, 1))
    FakeWorker(database, fails=lambda claim: "error" if claim.target_epochs == 1 else None).work()
    assert view(client, job)["state"] == "failed"

    retry(client, job)
    FakeWorker(database).work()

    ended = view(client, job)
    assert ended["state"] == "succeeded"
    assert [len(rung["tried"]) for rung in ended["results"]["halving"]["rungs"]] == [4, 2]


def test_a_variant_that_halving_dropped_since_it_failed_is_not_tried_again(
    client: TestClient, database: Database
) -> None:
    job = queued_job(database, seeds=1, variants=range(4), epochs=2, halving=(2, 1))
    dropped = ["one"]

    def fails(claim: runs.Claim) -> Any:
        return "error" if claim.target_epochs == 1 and dropped and dropped.pop() else None

    FakeWorker(database, fails=fails).work()
    assert view(client, job)["state"] == "succeeded"

    assert client.post(f"/v1/jobs/{job.id}/retry").status_code == 409


def test_events_go_on_behind_the_end_once_a_job_is_retried(
    client: TestClient, database: Database
) -> None:
    job = queued_job(database, seeds=2, variants=[0])
    FakeWorker(database, fails=failing_seed_1).work()
    before = told(client, job.id)
    path, last = f"/v1/jobs/{job.id}/events", {"Last-Event-ID": before[-1]["id"]}
    assert client.get(path, headers=last).status_code == 204
    retry(client, job)
    FakeWorker(database).work()

    after = told(client, job.id, before[-1]["id"])

    with database.read() as session:
        again = set(session.scalars(select(JobRunRow.run_id).where(JobRunRow.retry == 1)))
    assert {data["run_id"] for name, data in about(after) if name in ("epoch", "run")} == again
    names = [name for name, _ in about(after)]
    assert (names.count("epoch"), names.count("run"), names[-1]) == (4, 2, "end")
    last = {"Last-Event-ID": after[-1]["id"]}
    assert client.get(path, headers=last).status_code == 204
    for had in range(1, len(after)):
        rest = told(client, job.id, after[had - 1]["id"])
        assert about(after[:had]) + about(rest) == about(after)


def test_a_reader_who_knew_ends_goes_on_with_the_runs_that_were_queued_again() -> None:
    cursor = Cursor(number=9, below=4, known={5: (2, True), 6: (1, False)}, is_over=True)

    cursor.forget_ends({1: 3, 5: 7})

    assert [cursor.of(position) for position in (1, 5, 6)] == [(3, False), (2, False), (1, False)]
    assert cursor.of(2) == cursor.of(3) == (0, True)
    assert (cursor.below, cursor.is_over) == (1, False)
    assert Cursor.parse(str(cursor), 10) == cursor


def test_a_cancelled_job_waits_again_for_runs_that_another_job_kept_alive(
    client: TestClient, database: Database
) -> None:
    job, _other = queued_job(database, seeds=1), queued_job(database, seeds=1)
    client.post(f"/v1/jobs/{job.id}/cancel")

    assert retry(client, job)["state"] == "queued"
    assert FakeWorker(database).work() == 1

    assert view(client, job)["state"] == "succeeded"
