import threading
from collections.abc import Callable
from typing import get_args

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from app.db import jobs, runs
from app.db.engine import Database
from app.db.errors import LostLeaseError
from app.db.models import AttemptRow, EpochRow, JobRow, LateWriteRow, ResultRow, RunRow
from app.db.runs import Claim
from app.db.types import database_time
from app.experiments.failures import FAILURES, Failure
from app.services.job_views import run_view
from tests.factories import RESULT, queued_job
from tests.workers import epoch_row
from trainer.summary import summary

EPOCH = epoch_row(1, accuracy=0.25)


def claim(database: Database, worker: str = "w", lease: float = 60, most: int = 8) -> list[Claim]:
    with database.write() as session:
        return runs.claim(session, worker, lease, most)


def claimed(database: Database, worker: str = "w") -> Claim:
    (found,) = claim(database, worker, most=1)
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
    assert claim(database) == []


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
    assert claim(database, "alive") == []

    let_leases_end(database)
    alive = claimed(database, "alive")

    assert (alive.id, alive.attempt) == (dead.id, dead.attempt + 1)
    assert run_of(database, dead.id).worker == "alive"


@pytest.mark.parametrize(
    "write",
    [
        lambda session, held: runs.finish(session, held, RESULT),
        lambda session, held: runs.fail(session, held, "error", "late"),
        lambda session, held: runs.pause(session, held),
    ],
    ids=["finish", "fail", "pause"],
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
        runs.beat(session, [first], 60, {first.id: [EPOCH]})
    let_leases_end(database)
    second = claimed(database)

    with database.write() as session:
        runs.beat(session, [second], 60, {second.id: [{**EPOCH, "train_loss": 0.5}]})

    with database.read() as session:
        (epoch,) = session.scalars(select(EpochRow)).all()
    assert (epoch.attempt, epoch.train_loss) == (second.attempt, 0.5)


def test_a_run_that_loses_three_leases_fails(database: Database) -> None:
    queued_job(database, seeds=1)
    attempts = []
    for _ in range(runs.MAX_LOST):
        attempts.append(claimed(database).attempt)
        let_leases_end(database)

    assert claim(database) == []

    with database.read() as session:
        (run,) = session.scalars(select(RunRow)).all()
    assert attempts == [1, 2, 3]
    assert run.state == "failed"
    assert run.failure == "lost"
    assert run.error == "given up after 3 attempts: its worker stopped answering"


def test_a_run_that_is_given_back_is_queued_at_once_and_not_counted_as_lost(
    database: Database,
) -> None:
    queued_job(database, seeds=1)
    for _ in range(runs.MAX_LOST + 1):
        held = claimed(database)
        with database.write() as session:
            runs.release(session, [held])

    assert run_of(database, held.id).state == "queued"


def test_workers_that_claim_at_once_get_different_runs(database: Database) -> None:
    queued_job(database, seeds=24)
    found: list[str] = []

    def work() -> None:
        while held := claim(database, most=1):
            found.append(held[0].id)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == len(set(found)) == 24


def test_the_seeds_of_a_network_are_claimed_at_once_each_with_its_own_attempt(
    database: Database,
) -> None:
    queued_job(database, seeds=3, variants=[0])

    original, variant = claim(database), claim(database)

    assert [held.seed for held in original] == [held.seed for held in variant] == [0, 1, 2]
    assert len({held.id for held in original + variant}) == 6
    assert {held.attempt for held in original + variant} == {1}
    assert {held.target_epochs for held in original} == {2}
    assert claim(database) == []


def test_no_more_runs_are_claimed_at_once_than_asked_for(database: Database) -> None:
    queued_job(database, seeds=5)

    stacks = [claim(database, most=2) for _ in range(3)]

    assert [[held.seed for held in stack] for stack in stacks] == [[0, 1], [2, 3], [4]]


def test_runs_that_are_wanted_equally_far_are_claimed_at_once_and_no_others(
    database: Database,
) -> None:
    queued_job(database, seeds=3)
    with database.write() as session:
        session.execute(update(RunRow).where(RunRow.seed == 1).values(target_epochs=1))

    first, second = claim(database), claim(database)

    assert [held.seed for held in first] == [0, 2]
    assert [(held.seed, held.target_epochs) for held in second] == [(1, 1)]


def test_several_stacks_are_claimed_in_one_transaction_as_far_as_there_are_some(
    database: Database,
) -> None:
    older = queued_job(database, seeds=2, variants=[0])
    younger = queued_job(database, seeds=3, tag="mnist")

    def batch(stacks: int) -> list[list[int]]:
        with database.write() as session:
            claimed = runs.claim_stacks(session, "w", 60, stacks)
        return [[held.seed for held in stack] for stack in claimed]

    def states() -> list[str]:
        with database.read() as session:
            return [jobs.get(session, job.id).state for job in (older, younger)]

    assert batch(2) == [[0, 1], [0, 1]]
    assert states() == ["running", "queued"]
    assert batch(2) == [[0, 1, 2]]
    assert states() == ["running", "running"]
    assert batch(2) == []


def test_the_oldest_run_is_claimed_first_with_younger_ones_of_its_stack(
    database: Database,
) -> None:
    with_three = queued_job(database, seeds=3)
    queued_job(database, seeds=2, tag="mnist")
    with database.write() as session:
        youngest = RunRow.dataset == "digits", RunRow.seed < 2
        session.execute(update(RunRow).where(*youngest).values(created_at=database_time(60)))

    first, second = claim(database), claim(database)

    assert [held.seed for held in first] == [0, 1, 2]
    assert {held.dataset for held in first} == {"digits"}
    assert {held.dataset for held in second} == {"mnist"}
    with database.read() as session:
        assert jobs.get(session, with_three.id).state == "running"


def test_workers_that_claim_at_once_split_no_stack(database: Database) -> None:
    """A quick look that runs on both databases; PostgreSQL is tried harder below."""
    queued_job(database, seeds=4, variants=range(12))
    assert stacks_claimed(database, 6) == [4] * 13


@pytest.mark.postgres
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_sixteen_workers_claim_every_run_once_and_split_no_stack(database: Database) -> None:
    """With statistics that know nothing of the runs, as in a database that has just been filled."""
    seeds, networks = 6, 19
    for tag in ("digits", "mnist", "fashion_mnist", "cifar10"):
        queued_job(database, seeds=seeds, variants=range(networks), tag=tag)

    assert stacks_claimed(database, 16) == [seeds] * (networks + 1) * 4


def stacks_claimed(database: Database, workers: int) -> list[int]:
    """Sizes of the stacks that so many workers claim at once, and that no run came twice."""
    found: list[list[Claim]] = []
    begin = threading.Barrier(workers)

    def work() -> None:
        begin.wait()
        while held := claim(database):
            found.append(held)

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids = [held.id for stack in found for held in stack]
    assert len(ids) == len(set(ids))
    with database.read() as session:
        assert len(ids) == session.scalar(select(func.count()).select_from(RunRow))
    return [len(stack) for stack in found]


def test_the_last_attempt_at_a_run_is_made_alone(database: Database) -> None:
    """What kills its process may take the rest of its stack along, but not for the last time."""
    queued_job(database, seeds=3)
    for _ in range(runs.MAX_LOST - 1):
        assert len(claim(database)) == 3
        let_leases_end(database)

    alone = [claim(database) for _ in range(3)]

    assert [[held.seed for held in stack] for stack in alone] == [[0], [1], [2]]


def test_a_run_that_was_cancelled_drops_out_of_its_stack(database: Database) -> None:
    queued_job(database, seeds=3)
    held = claim(database)
    with database.write() as session:
        session.execute(update(RunRow).where(RunRow.seed == 1).values(state="cancelled"))

    with database.write() as session:
        kept = runs.beat(session, held, 60, {one.id: [EPOCH] for one in held})

    assert kept == [held[0], held[2]]
    with database.read() as session:
        measured = set(session.scalars(select(EpochRow.run_id)))
    assert measured == {one.id for one in kept}
    assert run_of(database, held[1].id).epochs_done == 0


def test_what_is_lost_or_given_back_leaves_other_attempts_alone(database: Database) -> None:
    queued_job(database, seeds=3)
    late = claim(database)
    with database.write() as session:
        robbed = RunRow.seed == 0
        session.execute(update(RunRow).where(robbed).values(attempt=9, worker="robber"))

    with database.write() as session:
        assert runs.lose(session, late[:2], "killed") == [late[1]]
        assert runs.release(session, [late[0], late[2]]) == [late[2]]

    first, second, third = (run_of(database, one.id) for one in late)
    assert (first.state, first.worker, first.lost) == ("running", "robber", 0)
    assert (second.state, second.lost) == ("queued", 1)
    assert (third.state, third.lost) == ("queued", 0)


def claimed_again(database: Database) -> Claim:
    """The second attempt at a run: the first one measured an epoch, and gave it back."""
    queued_job(database, seeds=1)
    first = claimed(database)
    with database.write() as session:
        runs.beat(session, [first], 60, {first.id: [EPOCH]})
        runs.release(session, [first])
    return claimed(database)


def attempts_by_epoch(database: Database) -> list[tuple[int, int]]:
    """Each epoch that is recorded, with the attempt that measured it."""
    with database.read() as session:
        measured = session.scalars(select(EpochRow).order_by(EpochRow.epoch))
        return [(row.epoch, row.attempt) for row in measured]


def test_epochs_of_an_earlier_attempt_are_kept_as_it_measured_them(database: Database) -> None:
    second = claimed_again(database)

    with database.write() as session:
        runs.beat(session, [second], 60, {second.id: [{**EPOCH, "epoch": 2}]})

    assert attempts_by_epoch(database) == [(1, 1), (2, 2)]
    assert run_of(database, second.id).epochs_done == 2


def test_an_epoch_that_is_told_again_stays_with_the_attempt_that_measured_it(
    database: Database,
) -> None:
    """Who goes on from a checkpoint tells all its epochs: the last may not have been recorded."""
    second = claimed_again(database)

    with database.write() as session:
        runs.beat(session, [second], 60, {second.id: [EPOCH, {**EPOCH, "epoch": 2}]})

    assert attempts_by_epoch(database) == [(1, 1), (2, 2)]


def test_a_run_that_begins_anew_takes_no_progress_back(database: Database) -> None:
    queued_job(database, seeds=1)
    for epochs in ([1, 2], [1]):
        held = claimed(database)
        with database.write() as session:
            rows = [{**EPOCH, "epoch": epoch} for epoch in epochs]
            runs.beat(session, [held], 60, {held.id: rows})
            runs.release(session, [held])

    assert run_of(database, held.id).epochs_done == 2


def test_a_failed_run_names_the_kind_of_failure(database: Database) -> None:
    queued_job(database, seeds=1)
    held = claimed(database)

    with database.write() as session:
        runs.fail(session, held, "no_space", "the disk is full")

    run = run_of(database, held.id)
    assert (run.state, run.failure, run.error) == ("failed", "no_space", "the disk is full")


def test_every_kind_of_failure_can_be_recorded(database: Database) -> None:
    queued_job(database, seeds=len(FAILURES))
    held = claim(database, most=len(FAILURES))

    with database.write() as session:
        for one, failure in zip(runs.hold(session, held), get_args(Failure), strict=True):
            runs.fail(session, one, failure, "in words")

    with database.read() as session:
        assert set(session.scalars(select(RunRow.failure))) == set(FAILURES)


def test_an_unknown_kind_of_failure_is_refused(database: Database) -> None:
    queued_job(database, seeds=1)
    held = claimed(database)

    with pytest.raises(IntegrityError), database.write() as session:
        runs.fail(session, held, "tired", "it did not feel like it")  # type: ignore[arg-type]


def test_a_run_is_paused_at_its_target(database: Database) -> None:
    queued_job(database, seeds=1, variants=[0, 1], halving=(2, 1))
    _, held = claimed(database), claimed(database)
    assert held.target_epochs == 1

    with database.write() as session:
        runs.beat(session, [held], 60, {held.id: [EPOCH]})
        runs.pause(session, held)

    run = run_of(database, held.id)
    assert (run.state, run.lease_expires_at, run.epochs_done) == ("paused", None, 1)


def test_a_run_that_was_wanted_further_meanwhile_is_queued_again_at_its_target(
    database: Database,
) -> None:
    queued_job(database, seeds=1, variants=[0, 1], halving=(2, 1))
    _, held = claimed(database), claimed(database)
    queued_job(database, seeds=1, variants=[0])

    with database.write() as session:
        runs.beat(session, [held], 60, {held.id: [EPOCH]})
        runs.pause(session, held)

    run = run_of(database, held.id)
    assert (run.state, run.target_epochs) == ("queued", 2)


@pytest.mark.postgres
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_pause_that_waits_for_a_job_that_wants_more_sees_it(database: Database) -> None:
    queued_job(database, seeds=1, variants=[0, 1], halving=(2, 1))
    _, held = claimed(database), claimed(database)

    def pause() -> None:
        with database.write() as session:
            runs.pause(session, held)

    pausing = threading.Thread(target=pause)
    with database.write() as session:
        session.execute(update(RunRow).where(RunRow.id == held.id).values(target_epochs=2))
        pausing.start()
        pausing.join(0.3)
        assert pausing.is_alive()
    pausing.join()

    run = run_of(database, held.id)
    assert (run.state, run.target_epochs) == ("queued", 2)


def test_the_end_of_a_run_makes_the_results_of_its_jobs_stale(database: Database) -> None:
    job = queued_job(database, seeds=1)
    with database.write() as session:
        stale = jobs.next_stale(session)
        assert stale is not None
        jobs.settle(session, stale, summary(session, stale))
    held = claimed(database)
    with database.read() as session:
        assert not jobs.get(session, job.id).stale

    with database.write() as session:
        runs.finish(session, held, RESULT)

    with database.read() as session:
        row = session.get(JobRow, job.id)
        assert row is not None
        assert row.stale


def traces(database: Database) -> list[tuple[int, str | None, str]]:
    with database.read() as session:
        rows = session.scalars(select(AttemptRow).order_by(AttemptRow.run_id, AttemptRow.attempt))
        return [(row.attempt, row.worker, row.reason) for row in rows]


def test_each_attempt_that_comes_to_nothing_leaves_a_trace(database: Database) -> None:
    queued_job(database, seeds=1)
    claimed(database, "dead")
    let_leases_end(database)
    with database.write() as session:
        runs.lose(session, [runs.claim(session, "killed", 60)[0]], "killed by SIGKILL")
    with database.write() as session:
        runs.release(session, [runs.claim(session, "stopped", 60)[0]])
    last = claimed(database, "alive")
    with database.write() as session:
        runs.finish(session, last, RESULT)

    assert traces(database) == [
        (1, "dead", "its worker stopped answering"),
        (2, "killed", "killed by SIGKILL"),
        (3, "stopped", "its worker gave it back"),
    ]


@pytest.mark.slow
def test_a_run_that_is_given_up_has_the_trace_of_every_attempt(database: Database) -> None:
    job = queued_job(database, seeds=1)
    for number in range(runs.MAX_LOST):
        claimed(database, f"worker-{number}")
        let_leases_end(database)
    claim(database)

    with database.read() as session:
        ((run,), _) = jobs.runs(session, job.id, None, None)
    view = run_view(run)

    assert view.state == "failed"
    assert [(lost.attempt, lost.worker) for lost in view.lost_attempts] == [
        (1, "worker-0"),
        (2, "worker-1"),
        (3, "worker-2"),
    ]
    assert all(lost.started_at and lost.started_at < lost.ended_at for lost in view.lost_attempts)


def test_a_heartbeat_that_comes_too_late_keeps_nothing_and_is_counted(database: Database) -> None:
    queued_job(database, seeds=2)
    late = claim(database, "late")
    let_leases_end(database)
    owner = claim(database, "owner")

    for _ in range(2):
        with database.write() as session:
            assert runs.beat(session, late, 60, {late[0].id: [EPOCH]}) == []

    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(ResultRow)) == 0
        assert session.scalar(select(func.count()).select_from(EpochRow)) == 0
        counted = session.scalars(select(LateWriteRow).order_by(LateWriteRow.run_id)).all()
        written = [(row.run_id, row.attempt, row.writes) for row in counted]
    assert written == sorted((one.id, 1, 2) for one in late)
    for one in owner:
        run = run_of(database, one.id)
        assert (run.state, run.attempt, run.worker) == ("running", one.attempt, "owner")


def test_urgent_runs_are_claimed_first_and_those_as_urgent_by_age(database: Database) -> None:
    for tag, priority in (("first", 0), ("last", -1), ("second", 0), ("urgent", 5)):
        queued_job(database, seeds=1, tag=tag, priority=priority)

    order = [claimed(database).dataset for _ in range(4)]

    assert order == ["urgent", "first", "second", "last"]


def test_a_run_is_as_urgent_as_the_most_urgent_open_job_that_wants_it(database: Database) -> None:
    queued_job(database, seeds=1, tag="older")
    queued_job(database, seeds=1, tag="shared", priority=-1)
    urgent = queued_job(database, seeds=1, tag="shared", priority=3)
    with database.read() as session:
        shared = session.scalars(select(RunRow).where(RunRow.dataset == "shared")).one()
    assert shared.nice == -3

    with database.write() as session:
        jobs.cancel(session, urgent.id)

    assert run_of(database, shared.id).nice == 1
    assert claimed(database).dataset == "older"


def test_a_late_write_is_logged(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    queued_job(database, seeds=1)
    late = claimed(database, "late")
    let_leases_end(database)
    claimed(database, "owner")

    with pytest.raises(LostLeaseError), database.write() as session:
        runs.finish(session, late, RESULT)

    assert f"run {late.id}, attempt 1: a late write was refused" in caplog.text
