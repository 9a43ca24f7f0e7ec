import threading

import pytest
import sqlalchemy as sa
from sqlalchemy import select

from app.db import jobs, runs
from app.db.engine import Database
from app.db.identity import nth_id
from app.db.models import JobRow, RunRow
from app.db.runs import Claim
from app.db.types import Document
from app.experiments.failures import Failure
from app.schemas.environments import Environment
from app.schemas.requests import JobRequest
from app.services.jobs import document
from app.shipped import example
from tests.factories import RESULT, asked, needs, original, queued_job, solved_search
from tests.workers import FakeWorker, epoch_row

SEARCH_ID = "7646fda55e9d4fbf5fde2009e58c3dec"


def job_of(database: Database, id_: str) -> JobRow:
    with database.read() as session:
        return jobs.get(session, id_)


def state(database: Database, id_: str) -> str:
    return job_of(database, id_).state


def states(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(RunRow.state).order_by(RunRow.position)))


def cancel(database: Database, id_: str) -> bool:
    with database.write() as session:
        return jobs.cancel(session, id_)


def test_a_job_succeeds_when_all_its_runs_have(database: Database) -> None:
    job = queued_job(database, seeds=2)
    worker = FakeWorker(database)

    worker.settle()
    assert state(database, job.id) == "queued"
    worker.work()

    assert state(database, job.id) == "succeeded"


def test_a_job_with_failed_runs_fails_and_says_how_many_and_why_and_the_others_go_on(
    database: Database,
) -> None:
    job = queued_job(database, seeds=3)

    FakeWorker(database, fails=lambda run: "diverged" if run.seed == 0 else None).work()

    row = job_of(database, job.id)
    assert (row.state, row.error) == ("failed", "1 of 3 runs failed (diverged)")
    assert row.finished_at is not None
    assert row.results is not None
    assert row.results.original.accuracy.n == 2


def test_different_kinds_of_failure_are_counted_apart(database: Database) -> None:
    job = queued_job(database, seeds=4)
    kinds: dict[int, Failure] = {0: "diverged", 1: "out_of_memory", 3: "diverged"}

    FakeWorker(database, fails=lambda run: kinds.get(run.seed)).work()

    error = job_of(database, job.id).error
    assert error == "3 of 4 runs failed (2 diverged, 1 out of memory)"


def test_jobs_share_their_runs(database: Database) -> None:
    worker = FakeWorker(database)
    first = queued_job(database, seeds=2)
    worker.work()
    second = queued_job(database, seeds=3)

    assert worker.work() == 1

    assert {state(database, job.id) for job in (first, second)} == {"succeeded"}
    with database.read() as session:
        found, _ = jobs.runs(session, second.id, None, None)
    assert [item.link.reused for item in found] == [True, True, False]


def test_jobs_that_are_queued_at_the_same_time_train_what_they_share_once(
    database: Database,
) -> None:
    first = queued_job(database, seeds=2, variants=[0])
    second = queued_job(database, seeds=3, variants=[0, 1])
    worker = FakeWorker(database)

    assert worker.work() == 9

    assert {state(database, job.id) for job in (first, second)} == {"succeeded"}
    assert all(epochs == [1, 2] for epochs in worker.trained.values())


@pytest.mark.slow
def test_jobs_that_are_made_at_once_make_each_run_once(database: Database) -> None:
    with database.write() as session:
        search_id = solved_search(session, limit=20).id
    wanted = needs(original(), 20, range(20))
    begin = threading.Barrier(8)

    def make(number: int) -> None:
        mine = wanted[::-1] if number % 2 else wanted  # whoever waits, waits in its own order
        begin.wait()
        database.transact(
            lambda session: jobs.create(session, search_id, asked(search_id, f"{number}"), mine)
        )

    threads = [threading.Thread(target=make, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(states(database)) == len(wanted)
    with database.read() as session:
        made, _ = jobs.newest(session, None, 100)
        counted = [jobs.progress(session, job) for job in made]
    assert [now.total for now in counted] == [len(wanted)] * 8
    assert sum(now.reused for now in counted) == 7 * len(wanted)


@pytest.mark.slow
def test_a_job_may_have_as_many_runs_as_are_allowed(database: Database) -> None:
    job = queued_job(database, seeds=500, variants=range(19))

    with database.read() as session:
        now = jobs.progress(session, jobs.get(session, job.id))
    assert (now.total, now.done, now.epochs_left) == (10_000, 0, 20_000)


def test_a_job_whose_runs_are_all_recorded_succeeds_without_training(database: Database) -> None:
    queued_job(database)
    worker = FakeWorker(database)
    worker.work()

    again = queued_job(database)

    assert worker.work() == 0
    assert state(database, again.id) == "succeeded"


def test_a_failed_run_is_tried_again_for_a_new_job(database: Database) -> None:
    queued_job(database, seeds=1)
    FakeWorker(database, fails=lambda _run: "no_space").work()

    again = queued_job(database, seeds=1)
    assert FakeWorker(database).work() == 1

    assert state(database, again.id) == "succeeded"
    with database.read() as session:
        (run,) = session.scalars(select(RunRow))
    assert (run.failure, run.error) == (None, None)


def test_a_cancelled_job_takes_its_runs_with_it(database: Database) -> None:
    job = queued_job(database, seeds=2)
    with database.write() as session:
        runs.claim(session, "w", 60, most=1)

    assert cancel(database, job.id)
    assert not cancel(database, job.id)

    assert FakeWorker(database).work() == 0
    assert states(database) == ["cancelled", "cancelled"]


def test_a_run_that_another_job_needs_survives_a_cancel(database: Database) -> None:
    cancelled = queued_job(database, seeds=2)
    kept = queued_job(database, seeds=1)

    cancel(database, cancelled.id)

    assert FakeWorker(database).work() == 1
    assert state(database, kept.id) == "succeeded"
    assert state(database, cancelled.id) == "cancelled"


def test_progress_counts_runs_by_state(database: Database) -> None:
    job = queued_job(database, seeds=3)
    with database.write() as session:
        (held,) = runs.claim(session, "w", 60, most=1)
        runs.finish(session, held, RESULT)
        runs.claim(session, "w", 60, most=1)

    with database.read() as session:
        now = jobs.progress(session, job)

    assert {group.state: group.runs for group in now.groups} == {
        "succeeded": 1,
        "running": 1,
        "queued": 1,
    }
    assert (now.total, now.done, now.epochs_left) == (3, 1, 4)
    assert now.mean_seconds == RESULT["seconds"]


def test_progress_counts_epochs_that_an_earlier_attempt_measured(database: Database) -> None:
    job = queued_job(database, seeds=1, epochs=4)

    def measure(epoch: int) -> Claim:
        with database.write() as session:
            (held,) = runs.claim(session, "w", 60)
            runs.beat(session, [held], 60, {held.id: [epoch_row(epoch)]})
        return held

    with database.write() as session:
        runs.release(session, [measure(1)])
    measure(2)

    with database.read() as session:
        assert jobs.progress(session, job).epochs_left == 2


def test_requests_that_were_stored_before_a_field_came_are_read_with_its_default(
    database: Database,
) -> None:
    job = queued_job(database)
    older = job.request.model_dump(mode="json")
    for later in ("training_images", "inputs"):
        del older[later]
    for later in (
        *("name", "beta1", "beta2", "schedule", "autocast", "tf32"),
        *("momentum", "nesterov", "warm_start"),
    ):
        del older["recipe"][later]
    with database.write() as session:
        documents = sa.table("jobs", sa.column("request", Document))
        session.execute(sa.update(documents).values(request=older))

    assert job_of(database, job.id).request == job.request


@pytest.mark.parametrize(
    ("name", "notes", "id_"),
    [
        ("digits-job", (), "22a04fcd77a2864ffb9d26918ad25efa"),
        ("digits-halving", ("a note",), "2398f810e60b46ab48a062b3ac1bff04"),
    ],
)
def test_jobs_keep_the_ids_that_earlier_versions_gave(
    name: str, notes: tuple[str, ...], id_: str
) -> None:
    request = JobRequest.model_validate({"search_id": SEARCH_ID, **example(name)})

    assert nth_id(jobs.content_hash(SEARCH_ID, document(request, notes)), 0) == id_


def test_an_environment_that_the_first_version_stored_can_be_read(database: Database) -> None:
    job = queued_job(database, seeds=1)
    FakeWorker(database).work()
    first = {"seed": 0, "threads": 1, "device": "cpu", "versions": {"python": "3.11.2"}}
    with database.write() as session:
        documents = sa.table("results", sa.column("environment", Document))
        session.execute(sa.update(documents).values(environment=first))

    with database.read() as session:
        (run,), _ = jobs.runs(session, job.id, None, 10)
    assert run.result is not None
    assert run.result.environment == Environment(
        seed=0, threads=1, device="cpu", versions={"python": "3.11.2"}
    )
