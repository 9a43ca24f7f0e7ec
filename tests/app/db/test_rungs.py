import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import select, text

from app.db import jobs, rungs, runs
from app.db.engine import Database
from app.db.models import JobRow, JobRunRow, RunRow
from app.db.runs import Claim
from app.experiments.halving import Rung
from app.schemas.jobs import JobView
from app.services.job_views import job_view
from tests.factories import queued_job
from tests.workers import FakeWorker, epoch_row

pytestmark = pytest.mark.slow  # settles many jobs

EIGHT = range(8)
EPOCH = epoch_row(1)


def job_of(database: Database, id_: str) -> JobRow:
    with database.read() as session:
        return jobs.get(session, id_)


def view_of(database: Database, id_: str) -> JobView:
    with database.read() as session:
        return job_view(session, jobs.get(session, id_))


def results_of(database: Database, job: JobRow) -> dict[str, Any]:
    results = job_of(database, job.id).results
    assert results is not None
    return results.model_dump(mode="json")


def variant_of(database: Database, job: JobRow) -> dict[str, int | None]:
    """Of each run of a job the position of its variant."""
    with database.read() as session:
        query = select(JobRunRow.run_id, JobRunRow.variant_position)
        found = session.execute(query.where(JobRunRow.job_id == job.id))
        return {id_: variant for id_, variant in found}  # noqa: C416 - rows are no pairs to mypy


def runs_of(database: Database, job: JobRow, variant: int) -> list[RunRow]:
    ids = [id_ for id_, position in variant_of(database, job).items() if position == variant]
    with database.read() as session:
        return list(session.scalars(select(RunRow).where(RunRow.id.in_(ids)).order_by(RunRow.seed)))


def scoring(
    database: Database, job: JobRow, scores: Sequence[float]
) -> Callable[[Claim, int], float]:
    """Each variant is as good as its score, seeds a little apart; the original is in the middle."""
    variants = variant_of(database, job)

    def accuracy(claim: Claim, _epoch: int) -> float:
        variant = variants[claim.id]
        return 0.5 if variant is None else scores[variant] + 0.01 * claim.seed

    return accuracy


def halved(
    database: Database,
    scores: Sequence[float] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8),
    seeds: int = 2,
    epochs: int = 4,
    min_epochs: int = 1,
) -> tuple[JobRow, FakeWorker]:
    job = queued_job(
        database,
        seeds=seeds,
        variants=range(len(scores)),
        epochs=epochs,
        halving=(2, min_epochs),
    )
    return job, FakeWorker(database, scoring(database, job, scores))


def test_the_best_half_goes_on_in_each_rung_until_the_training_ends(database: Database) -> None:
    job, worker = halved(database)

    worker.work()

    found = job_of(database, job.id)
    assert (found.state, found.error) == ("succeeded", None)
    assert [(rung.epochs, rung.tried, rung.kept) for rung in found.rungs] == [
        (1, (0, 1, 2, 3, 4, 5, 6, 7), (7, 6, 5, 4)),
        (2, (4, 5, 6, 7), (7, 6)),
        (4, (6, 7), (7,)),
    ]


def test_rungs_are_resumed_and_each_epoch_is_trained_once(database: Database) -> None:
    job, worker = halved(database)

    worker.work()

    variants = variant_of(database, job)
    last = {None: 4, 0: 1, 1: 1, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 4}
    assert worker.trained == {
        id_: list(range(1, last[variant] + 1)) for id_, variant in variants.items()
    }
    states = {v: runs_of(database, job, v)[0].state for v in EIGHT}
    assert states == {**dict.fromkeys(range(6), "paused"), 6: "succeeded", 7: "succeeded"}


def test_a_rung_is_decided_when_the_last_of_its_runs_is_paused_and_not_before(
    database: Database,
) -> None:
    job, worker = halved(database, seeds=1)
    with database.write() as session:
        held = [runs.claim(session, "w", 60)[0] for _ in range(9)]
    worker.train(held[1:-1])
    worker.settle()
    assert job_of(database, job.id).rungs == (Rung(epochs=1, tried=tuple(EIGHT)),)

    worker.train(held[-1:])
    worker.settle()

    assert [rung.kept for rung in job_of(database, job.id).rungs] == [(7, 6, 5, 4), None]
    assert {runs_of(database, job, v)[0].state for v in (4, 5, 6, 7)} == {"queued"}
    assert {runs_of(database, job, v)[0].target_epochs for v in (4, 5, 6, 7)} == {2}


def test_of_equals_the_first_in_the_search_go_on(database: Database) -> None:
    job, worker = halved(database, scores=[0.5] * 4, min_epochs=2)

    worker.work()

    assert [rung.kept for rung in job_of(database, job.id).rungs] == [(0, 1), (0,)]


def test_a_variant_that_fails_drops_out_and_the_job_goes_on(database: Database) -> None:
    job, worker = halved(database)
    variants = variant_of(database, job)
    worker.fails = lambda run: (
        "diverged" if (variants[run.id], run.seed) in ((7, 0), (6, 1)) else None
    )

    worker.work()

    found = job_of(database, job.id)
    assert (found.state, found.error) == ("succeeded", None)
    assert [rung.kept for rung in found.rungs] == [(5, 4, 3, 2), (5, 4), (5,)]
    assert (found.rungs[0].accuracies or ())[-2:] == (None, None)
    assert "2 of 18 runs failed (diverged)" in view_of(database, job.id).notes


def test_a_job_whose_variants_all_fail_fails_and_says_why(database: Database) -> None:
    job, worker = halved(database, seeds=1)
    variants = variant_of(database, job)
    worker.fails = lambda run: None if variants[run.id] is None else "out_of_memory"

    worker.work()

    found = job_of(database, job.id)
    assert found.state == "failed"
    assert found.error == ("no variant was trained to the end: 8 of 9 runs failed (out of memory)")
    assert view_of(database, job.id).progress.fraction == 1.0


@pytest.mark.slow
def test_a_job_whose_original_fails_fails(database: Database) -> None:
    job, worker = halved(database)
    variants = variant_of(database, job)
    worker.fails = lambda run: "diverged" if variants[run.id] is None else None

    worker.work()

    found = job_of(database, job.id)
    assert (found.state, found.error) == ("failed", "2 of 18 runs failed (diverged)")


def test_the_one_that_is_left_is_trained_to_the_end(database: Database) -> None:
    job, worker = halved(database, scores=[0.5, 0.6, 0.4], epochs=9)

    worker.work()

    assert [(rung.epochs, rung.kept) for rung in job_of(database, job.id).rungs] == [
        (1, (1, 0)),
        (2, (1,)),
        (9, (1,)),
    ]


def test_results_name_the_rungs_the_winner_and_no_mean_variant(database: Database) -> None:
    job, worker = halved(database, scores=[0.1, 0.4, 0.3, 0.2], min_epochs=2)

    worker.work()

    results = results_of(database, job)
    ids = [f"{job.search_id}-{position}" for position in range(4)]
    assert results["mean_variant"] is None
    assert results["selected"]["variant_id"] == ids[1]
    assert results["selected"]["gain"] == pytest.approx(0.405 - 0.5)
    assert results["best_of_k"] == {
        "variant_id": ids[1],
        "gain": pytest.approx(0.405 - 0.5),
        "optimistic": True,
    }
    assert results["halving"] == {
        "eta": 2,
        "rungs": [
            {
                "epochs": 2,
                "tried": ids,
                "kept": [ids[1], ids[2]],
                "validation_accuracy": dict(
                    zip(ids, map(pytest.approx, (0.105, 0.405, 0.305, 0.205)), strict=True)
                ),
            },
            {
                "epochs": 4,
                "tried": ids[1:3],
                "kept": [ids[1]],
                "validation_accuracy": {
                    ids[1]: pytest.approx(0.405),
                    ids[2]: pytest.approx(0.305),
                },
            },
        ],
    }


def test_a_variant_that_was_cut_off_is_listed_untested_with_its_last_validation_accuracy(
    database: Database,
) -> None:
    job, worker = halved(database, scores=[0.1, 0.4, 0.3, 0.2], min_epochs=2)

    worker.work()

    cut = results_of(database, job)["variants"][3]
    assert cut["accuracy"] == {"mean": None, "sd": None, "n": 0}
    assert cut["validation_accuracy"]["n"] == 2
    assert cut["validation_accuracy"]["mean"] == pytest.approx(0.205)


def test_what_another_job_trained_to_the_end_does_not_change_who_is_tested(
    database: Database,
) -> None:
    queued_job(database, seeds=2, variants=range(4), epochs=4)
    job, worker = halved(database, scores=[0.1, 0.4, 0.3, 0.2], min_epochs=2)

    worker.work()

    results = results_of(database, job)
    assert [variant["accuracy"]["n"] for variant in results["variants"]] == [0, 2, 2, 0]
    assert results["selected"]["variant_id"] == f"{job.search_id}-1"
    assert all(epochs == [1, 2, 3, 4] for epochs in worker.trained.values())


@pytest.mark.parametrize("halving_first", [True, False])
def test_a_job_that_halves_and_one_that_does_not_train_what_they_share_once(
    database: Database, halving_first: bool
) -> None:
    scores = [0.1, 0.2, 0.3, 0.4]
    if halving_first:
        job, worker = halved(database, scores, min_epochs=2)
        plain = queued_job(database, seeds=2, variants=[0, 3], epochs=4)
    else:
        plain = queued_job(database, seeds=2, variants=[0, 3], epochs=4)
        job, worker = halved(database, scores, min_epochs=2)

    worker.work()

    assert job_of(database, job.id).state == job_of(database, plain.id).state == "succeeded"
    assert [rung.kept for rung in job_of(database, job.id).rungs] == [(3, 2), (3,)]
    assert results_of(database, plain)["variants"][0]["accuracy"]["n"] == 2
    for variant, epochs in ((None, 4), (0, 4), (1, 2), (2, 4), (3, 4)):
        for id_, position in variant_of(database, job).items():
            if position == variant:
                assert worker.trained[id_] == list(range(1, epochs + 1))


def test_two_jobs_that_halve_alike_share_every_run(database: Database) -> None:
    job, worker = halved(database)
    again, _ = halved(database)

    worker.work()

    assert job_of(database, again.id).rungs == job_of(database, job.id).rungs
    assert all(epochs == sorted(set(epochs)) for epochs in worker.trained.values())
    assert (
        "18 of 18 runs are shared with earlier jobs and studies"
        in view_of(database, again.id).notes
    )


@pytest.mark.slow
def test_a_later_job_trains_what_was_cut_off_from_where_it_stopped(database: Database) -> None:
    _, worker = halved(database)
    worker.work()

    later = queued_job(database, seeds=2, variants=EIGHT, epochs=4)
    assert worker.work() == 12

    assert job_of(database, later.id).state == "succeeded"
    assert all(epochs == [1, 2, 3, 4] for epochs in worker.trained.values())


def test_a_rung_that_earlier_jobs_have_trained_is_decided_at_once(database: Database) -> None:
    first, worker = halved(database)
    worker.work()

    again, _ = halved(database)
    worker.settle()

    assert job_of(database, again.id).state == "succeeded"
    assert job_of(database, again.id).rungs == job_of(database, first.id).rungs


def test_a_rung_does_not_wait_for_a_run_that_another_job_trains_further(
    database: Database,
) -> None:
    queued_job(database, seeds=1, variants=[0, 1], epochs=4)
    job = queued_job(database, seeds=1, variants=[0, 1], epochs=4, halving=(2, 1))
    worker = FakeWorker(database)
    worker.settle()
    with database.write() as session:
        _, zero, one = (runs.claim(session, "w", 60)[0] for _ in range(3))
        for held in (zero, one):
            row = {**EPOCH, "validation_accuracy": 0.3 if held is zero else 0.6}
            runs.beat(session, [held], 60, {held.id: [row]})

    worker.settle()

    assert [rung.kept for rung in job_of(database, job.id).rungs] == [(1,), None]


def test_progress_never_goes_back_and_cut_runs_count_as_done(database: Database) -> None:
    job, worker = halved(database, seeds=1, epochs=8)
    seen: list[tuple[int, float]] = []

    def look(claim: Claim, epoch: int) -> float:
        progress = view_of(database, job.id).progress
        seen.append((progress.runs_done, progress.fraction))
        return scores(claim, epoch)

    scores, worker.accuracy = worker.accuracy, look
    worker.work()
    end = view_of(database, job.id).progress

    assert seen == sorted(seen)
    assert seen[0] == (0, 0.0)
    assert all(0 <= fraction <= 1 for _, fraction in seen)
    assert (end.runs_done, end.runs_total, end.fraction) == (9, 9, 1.0)
    assert {5, 7, 8} <= {done for done, _ in seen}  # the original, and those of each rung


def test_a_cancelled_job_leaves_its_paused_runs_for_later_jobs(database: Database) -> None:
    job, worker = halved(database, seeds=1)
    with database.write() as session:
        held = [runs.claim(session, "w", 60)[0] for _ in range(3)]
    worker.train([held[1]])

    with database.write() as session:
        jobs.cancel(session, job.id)

    assert runs_of(database, job, 0)[0].state == "paused"
    assert {runs_of(database, job, v)[0].state for v in EIGHT[1:]} == {"cancelled"}
    assert worker.work() == 0
    assert job_of(database, job.id).state == "cancelled"


def test_a_cancelled_job_does_not_have_shared_runs_trained_further_than_others_want(
    database: Database,
) -> None:
    plain = queued_job(database, seeds=1, variants=[0, 1], epochs=4)
    job = queued_job(database, seeds=1, variants=[0, 1], epochs=4, halving=(2, 1))

    with database.write() as session:
        jobs.cancel(session, plain.id)

    assert {runs_of(database, job, v)[0].target_epochs for v in (0, 1)} == {1}
    FakeWorker(database).work()
    assert job_of(database, job.id).state == "succeeded"
    assert runs_of(database, job, 1)[0].state == "paused"


def test_a_run_that_has_come_far_enough_for_those_who_still_want_it_is_paused(
    database: Database,
) -> None:
    plain = queued_job(database, seeds=1, variants=[0, 1], epochs=4)
    job = queued_job(database, seeds=1, variants=[0, 1], epochs=4, halving=(2, 1))
    with database.write() as session:
        _, held = (runs.claim(session, "w", 60)[0] for _ in range(2))
        runs.beat(session, [held], 60, {held.id: [EPOCH]})
        runs.release(session, [held])

    with database.write() as session:
        jobs.cancel(session, plain.id)

    assert runs_of(database, job, 0)[0].state == "paused"


@pytest.mark.postgres
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_rung_is_not_decided_while_another_transaction_writes_to_its_runs(
    database: Database,
) -> None:
    """Waiting could be for ever: the other one may wait for the job."""
    job, worker = halved(database, seeds=1)
    with database.write() as session:
        held = [runs.claim(session, "w", 60)[0] for _ in range(9)]
    worker.train(held[1:])

    with database.write() as writing:
        writing.execute(text("SELECT 1 FROM runs WHERE id = :id FOR UPDATE"), {"id": held[-1].id})
        with database.write() as session:
            stale = jobs.next_stale(session)
            assert stale is not None
            assert not rungs.advance(session, stale)
    assert job_of(database, job.id).rungs[0].kept is None

    worker.settle()
    assert job_of(database, job.id).rungs[0].kept == (7, 6, 5, 4)


@pytest.mark.slow
def test_workers_that_work_at_once_decide_as_one_alone(database: Database) -> None:
    job, worker = halved(database, seeds=3)
    queued_job(database, seeds=2, variants=[1, 6], epochs=4)
    workers = [FakeWorker(database, worker.accuracy, most=2) for _ in range(4)]
    threads = [threading.Thread(target=until_ended, args=(one, job.id)) for one in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    kept = [rung.kept for rung in job_of(database, job.id).rungs]
    assert kept == [(7, 6, 5, 4), (7, 6), (7,)]


def until_ended(worker: FakeWorker, id_: str) -> None:
    while job_of(worker.database, id_).state in ("queued", "running"):
        worker.work()
