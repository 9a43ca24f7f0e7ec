"""Events of jobs, and their results as a table."""

import csv
import io
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from starlette.testclient import TestClient

from app.db import runs
from app.db.engine import Database
from app.db.events import Cursor, PlaceError
from app.db.models import JobRow, RunRow
from app.services import polling as service
from app.services.stopping import Closing
from tests.app.api.factories import about, told
from tests.factories import PATIENCE, queued_job, until
from tests.workers import FakeWorker, epoch_row


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(service, "LOOK_SECONDS", 0.01)


def number(event: dict[str, Any]) -> int:
    return int(event["id"].partition(".")[0])


def test_a_job_that_has_ended_tells_all_that_happened(
    client: TestClient, database: Database
) -> None:
    job = queued_job(database, seeds=2, variants=[0])
    FakeWorker(database).work()

    found = told(client, job.id)

    names = [event["event"] for event in found]
    assert names.count("epoch") == 4 * 2
    assert names.count("run") == 4
    assert names[-2:] == ["progress", "end"]
    assert found[-1]["data"] == {"state": "succeeded", "error": None}
    assert found[-2]["data"] == client.get(f"/v1/jobs/{job.id}").json()["progress"]
    assert found[0]["data"]["epoch"] == epoch_row(1)
    assert [number(event) for event in found] == list(range(1, len(found) + 1))


@pytest.mark.slow
def test_a_client_that_comes_back_misses_nothing_and_hears_nothing_twice(
    client: TestClient, database: Database
) -> None:
    job = queued_job(database, seeds=2, variants=[0], halving=None)
    FakeWorker(database).work()
    whole = told(client, job.id)

    for had in range(1, len(whole)):
        rest = told(client, job.id, whole[had - 1]["id"])

        assert about(whole[:had]) + about(rest) == about(whole)
        assert number(rest[0]) == had + 1
    last = {"Last-Event-ID": whole[-1]["id"]}
    assert client.get(f"/v1/jobs/{job.id}/events", headers=last).status_code == 204


@pytest.mark.slow
def test_what_halving_pauses_is_told_once(client: TestClient, database: Database) -> None:
    job = queued_job(database, seeds=2, variants=range(4), epochs=2, halving=(2, 1))
    FakeWorker(database).work()

    whole = told(client, job.id)

    epochs = [
        (e["data"]["run_id"], e["data"]["epoch"]["epoch"]) for e in whole if "epoch" in e["data"]
    ]
    assert len(epochs) == len(set(epochs)) == 4 + 8 + 4
    for had in range(1, len(whole), 3):
        assert about(whole[:had]) + about(told(client, job.id, whole[had - 1]["id"])) == about(
            whole
        )


def test_events_are_told_while_a_job_runs(client: TestClient, database: Database) -> None:
    job = queued_job(database, seeds=1)
    found: list[dict[str, Any]] = []
    thread = threading.Thread(target=lambda: found.extend(told(client, job.id)))
    thread.start()
    with database.write() as session:
        held = runs.claim(session, "w", 60)
        held = runs.beat(session, held, 60, {held[0].id: [epoch_row(1)]})
    until(lambda: client.get(f"/v1/jobs/{job.id}").json()["progress"]["fraction"])
    with database.write() as session:
        runs.fail(session, held[0], "diverged", "in words")
    FakeWorker(database).settle()
    thread.join(PATIENCE)

    assert about(found)[-2:] == [
        (
            "run",
            {
                "run_id": held[0].id,
                "network": "original",
                "seed": 0,
                "state": "failed",
                "test_accuracy": None,
                "validation_accuracy": None,
                "failure": "diverged",
                "error": "in words",
            },
        ),
        ("end", {"state": "failed", "error": "1 of 1 runs failed (diverged)"}),
    ]


def test_streams_end_when_the_server_stops(client: TestClient, database: Database) -> None:
    job = queued_job(database, seeds=1)
    found: list[dict[str, Any]] = []
    thread = threading.Thread(target=lambda: found.extend(told(client, job.id)))
    thread.start()

    client.app.state.closing.set()  # type: ignore[attr-defined]

    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert "end" not in [event["event"] for event in found]


def test_a_silent_stream_is_kept_alive(
    client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stop(closing: Closing) -> None:
        """The server stops in the first pause of the stream, whenever that is."""
        closing.set()

    monkeypatch.setattr(service, "KEEP_ALIVE_SECONDS", 0.0)
    monkeypatch.setattr(service, "_pause", stop)
    job = queued_job(database, seeds=1)

    with client.stream("GET", f"/v1/jobs/{job.id}/events") as answer:
        assert [*answer.iter_lines()][-2:] == [": keep-alive", ""]


def test_a_job_that_is_not_there_has_neither_events_nor_results(sqlite_client: TestClient) -> None:
    for what in ("events", "results.csv"):
        answer = sqlite_client.get(f"/v1/jobs/none/{what}")
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


FOREIGN = [
    "x", "1.2", "1.0.5:", "-1.0.", "\u0661.0.", "01.0.", "1.00.", "1.0.05:1", "1.0.5:01",
    "1.0.5:1_", "1.0._5:1", "1.0.5:1__7:1", "1.0.5-999999999:1", "1.0.10000:1", "1.0.0-10000:1",
    "1.0.5-4:1",
    "1.0.5-5:1", "1.0.5:1_5:1", "1.0.5:1_3:1", "1.0.3-5:1_4-9:1", "1.6.5:1", "1.0.5:1_6:1",
    "1.0.0-9999:1_0-9999:2", "1.0." + "_".join(["0-9999:1"] * 3_000), "1.0.!!", "1.10001.",
    "1.0.~0", "1.0.~01", "1.0.5:1ee",
    "1" * 19 + ".0.", "1." + "1" * 10 + ".", "1.0.5:" + "1" * 10,
]  # fmt: skip


@pytest.mark.parametrize("id_", FOREIGN)
def test_an_id_that_no_event_had_is_refused(
    sqlite_client: TestClient, sqlite_database: Database, id_: str
) -> None:
    job = queued_job(sqlite_database)
    answer = sqlite_client.get(
        f"/v1/jobs/{job.id}/events", headers={b"Last-Event-ID": id_.encode()}
    )
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert fault["pointer"].lower() == "header/last-event-id"


def test_a_cursor_is_read_as_it_was_written() -> None:
    cursor = Cursor(number=7)
    cursor.tell(0, 2, ended=True)
    for position in (3, 4, 5):
        cursor.tell(position, 1, ended=False)
    cursor.tell(6, 1, ended=True)

    assert str(cursor) == "7.1.3-5:1_6:1e"
    assert Cursor.parse(str(cursor), 10) == cursor


@given(
    st.integers(0, 10**18 - 1),
    st.integers(0, 30),
    st.dictionaries(st.integers(0, 99), st.tuples(st.integers(0, 50), st.booleans())),
    st.booleans(),
    st.integers(0, 999_999),
)
def test_every_cursor_is_read_as_it_was_written(
    number: int, below: int, known: dict[int, tuple[int, bool]], is_over: bool, retries: int
) -> None:
    behind = {n: it for n, it in known.items() if n >= below}
    cursor = Cursor(number, below, behind, is_over, retries)

    assert Cursor.parse(str(cursor), 100) == cursor


@given(st.text("0123456789.-:_e!~", max_size=40))
def test_what_is_read_was_written_by_a_cursor(text: str) -> None:
    try:
        cursor = Cursor.parse(text, 100)
    except PlaceError:
        return
    assert str(cursor) == text
    assert len(cursor.known) <= 100


def table(client: TestClient, job: JobRow) -> list[dict[str, str]]:
    answer = client.get(f"/v1/jobs/{job.id}/results.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_the_table_holds_every_run_as_the_list_of_runs_does(
    client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.results_csv.ROWS_AT_ONCE", 3)
    job = queued_job(database, seeds=3, variants=[0])
    FakeWorker(database, fails=lambda claim: "diverged" if claim.seed == 1 else None).work()

    rows = table(client, job)

    items = client.get(f"/v1/jobs/{job.id}/runs").json()["items"]
    assert len(rows) == 6
    for row, item in zip(rows, items, strict=True):
        assert row.pop("run_id") == item["id"]
        assert row == {name: "" if item[name] is None else str(item[name]) for name in row}


def test_no_cell_of_the_table_is_a_formula(
    sqlite_client: TestClient, sqlite_database: Database
) -> None:
    job = queued_job(sqlite_database, seeds=1)
    with sqlite_database.write() as session:
        session.execute(update(RunRow).values(worker='=HYPERLINK("x")', error="@\nb"))

    (row,) = table(sqlite_client, job)

    assert (row["worker"], row["error"]) == ('\'=HYPERLINK("x")', "'@\nb")


@pytest.mark.parametrize("stacks", [1, 2])
def test_the_estimate_counts_what_trains_by_itself_not_the_runs_that_train_at_once(
    stacks: int, client: TestClient, database: Database
) -> None:
    job = queued_job(database, seeds=2, variants=[0, 1])
    worker = FakeWorker(database)
    with database.write() as session:
        held = runs.claim(session, "w", 60)
    worker.train(held)
    with database.write() as session:  # one worker, or one driver of a cluster
        runs.claim_stacks(session, "w", 60, stacks)

    progress = client.get(f"/v1/jobs/{job.id}").json()["progress"]

    assert progress["eta_seconds"] == pytest.approx(4 * 1.0 / stacks)
