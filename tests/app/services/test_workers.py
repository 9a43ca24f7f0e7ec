"""Workers are known by what they hold, what they ended, and what they lost."""

from typing import Any

import pytest
from sqlalchemy import update

from app.db import runs
from app.db.engine import Database
from app.db.models import AttemptRow, RunRow
from app.db.runs import GIVEN_BACK, SILENT, Claim
from app.db.types import database_time
from app.services.workers import RECENT_SECONDS, Worker, recent
from tests.factories import RESULT, original, queued_job
from tests.workers import epoch_row

LEASE = 60.0


def claim(database: Database, name: str, lease: float = LEASE, most: int = 8) -> list[Claim]:
    with database.write() as session:
        return runs.claim(session, name, lease, most)


def change(database: Database, **values: Any) -> None:
    """Set columns of all runs."""
    with database.write() as session:
        session.execute(update(RunRow).values(**values))


def the_worker(database: Database, name: str = "a") -> Worker:
    return next(it for it in recent(database).workers if it.name == name)


def test_nobody_is_known_where_nobody_has_worked(database: Database) -> None:
    queued_job(database)

    found = recent(database)

    assert (found.workers, found.lost) == ([], [])


def test_a_worker_is_alive_while_it_holds_a_lease_and_says_what_it_trains(
    database: Database,
) -> None:
    job = queued_job(database, seeds=2, epochs=5)
    held = claim(database, "a")
    with database.write() as session:
        runs.beat(session, held, LEASE, {it.id: [epoch_row(1)] for it in held})
        runs.beat(session, held[:1], LEASE, {held[0].id: [epoch_row(2)]})

    worker = the_worker(database)

    (training,) = worker.trainings
    assert (worker.state, worker.seen, worker.ended, worker.lost) == ("alive", None, 0, 0)
    assert (training.architecture_id, training.name) == (original().id, original().name)
    assert (training.dataset, training.resolution) == ("digits", original().resolution)
    assert (training.seeds, training.epochs_done, training.target_epochs) == ([0, 1], 1, 5)
    assert [(it.kind, it.id) for it in training.asked] == [("job", job.id)]


def test_a_worker_whose_lease_is_over_is_silent(database: Database) -> None:
    queued_job(database)
    claim(database, "a")
    change(database, lease_expires_at=database_time(-30))

    worker = the_worker(database)

    assert worker.state == "silent"
    assert worker.seen is not None
    assert worker.seen >= 30
    assert len(worker.trainings) == 1


def test_a_silent_worker_stays_so_when_others_go_on_with_its_runs(database: Database) -> None:
    queued_job(database, seeds=2)
    claim(database, "a", lease=-1)
    claim(database, "b")

    found = recent(database)

    assert [(it.name, it.state, it.lost) for it in found.workers] == [
        ("a", "silent", 2),
        ("b", "alive", 0),
    ]
    assert {(it.worker, it.reason) for it in found.lost} == {("a", SILENT)}


def test_a_silent_worker_that_takes_a_run_is_alive_again(database: Database) -> None:
    queued_job(database)
    claim(database, "a", lease=-1)
    claim(database, "a")

    worker = the_worker(database)

    assert (worker.state, worker.lost) == ("alive", 2)


def test_a_worker_that_gives_its_runs_back_is_idle_and_has_lost_nothing(
    database: Database,
) -> None:
    queued_job(database)
    held = claim(database, "a")
    with database.write() as session:
        runs.release(session, held)

    worker = the_worker(database)

    assert (worker.state, worker.lost, worker.trainings) == ("idle", 0, [])
    assert {it.reason for it in recent(database).lost} == {GIVEN_BACK}


def test_a_worker_is_idle_behind_its_last_run(database: Database) -> None:
    queued_job(database)
    held = claim(database, "a")
    with database.write() as session:
        runs.finish(session, held[0], RESULT)
        runs.fail(session, held[1], "error", "in words")

    worker = the_worker(database)

    assert (worker.state, worker.ended) == ("idle", 2)
    assert worker.seen is not None


def test_a_worker_that_was_silent_and_then_ended_a_run_is_idle(database: Database) -> None:
    queued_job(database, seeds=1)
    claim(database, "a", lease=-1)
    held = claim(database, "a")
    with database.write() as session:
        session.execute(update(AttemptRow).values(ended_at=database_time(-5)))
        runs.finish(session, held[0], RESULT)

    assert the_worker(database).state == "idle"


@pytest.mark.parametrize("state", ["succeeded", "queued"])
def test_workers_that_were_not_seen_for_long_are_left_out(database: Database, state: str) -> None:
    long_ago = database_time(-RECENT_SECONDS - 60)
    queued_job(database)
    held = claim(database, "a")
    with database.write() as session:
        if state == "succeeded":
            for it in held:
                runs.finish(session, it, RESULT)
            session.execute(update(RunRow).values(finished_at=long_ago))
        else:
            runs.release(session, held)
            session.execute(update(AttemptRow).values(ended_at=long_ago))

    assert recent(database).workers == []
