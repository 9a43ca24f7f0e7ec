"""Workers are known by the register, what they hold, what they ended, and what they lost."""

from typing import Any

from sqlalchemy import update

from app.db import register, runs
from app.db.engine import Database
from app.db.models import AttemptRow, RunRow, WorkerRow
from app.db.register import RECENT_SECONDS
from app.db.runs import GIVEN_BACK, SILENT, Claim
from app.db.types import database_time
from app.schemas.workers import WorkerView
from app.services.workers import lost, newest
from tests.factories import RESULT, original, queued_job
from tests.workers import entered, epoch_row

LEASE = 60.0


def claim(database: Database, name: str, lease: float = LEASE, most: int = 8) -> list[Claim]:
    with database.write() as session:
        return runs.claim(session, name, lease, most)


def change(database: Database, name: str, **values: Any) -> None:
    """Set columns of a worker in the register."""
    with database.write() as session:
        session.execute(update(WorkerRow).where(WorkerRow.name == name).values(**values))


def the_worker(database: Database, name: str = "a") -> WorkerView:
    return next(it for it in newest(database, None, 50).items if it.name == name)


def test_nobody_is_known_where_nobody_has_worked(database: Database) -> None:
    queued_job(database)

    assert newest(database, None, 50).items == []
    assert lost(database, 50) == []


def test_a_worker_says_who_it_is_and_waits(database: Database) -> None:
    entered(database, "a")

    worker = the_worker(database)

    assert (worker.state, worker.trainings) == ("idle", [])
    assert (worker.host, worker.process_id, worker.engine) == ("host", 4711, "process")
    assert worker.versions == {"python": "3.11", "torch": None}
    assert worker.device is None
    assert worker.stopped_at is None


def test_a_worker_that_holds_runs_is_busy_and_says_what_it_trains(database: Database) -> None:
    entered(database, "a")
    job = queued_job(database, seeds=2, epochs=5)
    held = claim(database, "a")
    with database.write() as session:
        runs.beat(session, held, LEASE, {it.id: [epoch_row(1)] for it in held})
        runs.beat(session, held[:1], LEASE, {held[0].id: [epoch_row(2)]})
        assert register.beat(session, "a", LEASE, "a GPU")

    worker = the_worker(database)

    (training,) = worker.trainings
    assert (worker.state, worker.device) == ("busy", "a GPU")
    assert (worker.runs_ended, worker.attempts_lost) == (0, 0)
    assert (training.architecture_id, training.name) == (original().id, original().name)
    assert (training.dataset, training.resolution) == ("digits", original().resolution)
    assert (training.seeds, training.epochs_done, training.target_epochs) == ([0, 1], 1, 5)
    assert [(it.kind, it.id) for it in training.asked] == [("job", job.id)]


def test_a_worker_that_is_not_heard_of_for_a_lease_is_silent_until_it_is(
    database: Database,
) -> None:
    entered(database, "a")
    queued_job(database)
    claim(database, "a")
    change(database, "a", seen_at=database_time(-90), silent_at=database_time(-30))

    silent = the_worker(database)
    with database.write() as session:
        register.beat(session, "a", LEASE, None)

    assert silent.state == "silent"
    assert silent.seen_seconds >= 90
    assert len(silent.trainings) == 1
    assert the_worker(database).state == "busy"


def test_a_silent_worker_stays_so_when_others_go_on_with_its_runs(database: Database) -> None:
    entered(database, "a", lease=-1)
    entered(database, "b")
    queued_job(database, seeds=2)
    claim(database, "a", lease=-1)
    claim(database, "b")

    a, b = the_worker(database, "a"), the_worker(database, "b")

    assert (a.state, a.attempts_lost) == ("silent", 2)
    assert (b.state, b.attempts_lost) == ("busy", 0)
    assert {(it.worker, it.reason) for it in lost(database, 50)} == {("a", SILENT)}


def test_a_worker_that_has_ended_in_good_order_is_stopped(database: Database) -> None:
    entered(database, "a")
    with database.write() as session:
        register.leave(session, "a")
    change(database, "a", silent_at=database_time(-30))

    worker = the_worker(database)

    assert worker.state == "stopped"
    assert worker.stopped_at is not None


def test_what_a_worker_gives_back_is_not_lost(database: Database) -> None:
    entered(database, "a")
    queued_job(database)
    held = claim(database, "a")
    with database.write() as session:
        runs.release(session, held)

    worker = the_worker(database)

    assert (worker.state, worker.attempts_lost, worker.trainings) == ("idle", 0, [])
    assert {it.reason for it in lost(database, 50)} == {GIVEN_BACK}


def test_runs_that_a_worker_ended_are_counted_for_a_day(database: Database) -> None:
    entered(database, "a")
    queued_job(database, seeds=3)
    held = claim(database, "a")
    with database.write() as session:
        runs.finish(session, held[0], RESULT)
        runs.fail(session, held[1], "error", "in words")
        runs.finish(session, held[2], RESULT)
        long_ago = {"finished_at": database_time(-RECENT_SECONDS - 60)}
        session.execute(update(RunRow).where(RunRow.id == held[2].id).values(long_ago))

    assert the_worker(database).runs_ended == 2


def test_attempts_that_came_to_nothing_are_listed_for_a_day(database: Database) -> None:
    queued_job(database, seeds=1)
    held = claim(database, "a")
    with database.write() as session:
        runs.release(session, held)
        session.execute(update(AttemptRow).values(ended_at=database_time(-RECENT_SECONDS - 60)))

    assert lost(database, 50) == []


def test_workers_that_were_not_heard_of_for_a_day_are_left_out_and_then_removed(
    database: Database,
) -> None:
    entered(database, "a")
    change(database, "a", seen_at=database_time(-RECENT_SECONDS - 60))
    listed = newest(database, None, 50).items
    entered(database, "b")

    assert listed == []
    with database.read() as session:
        assert session.get(WorkerRow, "a") is None
        assert session.get(WorkerRow, "b") is not None


def test_a_new_worker_takes_the_place_of_a_stopped_one_with_its_name(database: Database) -> None:
    entered(database, "a")
    with database.write() as session:
        register.leave(session, "a")
        register.beat(session, "a", LEASE, "a GPU")
        register.leave(session, "a")
    entered(database, "a")

    (worker,) = newest(database, None, 50).items

    assert (worker.state, worker.device, worker.stopped_at) == ("idle", None, None)


def test_workers_are_listed_in_pages(database: Database) -> None:
    for age, name in enumerate("cab"):
        entered(database, name, age=60.0 * age)

    first = newest(database, None, 2)
    second = newest(database, first.next, 2)

    assert [it.name for it in (*first.items, *second.items)] == ["c", "a", "b"]
    assert second.next is None
