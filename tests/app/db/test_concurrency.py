"""Transactions that meet: none waits for another for ever, and nothing is left over."""

import random
import threading
import time
from collections.abc import Callable

import pytest
from sqlalchemy import exists, func, select, text
from sqlalchemy.orm import Session

from app.db import jobs, rungs, runs, studies
from app.db.engine import Database
from app.db.errors import LostLeaseError
from app.db.models import JobRow, RunRow, StudyRow
from app.db.runs import Claim
from app.states import OPEN
from tests.factories import RESULT, needs, original, queued_job
from tests.planned_studies import planned_study
from tests.workers import FakeWorker

UNWANTED = text(
    "SELECT count(*) FROM runs WHERE state IN ('queued', 'running') AND id NOT IN (SELECT run_id "
    "FROM job_runs JOIN jobs ON job_id = jobs.id WHERE jobs.state IN ('queued', 'running') UNION "
    "SELECT run_id FROM study_runs JOIN studies ON study_id = studies.id "
    "WHERE studies.state IN ('queued', 'running'))"
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
def test_jobs_and_studies_are_made_cancelled_and_worked_on_at_once(database: Database) -> None:
    """Whatever meets whatever: in the end all that is not cancelled is done, and each run once."""
    queued_job(database)
    made: list[tuple[Callable[[Session, str], bool], str]] = []
    dice = random.Random(0)
    workers = [FakeWorker(database, _score, most=dice.choice([1, 3, 8])) for _ in range(4)]

    def make() -> None:
        for _ in range(6):
            variants = dice.sample(range(20), 5)
            halving = dice.choice([None, (2, 1), (4, 1)])
            job = queued_job(database, 2, variants, epochs=4, halving=halving)
            study = planned_study(database, needs(original(), 2, variants, epochs=4))
            made.extend([(jobs.cancel, job.id), (studies.cancel, study.id)])

    def cancel() -> None:
        for _ in range(6):
            time.sleep(0.1)
            if made:
                how, id_ = dice.choice(made)
                with database.write() as session:
                    how(session, id_)

    making = [threading.Thread(target=make) for _ in range(2)]
    others = [threading.Thread(target=cancel)]
    others += [threading.Thread(target=_until, args=(worker, making)) for worker in workers]
    for thread in making + others:
        thread.start()
    for thread in making + others:
        thread.join()

    with database.read() as session:
        for table in (JobRow, StudyRow):
            states = set(session.scalars(select(table.state)))
            assert states <= {"succeeded", "cancelled"}
            assert session.scalar(select(func.count()).where(table.stale)) == 0
        assert session.scalar(UNWANTED) == 0
        assert session.scalar(UNRECORDED) == 0


def _score(claim: Claim, _epoch: int) -> float:
    return int(claim.id[:4], 16) / 0xFFFF


def _until(worker: FakeWorker, making: list[threading.Thread]) -> None:
    """Work until nothing is made any more and nothing is open; a cancel may take a run away."""
    while any(thread.is_alive() for thread in making) or _is_open(worker.database):
        try:
            worker.work()
        except LostLeaseError:
            continue
    worker.settle()


def _is_open(database: Database) -> bool:
    with database.read() as session:
        return any(
            session.scalar(select(exists().where(table.state.in_(OPEN))))
            for table in (JobRow, StudyRow)
        )
