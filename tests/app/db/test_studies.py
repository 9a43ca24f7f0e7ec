"""Studies and jobs share runs, and each ends by itself."""

import pytest
from sqlalchemy import select, update

from app.db import jobs, runs, studies
from app.db.engine import Database
from app.db.models import RunRow, StudyRow
from app.db.progress import failed_runs
from app.db.types import database_time
from app.errors import ConflictError
from app.experiments.failures import Failure
from app.services import searches
from tests.factories import RESULT, needs, original, queued_job, queued_search, solved_search
from tests.planned_studies import claimed_study, planned_study, study_of
from tests.workers import FakeWorker, epoch_row


def job_state(database: Database, id_: str) -> str:
    with database.read() as session:
        return jobs.get(session, id_).state


def cancel(database: Database, id_: str) -> bool:
    with database.write() as session:
        return studies.cancel(session, id_)


def column(database: Database, name: str) -> list[object]:
    """A column of all runs, by seed."""
    with database.read() as session:
        return list(session.scalars(select(getattr(RunRow, name)).order_by(RunRow.seed)))


def stale(database: Database) -> StudyRow | None:
    with database.write() as session:
        return studies.next_stale(session)


def finish_one(database: Database) -> None:
    with database.write() as session:
        (held,) = runs.claim(session, "w", 60, most=1)
        runs.finish(session, held, RESULT)


def test_a_study_is_trained_settled_and_ended_by_workers(database: Database) -> None:
    study = planned_study(database)

    assert FakeWorker(database).work() == 2

    row = study_of(database, study.id)
    assert (row.state, row.phase, row.error, row.stale) == ("succeeded", "ended", None, False)
    assert row.finished_at is not None
    assert row.results is not None
    (network,) = row.results.networks
    assert network.architecture_id == original().id
    assert network.accuracy.n == 2
    assert (network.params, network.flops) > (0, 0)


def test_a_study_does_not_train_again_what_a_job_has_recorded(database: Database) -> None:
    job = queued_job(database, seeds=2)
    worker = FakeWorker(database)
    worker.work()

    study = planned_study(database, needs(original(), 3))

    assert worker.work() == 1
    assert study_of(database, study.id).state == "succeeded"
    assert job_state(database, job.id) == "succeeded"
    with database.read() as session:
        assert studies.progress(session, study).reused == 2


def test_a_job_does_not_train_again_what_a_study_has_recorded(database: Database) -> None:
    study = planned_study(database)
    worker = FakeWorker(database)
    worker.work()

    job = queued_job(database, seeds=3)

    assert worker.work() == 1
    assert job_state(database, job.id) == "succeeded"
    assert study_of(database, study.id).state == "succeeded"


def test_a_study_whose_runs_are_all_recorded_succeeds_without_training(
    database: Database,
) -> None:
    queued_job(database)
    worker = FakeWorker(database)
    worker.work()

    study = planned_study(database)

    assert worker.work() == 0
    assert study_of(database, study.id).state == "succeeded"


def test_a_job_and_a_study_that_wait_for_a_run_both_end_with_it(database: Database) -> None:
    job = queued_job(database)
    study = planned_study(database)

    assert FakeWorker(database).work() == 2

    assert job_state(database, job.id) == "succeeded"
    assert study_of(database, study.id).state == "succeeded"


def test_a_failed_run_is_tried_again_for_a_study(database: Database) -> None:
    queued_job(database)
    FakeWorker(database, fails=lambda _run: "no_space").work()

    study = planned_study(database)

    assert FakeWorker(database).work() == 2
    assert study_of(database, study.id).state == "succeeded"


def test_a_run_that_a_job_paused_goes_on_for_a_study(database: Database) -> None:
    job = queued_job(database, seeds=1, variants=range(4), epochs=4, halving=(2, 1))
    worker = FakeWorker(database)
    worker.work()
    assert "paused" in column(database, "state")

    study = planned_study(database, needs(original(), 1, range(4), epochs=4), seeds=1)
    worker.work()

    assert set(column(database, "state")) == {"succeeded"}
    assert all(epochs == [1, 2, 3, 4] for epochs in worker.trained.values())
    assert study_of(database, study.id).state == "succeeded"
    assert job_state(database, job.id) == "succeeded"


def test_a_rung_is_decided_while_a_study_trains_its_runs_further(database: Database) -> None:
    job = queued_job(database, seeds=1, variants=range(2), epochs=4, halving=(2, 1))
    planned_study(database, needs(original(), 1, range(2), epochs=4), seeds=1)
    worker = FakeWorker(database)
    worker.settle()
    with database.write() as session:
        for _ in range(3):
            held = runs.claim(session, "w", 60)
            runs.beat(session, held, 60, {claim.id: [epoch_row(1)] for claim in held})

    worker.settle()

    with database.read() as session:
        first = jobs.get(session, job.id).rungs[0]
    assert first.kept is not None


def test_cancelling_a_study_leaves_what_a_job_needs(database: Database) -> None:
    job = queued_job(database, seeds=1)
    study = planned_study(database)

    assert cancel(database, study.id)
    assert not cancel(database, study.id)

    assert column(database, "state") == ["queued", "cancelled"]
    assert FakeWorker(database).work() == 1
    assert job_state(database, job.id) == "succeeded"
    row = study_of(database, study.id)
    assert (row.state, row.phase, row.stale) == ("cancelled", "ended", False)
    assert row.finished_at is not None


def test_cancelling_a_job_leaves_what_a_study_needs(database: Database) -> None:
    study = planned_study(database, needs(original(), 1))
    job = queued_job(database, seeds=2)

    with database.write() as session:
        assert jobs.cancel(session, job.id)

    assert column(database, "state") == ["queued", "cancelled"]
    assert FakeWorker(database).work() == 1
    assert study_of(database, study.id).state == "succeeded"


def test_cancelling_a_study_leaves_what_another_study_needs(database: Database) -> None:
    cancelled, kept = (planned_study(database, seed=seed) for seed in range(2))

    cancel(database, cancelled.id)

    assert FakeWorker(database).work() == 2
    assert study_of(database, kept.id).state == "succeeded"


@pytest.mark.parametrize(("of_job", "of_study"), [(1, 5), (5, 1)])
def test_a_run_is_as_urgent_as_the_most_urgent_of_those_who_want_it(
    of_job: int, of_study: int, database: Database
) -> None:
    queued_job(database, priority=of_job)
    study = planned_study(database, priority=of_study)
    assert column(database, "nice") == [-5, -5]

    cancel(database, study.id)

    assert column(database, "nice") == [-of_job, -of_job]


def test_runs_of_an_urgent_study_are_claimed_first(database: Database) -> None:
    queued_job(database, tag="first")
    planned_study(database, needs(original(), tag="urgent"), priority=1)

    with database.write() as session:
        claims = runs.claim(session, "w", 60)

    assert {claim.dataset for claim in claims} == {"urgent"}


def test_a_study_succeeds_although_some_runs_failed(database: Database) -> None:
    study = planned_study(database, needs(original(), 3))
    kinds: dict[int, Failure] = {0: "diverged"}

    FakeWorker(database, fails=lambda run: kinds.get(run.seed)).work()

    row = study_of(database, study.id)
    assert (row.state, row.error) == ("succeeded", None)
    with database.read() as session:
        now = studies.progress(session, row)
    assert failed_runs(now) == "1 of 3 runs failed (diverged)"


def test_a_study_fails_if_no_run_succeeded(database: Database) -> None:
    study = planned_study(database)

    FakeWorker(database, fails=lambda _run: "diverged").work()

    row = study_of(database, study.id)
    assert (row.state, row.phase) == ("failed", "ended")
    assert row.error == "2 of 2 runs failed (diverged)"


def test_a_study_that_waits_for_runs_is_not_settled_at_each_of_them(database: Database) -> None:
    study = planned_study(database, needs(original(), 3), seeds=3)
    worker = FakeWorker(database)
    worker.settle()
    finish_one(database)

    worker.settle()

    row = study_of(database, study.id)
    assert row.stale
    assert row.results is not None
    assert row.results.networks[0].accuracy.n == 0


def test_a_study_that_waits_for_runs_is_settled_again_after_a_while(database: Database) -> None:
    study = planned_study(database, needs(original(), 3), seeds=3)
    worker = FakeWorker(database)
    worker.settle()
    finish_one(database)
    with database.write() as session:
        session.execute(update(StudyRow).values(settled_at=database_time(-60)))

    worker.settle()

    row = study_of(database, study.id)
    assert not row.stale
    assert row.results is not None
    assert row.results.networks[0].accuracy.n == 1
    assert row.state == "running"


def test_a_study_is_settled_at_once_when_its_last_run_has_ended(database: Database) -> None:
    study = planned_study(database)
    worker = FakeWorker(database)
    worker.settle()
    finish_one(database)
    assert stale(database) is None
    finish_one(database)

    worker.settle()

    row = study_of(database, study.id)
    assert (row.state, row.stale) == ("succeeded", False)


def test_a_study_that_is_planned_is_not_settled(database: Database) -> None:
    claimed_study(database)

    assert stale(database) is None


def test_progress_counts_a_studys_own_runs(database: Database) -> None:
    queued_job(database, tag="other")
    study = planned_study(database, needs(original(), 3), priority=1)
    finish_one(database)

    with database.read() as session:
        now = studies.progress(session, study)
        version = studies.version(session, study.id)

    assert (now.total, now.done, now.epochs_left) == (3, 1, 4)
    assert now.mean_seconds == RESULT["seconds"]
    assert version == (1, 1)


def test_a_study_that_is_planned_has_no_runs_to_count(database: Database) -> None:
    study = claimed_study(database)

    with database.read() as session:
        now = studies.progress(session, study)
        assert (now.total, now.done, now.epochs_left, now.mean_seconds) == (0, 0, 0, None)
        assert studies.version(session, study.id) == (0, 0)


def test_a_table_of_results_comes_in_pages(database: Database) -> None:
    study = planned_study(database, needs(original(), 3))
    finish_one(database)

    with database.read() as session:
        first, after = studies.results(session, study.id, None, 2)
        second, end = studies.results(session, study.id, after, 2)

    assert end is None
    assert [row.seed for row in (*first, *second)] == [0, 1, 2]
    assert [row.state for row in (*first, *second)] == ["succeeded", "queued", "queued"]
    assert [row.test_accuracy for row in first] == [RESULT["test_accuracy"], None]
    assert {row.architecture_id for row in second} == {original().id}


def test_results_for_statistics_are_those_of_runs_that_succeeded(database: Database) -> None:
    study = planned_study(database)
    finish_one(database)

    with database.read() as session:
        (run,) = studies.measured(session, study.id)
        costs = studies.costs(session, study.id)

    assert (run.architecture_id, run.detail, run.seed) == (original().id, None, 0)
    assert (run.test_accuracy, run.test_correct) == (0.5, RESULT["test_correct"])
    assert costs.keys() == {original().id}


@pytest.mark.parametrize("is_open", [True, False])
def test_a_search_that_a_study_refers_to_is_kept(is_open: bool, database: Database) -> None:
    study = claimed_study(database)
    with database.write() as session:
        search = queued_search(session) if is_open else solved_search(session, limit=1)
        studies.refer(session, study.id, study.attempt, [search.id])

    with pytest.raises(ConflictError, match=f"study {study.id} refers to it"):
        searches.delete(database, search.id)

    with database.read() as session:
        assert searches.get(database, search.id).state == search.state


def test_a_study_may_have_more_runs_than_a_statement_takes_values(
    monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    monkeypatch.setattr("app.db.statements.MOST_VALUES", 3)
    wanted = needs(original(), 10)
    first, second = (planned_study(database, wanted, seed=seed) for seed in range(2))

    with database.read() as session:
        assert studies.progress(session, second).reused == 10
    assert cancel(database, first.id)
    assert set(column(database, "state")) == {"queued"}
    assert cancel(database, second.id)
    assert set(column(database, "state")) == {"cancelled"}
