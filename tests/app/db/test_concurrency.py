"""Transactions that meet: none waits for another for ever, and nothing is left over."""

import random
import threading
import time

import pytest
from sqlalchemy import func, select, text

from app.db import jobs, rungs, runs
from app.db.engine import Database
from app.db.errors import LostLeaseError
from app.db.models import JobRow, RunRow
from app.db.runs import Claim
from tests.factories import RESULT, queued_job
from tests.workers import FakeWorker

UNWANTED = text(
    "SELECT count(*) FROM runs WHERE state IN ('queued', 'running') AND id NOT IN (SELECT run_id "
    "FROM job_runs JOIN jobs ON job_id = jobs.id WHERE jobs.state IN ('queued', 'running'))"
)
UNRECORDED = text(
    "SELECT count(*) FROM runs LEFT JOIN results ON run_id = id "
    "WHERE (state = 'succeeded') <> (run_id IS NOT NULL)"
)


@pytest.mark.postgres
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_runs_that_end_in_one_transaction_and_a_cancel_do_not_wait_for_each_other(
    database: Database,
) -> None:
    job = queued_job(database, seeds=3)
    with database.write() as session:
        held = runs.claim(session, "w", 60)
    held.sort(key=lambda claim: claim.id, reverse=True)

    def cancel() -> None:
        with database.write() as session:
            jobs.cancel(session, job.id)

    cancelling = threading.Thread(target=cancel)
    with database.write() as session:
        first, *others = runs.hold(session, held)
        runs.finish(session, first, RESULT)
        cancelling.start()
        cancelling.join(0.3)
        for claim in others:
            runs.finish(session, claim, RESULT)
    cancelling.join()

    with database.read() as session:
        assert set(session.scalars(select(RunRow.state))) == {"succeeded"}
        assert session.scalar(UNRECORDED) == 0


@pytest.mark.postgres
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_cancel_takes_back_what_a_rung_has_just_queued(database: Database) -> None:
    job = queued_job(database, seeds=1, variants=range(4), epochs=4, halving=(2, 1))
    worker = FakeWorker(database)
    with database.write() as session:
        held = [runs.claim(session, "w", 60)[0] for _ in range(5)]
    worker.train(held[1:])

    def cancel() -> None:
        with database.write() as session:
            jobs.cancel(session, job.id)

    cancelling = threading.Thread(target=cancel)
    with database.write() as session:
        stale = jobs.next_stale(session)
        assert stale is not None
        assert rungs.advance(session, stale)
        cancelling.start()
        cancelling.join(0.3)
        assert cancelling.is_alive()
    cancelling.join()

    with database.read() as session:
        states = sorted(session.scalars(select(RunRow.state)))
    assert states == ["cancelled", "cancelled", "cancelled", "paused", "paused"]


@pytest.mark.slow
def test_jobs_are_made_cancelled_and_worked_on_at_once(database: Database) -> None:
    """Whatever meets whatever: in the end all that is not cancelled is done, and each run once."""
    queued_job(database)
    made: list[str] = []
    dice = random.Random(0)
    workers = [FakeWorker(database, _score, most=dice.choice([1, 3, 8])) for _ in range(4)]

    def make() -> None:
        for _ in range(6):
            variants = dice.sample(range(20), 5)
            halving = dice.choice([None, (2, 1), (4, 1)])
            made.append(queued_job(database, 2, variants, epochs=4, halving=halving).id)

    def cancel() -> None:
        for _ in range(4):
            time.sleep(0.1)
            if made:
                with database.write() as session:
                    jobs.cancel(session, dice.choice(made))

    making = [threading.Thread(target=make) for _ in range(2)]
    others = [threading.Thread(target=cancel)]
    others += [threading.Thread(target=_until, args=(worker, making)) for worker in workers]
    for thread in making + others:
        thread.start()
    for thread in making + others:
        thread.join()

    with database.read() as session:
        states = set(session.scalars(select(JobRow.state)))
        assert states <= {"succeeded", "cancelled"}
        assert session.scalar(select(func.count()).where(JobRow.stale)) == 0
        assert session.scalar(UNWANTED) == 0
        assert session.scalar(UNRECORDED) == 0


def _score(claim: Claim, _epoch: int) -> float:
    return int(claim.id[:4], 16) / 0xFFFF


def _until(worker: FakeWorker, making: list[threading.Thread]) -> None:
    """Work until no job is made any more and none is open; a cancel may take a run away."""
    while any(thread.is_alive() for thread in making) or _open_jobs(worker.database):
        try:
            worker.work()
        except LostLeaseError:
            continue
    worker.settle()


def _open_jobs(database: Database) -> int:
    with database.read() as session:
        query = select(func.count()).where(JobRow.state.in_(("queued", "running")))
        return session.scalar(query) or 0
