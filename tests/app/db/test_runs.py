import threading
from collections.abc import Callable

import pytest
from sqlalchemy import func, select, update

from app.db import jobs, runs
from app.db.engine import Database
from app.db.errors import LostLeaseError
from app.db.models import EpochRow, JobRow, ResultRow, RunRow
from app.db.runs import Claim
from app.db.types import database_time
from tests.factories import RESULT, queued_job

EPOCH = {
    "epoch": 1,
    "train_loss": 1.0,
    "validation_loss": 1.0,
    "validation_accuracy": 0.25,
    "seconds": 0.5,
}


def claim(database: Database, worker: str = "w", lease: float = 60) -> Claim | None:
    with database.write() as session:
        return runs.claim(session, worker, lease)


def claimed(database: Database, worker: str = "w") -> Claim:
    found = claim(database, worker)
    assert found is not None
    return found


def run_of(database: Database, id_: str) -> RunRow:
    with database.read() as session:
        row = session.get(RunRow, id_)
        assert row is not None
        return row


def let_leases_end(database: Database) -> None:
    with database.write() as session:
        session.execute(update(RunRow).values(lease_expires_at=database_time(-1)))


def test_runs_are_claimed_in_their_order_each_once(database: Database) -> None:
    queued_job(database, seeds=3)

    seeds = [claimed(database).seed for _ in range(3)]

    assert seeds == [0, 1, 2]
    assert claim(database) is None


def test_a_claimed_job_runs(database: Database) -> None:
    job = queued_job(database)

    claimed(database)

    with database.read() as session:
        assert jobs.get(session, job.id).state == "running"


def test_a_lease_is_measured_by_the_clock_of_the_database(database: Database) -> None:
    queued_job(database)
    held = claimed(database)

    with database.read() as session:
        seconds_left = session.scalars(
            select(RunRow.id).where(
                RunRow.id == held.id,
                RunRow.lease_expires_at > database_time(50),
                RunRow.lease_expires_at < database_time(70),
            )
        ).all()
    assert seconds_left == [held.id]


def test_a_run_whose_lease_ended_is_claimed_by_another(database: Database) -> None:
    queued_job(database, seeds=1)
    dead = claimed(database, "dead")
    assert claim(database, "alive") is None

    let_leases_end(database)
    alive = claimed(database, "alive")

    assert (alive.id, alive.attempt) == (dead.id, dead.attempt + 1)
    assert run_of(database, dead.id).worker == "alive"


@pytest.mark.parametrize(
    "write",
    [
        lambda session, held: runs.beat(session, held, 60, [EPOCH]),
        lambda session, held: runs.finish(session, held, RESULT),
        lambda session, held: runs.fail(session, held, "late"),
        lambda session, held: runs.lose(session, held, "late"),
        lambda session, held: runs.release(session, held),
    ],
    ids=["beat", "finish", "fail", "lose", "release"],
)
def test_a_worker_that_lost_its_lease_cannot_write(
    database: Database, write: Callable[[object, Claim], None]
) -> None:
    queued_job(database, seeds=1)
    late = claimed(database, "late")
    let_leases_end(database)
    owner = claimed(database, "owner")

    with pytest.raises(LostLeaseError), database.write() as session:
        write(session, late)

    run = run_of(database, owner.id)
    assert (run.state, run.attempt, run.worker) == ("running", owner.attempt, "owner")
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(ResultRow)) == 0
        assert session.scalar(select(func.count()).select_from(EpochRow)) == 0


def test_a_result_is_recorded_once_with_the_attempt_that_made_it(database: Database) -> None:
    queued_job(database, seeds=1)
    held = claimed(database)

    with database.write() as session:
        runs.finish(session, held, RESULT)
    with pytest.raises(LostLeaseError), database.write() as session:
        runs.finish(session, held, RESULT)

    assert run_of(database, held.id).state == "succeeded"
    with database.read() as session:
        results = session.scalars(select(ResultRow)).all()
        assert [(row.run_id, row.attempt) for row in results] == [(held.id, held.attempt)]


def test_an_epoch_of_a_new_attempt_replaces_that_of_the_old(database: Database) -> None:
    queued_job(database, seeds=1)
    first = claimed(database)
    with database.write() as session:
        runs.beat(session, first, 60, [EPOCH])
    let_leases_end(database)
    second = claimed(database)

    with database.write() as session:
        runs.beat(session, second, 60, [{**EPOCH, "train_loss": 0.5}])

    with database.read() as session:
        (epoch,) = session.scalars(select(EpochRow)).all()
    assert (epoch.attempt, epoch.train_loss) == (second.attempt, 0.5)


def test_a_run_that_loses_three_leases_fails(database: Database) -> None:
    queued_job(database, seeds=1)
    attempts = []
    for _ in range(runs.MAX_LOST):
        attempts.append(claimed(database).attempt)
        let_leases_end(database)

    assert claim(database) is None

    with database.read() as session:
        (run,) = session.scalars(select(RunRow)).all()
    assert attempts == [1, 2, 3]
    assert run.state == "failed"
    assert run.error == "given up after 3 attempts: its worker stopped answering"


def test_a_run_that_is_given_back_is_queued_at_once_and_not_counted_as_lost(
    database: Database,
) -> None:
    queued_job(database, seeds=1)
    for _ in range(runs.MAX_LOST + 1):
        held = claimed(database)
        with database.write() as session:
            runs.release(session, held)

    assert run_of(database, held.id).state == "queued"


def test_workers_that_claim_at_once_get_different_runs(database: Database) -> None:
    queued_job(database, seeds=24)
    found: list[str] = []

    def work() -> None:
        while held := claim(database):
            found.append(held.id)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == len(set(found)) == 24


def test_the_end_of_a_run_makes_the_results_of_its_jobs_stale(database: Database) -> None:
    job = queued_job(database, seeds=1)
    with database.write() as session:
        stale = jobs.next_stale(session)
        assert stale is not None
        jobs.settle(session, stale, {})
    held = claimed(database)
    with database.read() as session:
        assert not jobs.get(session, job.id).stale

    with database.write() as session:
        runs.finish(session, held, RESULT)

    with database.read() as session:
        row = session.get(JobRow, job.id)
        assert row is not None
        assert row.stale
