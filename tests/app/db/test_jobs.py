from app.db import jobs, runs
from app.db.engine import Database
from app.db.models import RunRow
from tests.factories import RESULT, queued_job


def work_off(database: Database, *, fail: int = 0) -> int:
    """Finish what is queued, the first of them as failed; how many runs that were."""
    done = 0
    while True:
        with database.write() as session:
            held = runs.claim(session, "w", 60)
            if held is None:
                return done
            if done < fail:
                runs.fail(session, held, "diverged")
            else:
                runs.finish(session, held, RESULT)
        done += 1


def settle_all(database: Database) -> int:
    settled = 0
    while True:
        with database.write() as session:
            job = jobs.next_stale(session)
            if job is None:
                return settled
            jobs.settle(session, job, {"settled": settled})
        settled += 1


def state(database: Database, id_: str) -> str:
    with database.read() as session:
        return jobs.get(session, id_).state


def test_a_job_succeeds_when_all_its_runs_have(database: Database) -> None:
    job = queued_job(database, seeds=2)

    settle_all(database)
    assert state(database, job.id) == "queued"
    work_off(database)
    settle_all(database)

    assert state(database, job.id) == "succeeded"


def test_a_job_with_a_failed_run_fails_and_says_how_many(database: Database) -> None:
    job = queued_job(database, seeds=3)

    work_off(database, fail=1)
    settle_all(database)

    with database.read() as session:
        row = jobs.get(session, job.id)
    assert (row.state, row.error) == ("failed", "1 of 3 runs failed; each says why")
    assert row.finished_at is not None


def test_jobs_share_their_runs(database: Database) -> None:
    first = queued_job(database, seeds=2)
    work_off(database)
    second = queued_job(database, seeds=3)

    assert work_off(database) == 1
    settle_all(database)

    assert {state(database, job.id) for job in (first, second)} == {"succeeded"}
    with database.read() as session:
        found, _ = jobs.runs(session, second.id, None, None)
    assert [item.link.reused for item in found] == [True, True, False]


def test_a_job_whose_runs_are_all_recorded_succeeds_without_training(database: Database) -> None:
    queued_job(database)
    work_off(database)

    again = queued_job(database)
    settle_all(database)

    assert work_off(database) == 0
    assert state(database, again.id) == "succeeded"


def test_a_failed_run_is_tried_again_for_a_new_job(database: Database) -> None:
    queued_job(database, seeds=1)
    work_off(database, fail=1)

    again = queued_job(database, seeds=1)
    assert work_off(database) == 1
    settle_all(database)

    assert state(database, again.id) == "succeeded"


def test_a_cancelled_job_takes_its_runs_with_it(database: Database) -> None:
    job = queued_job(database, seeds=2)
    with database.write() as session:
        runs.claim(session, "w", 60)

    with database.write() as session:
        assert jobs.cancel(session, job.id)
    with database.write() as session:
        assert not jobs.cancel(session, job.id)

    assert work_off(database) == 0
    with database.read() as session:
        states = [row.state for row in session.query(RunRow)]
    assert states == ["cancelled", "cancelled"]


def test_a_run_that_another_job_needs_survives_a_cancel(database: Database) -> None:
    cancelled = queued_job(database, seeds=2)
    kept = queued_job(database, seeds=1)

    with database.write() as session:
        jobs.cancel(session, cancelled.id)

    assert work_off(database) == 1
    settle_all(database)
    assert state(database, kept.id) == "succeeded"
    assert state(database, cancelled.id) == "cancelled"


def test_progress_counts_runs_by_state(database: Database) -> None:
    job = queued_job(database, seeds=3)
    with database.write() as session:
        held = runs.claim(session, "w", 60)
        assert held is not None
        runs.finish(session, held, RESULT)
        runs.claim(session, "w", 60)

    with database.read() as session:
        progress = jobs.progress(session, job.id)

    assert progress.runs == {"succeeded": 1, "running": 1, "queued": 1}
    assert progress.mean_seconds == RESULT["seconds"]
