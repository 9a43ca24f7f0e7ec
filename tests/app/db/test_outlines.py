from statistics import fmean, stdev

import pytest

from app.db import outlines, runs
from app.db.askers import JOBS
from app.db.engine import Database
from app.db.runs import Claim
from tests.factories import queued_job
from tests.workers import FakeWorker


def accuracy(claim: Claim, epoch: int) -> float:
    return 0.3 + claim.seed / 7 + epoch / 100


def test_runs_are_outlined_in_the_jobs_order_with_their_results(database: Database) -> None:
    job = queued_job(database, seeds=2, variants=(3,))
    FakeWorker(database, accuracy).work()

    with database.read() as session:
        found = outlines.runs(session, job.id)

    assert [(run.variant, run.seed) for run in found] == [(None, 0), (None, 1), (3, 0), (3, 1)]
    assert {run.state for run in found} == {"succeeded"}
    assert found[1].test_accuracy == pytest.approx(0.3 + 1 / 7 + 0.02)
    assert {(run.epochs_done, run.epochs_wanted) for run in found} == {(2, 2)}


def test_runs_that_nobody_has_begun_have_no_results(database: Database) -> None:
    job = queued_job(database, seeds=1)

    with database.read() as session:
        (run,) = outlines.runs(session, job.id)

    assert (run.state, run.worker, run.test_accuracy, run.seconds) == ("queued", None, None, None)


def test_a_curve_is_the_mean_and_the_spread_over_all_seeds(database: Database) -> None:
    job = queued_job(database, seeds=3, variants=(3,))
    FakeWorker(database, accuracy).work()

    with database.read() as session:
        curves = outlines.curves(session, job.id)

    assert set(curves) == {None, 3}
    first, second = curves[3]
    seeds = [0.31 + seed / 7 for seed in range(3)]
    assert (first.epoch, first.runs, second.epoch) == (1, 3, 2)
    assert first.mean == pytest.approx(fmean(seeds))
    assert first.sd == pytest.approx(stdev(seeds))


def test_lost_attempts_are_told_by_run(database: Database) -> None:
    job = queued_job(database, seeds=2)
    for _ in range(2):
        with database.write() as session:
            runs.lose(session, runs.claim(session, "worker-1", 60, 1), "killed")

    with database.read() as session:
        lost = outlines.lost_attempts(session, JOBS, job.id)
        by_run = {run.id: run.attempt for run in outlines.runs(session, job.id)}

    assert sum(map(len, lost.values())) == 2
    for run_id, attempts in lost.items():
        assert [it.attempt for it in attempts] == [*range(1, by_run[run_id] + 1)]
        assert {(it.worker, it.reason) for it in attempts} == {("worker-1", "killed")}


def test_another_jobs_runs_are_left_out(database: Database) -> None:
    queued_job(database, tag="mnist")
    mine = queued_job(database, seeds=1)

    with database.read() as session:
        assert len(outlines.runs(session, mine.id)) == 1
        assert outlines.curves(session, mine.id) == {}
