import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from app.db import jobs, runs
from app.db.engine import Database
from app.db.models import ArchitectureRow, EpochRow, JobRow, ResultRow, RunRow
from app.db.types import database_time
from tests.factories import queued_job
from trainer.attempt import WorkerSettings
from trainer.process import TrainingProcess
from trainer.worker import Worker


def worker(database: Database, **changes: Any) -> Worker:
    settings: dict[str, Any] = {
        "name": "w",
        "data_dir": Path("nowhere"),
        "lease": 20.0,
        "poll": 0.05,
        "threads": 1,
        **changes,
    }
    return Worker(database, WorkerSettings(**settings))


def job_of(database: Database, id_: str) -> JobRow:
    with database.read() as session:
        return jobs.get(session, id_)


def rows(database: Database) -> list[RunRow]:
    with database.read() as session:
        return list(session.scalars(select(RunRow).order_by(RunRow.position)))


def number(database: Database, table: Any) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture
def working(sqlite_database: Database) -> Iterator[Worker]:
    """A worker that works in a thread until the test ends."""
    made = worker(sqlite_database)
    thread = threading.Thread(target=made.work)
    thread.start()
    yield made
    made.stop()
    thread.join()


def until(condition: Any) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def test_a_worker_trains_a_job_and_settles_its_results(database: Database) -> None:
    job = queued_job(database, seeds=2, variants=[0])

    worker(database).work(exit_when_idle=True)

    settled = job_of(database, job.id)
    assert settled.state == "succeeded"
    assert settled.results is not None
    assert settled.results["original"]["accuracy"]["n"] == 2
    assert settled.results["variants"][0]["variant_id"] == f"{job.search_id}-0"
    assert settled.results["mean_variant"]["gain"] is not None
    assert number(database, ResultRow) == 4
    assert number(database, EpochRow) == 4 * 2


def test_once_works_off_one_run(sqlite_database: Database) -> None:
    queued_job(sqlite_database, seeds=3)

    worker(sqlite_database).work(once=True)

    assert [row.state for row in rows(sqlite_database)] == ["succeeded", "queued", "queued"]


def test_a_network_that_does_not_match_its_counts_is_not_trained(sqlite_database: Database) -> None:
    job = queued_job(sqlite_database, seeds=1)
    with sqlite_database.write() as session:
        session.execute(update(ArchitectureRow).values(params=1))

    worker(sqlite_database).work(exit_when_idle=True)

    (run,) = rows(sqlite_database)
    assert run.state == "failed"
    assert "2,972 parameters" in (run.error or "")
    assert job_of(sqlite_database, job.id).error == "1 of 1 runs failed (error)"


def test_a_data_set_that_is_not_there_fails_in_words(sqlite_database: Database) -> None:
    queued_job(sqlite_database, seeds=1, tag="imagenet")

    worker(sqlite_database).work(exit_when_idle=True)

    (run,) = rows(sqlite_database)
    assert run.state == "failed"
    assert "no data set 'imagenet'" in (run.error or "")


def test_a_stopped_worker_gives_its_run_back(working: Worker, sqlite_database: Database) -> None:
    queued_job(sqlite_database, seeds=1, epochs=10_000)
    until(lambda: number(sqlite_database, EpochRow))

    working.stop()

    until(lambda: rows(sqlite_database)[0].state == "queued")
    assert rows(sqlite_database)[0].lost == 0


def test_a_worker_whose_run_was_cancelled_stops_training_it(
    working: Worker, sqlite_database: Database
) -> None:
    long = queued_job(sqlite_database, seeds=1, epochs=10_000)
    short = queued_job(sqlite_database, seeds=1, epochs=1)
    until(lambda: number(sqlite_database, EpochRow))

    with sqlite_database.write() as session:
        jobs.cancel(session, long.id)

    until(lambda: job_of(sqlite_database, short.id).state == "succeeded")
    assert job_of(sqlite_database, long.id).state == "cancelled"
    assert number(sqlite_database, ResultRow) == 1


def test_a_worker_that_was_robbed_records_nothing(
    working: Worker, sqlite_database: Database
) -> None:
    queued_job(sqlite_database, seeds=1, epochs=10_000)
    until(lambda: number(sqlite_database, EpochRow))

    with sqlite_database.write() as session:
        session.execute(update(RunRow).values(lease_expires_at=database_time(-1)))
        (robber,) = runs.claim(session, "robber", 60)

    epochs = number(sqlite_database, EpochRow)
    time.sleep(1)
    (run,) = rows(sqlite_database)
    assert (run.worker, run.attempt, run.state) == ("robber", robber.attempt, "running")
    assert number(sqlite_database, EpochRow) == epochs
    assert number(sqlite_database, ResultRow) == 0


def test_a_training_process_that_is_killed_is_tried_again_and_not_for_ever(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued_job(sqlite_database, seeds=2)
    start = TrainingProcess.start
    killed: list[int] = []

    def start_and_kill(process: TrainingProcess, task: Any) -> None:
        start(process, task)
        if task.seed == 0:
            killed.append(task.seed)
            process._process.kill()

    monkeypatch.setattr(TrainingProcess, "start", start_and_kill)
    worker(sqlite_database).work(exit_when_idle=True)

    first, second = rows(sqlite_database)
    assert len(killed) == runs.MAX_LOST
    assert (first.state, second.state) == ("failed", "succeeded")
    assert "killed by SIGKILL" in (first.error or "")


def test_a_run_that_cannot_be_read_fails_and_the_others_go_on(sqlite_database: Database) -> None:
    queued_job(sqlite_database, seeds=2)
    with sqlite_database.write() as session:
        first = session.scalars(select(RunRow).where(RunRow.position == 0)).one()
        first.recipe = {"name": "of a later version"}

    worker(sqlite_database).work(exit_when_idle=True)

    unreadable, readable = rows(sqlite_database)
    assert (unreadable.state, readable.state) == ("failed", "succeeded")
    assert "cannot be read" in (unreadable.error or "")


def test_a_worker_that_was_robbed_while_its_process_died_works_on(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued_job(sqlite_database, seeds=2)
    start = TrainingProcess.start

    def start_and_be_robbed(process: TrainingProcess, task: Any) -> None:
        start(process, task)
        if task.seed == 0:
            with sqlite_database.write() as session:
                mine = RunRow.state == "running"
                session.execute(update(RunRow).where(mine).values(attempt=9, worker="robber"))
            process._process.kill()

    monkeypatch.setattr(TrainingProcess, "start", start_and_be_robbed)
    worker(sqlite_database).work(exit_when_idle=True)

    robbed, own = rows(sqlite_database)
    assert (robbed.state, robbed.worker, robbed.lost) == ("running", "robber", 0)
    assert own.state == "succeeded"
