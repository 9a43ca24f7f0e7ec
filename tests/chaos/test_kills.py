"""Workers are killed and frozen; no result is lost, and none is recorded twice.

``make chaos`` runs the full form (``ISOBUDGET_CHAOS=full``), all other runs a short one.
"""

import time
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import func, select

from app.db import jobs
from app.db.engine import Database
from app.db.models import ResultRow, RunRow
from app.services.job_views import run_view
from tests.chaos.checker import refusals, violations
from tests.chaos.journal import Entry, entries
from tests.chaos.nemesis import Nemesis, holders, is_open, workers
from tests.chaos.sizes import IS_FULL
from tests.chaos.sleeping import POISON
from tests.chaos.worker import Life
from tests.factories import PATIENCE, queued_job, until

LEASE = 1.0
MOST_SIEGES = 8
"""Sieges in which a late write should be seen: a frozen worker may just have ended its run."""


class Siege(NamedTuple):
    """Runs, workers, and what the nemesis does to them."""

    runs: int
    workers: int
    kills: int
    stops: int
    seeds: tuple[int, ...]


SIEGE = Siege(200, 4, 50, 30, (0, 1, 2, 3, 4)) if IS_FULL else Siege(30, 4, 4, 6, (0,))


@pytest.fixture
def life(database: Database, tmp_path: Path) -> Life:
    url = database.url.render_as_string(hide_password=False)
    return Life(url, tmp_path / "journals", LEASE, seconds=(0.1, 1.2), most_lost=1_000)


def besieged(database: Database, life: Life, seed: int) -> list[Entry]:
    """What workers wrote down while the nemesis was at them, until all was done."""
    for number in range(SIEGE.runs // 10):
        queued_job(database, seeds=2, variants=range(4), tag=f"digits-{seed}-{number}")
    with workers(SIEGE.workers, life) as team:
        Nemesis(seed, SIEGE.kills, SIEGE.stops).haunt(database, team, LEASE, patience=PATIENCE)
    return entries(life.journals)


@pytest.mark.parametrize("seed", SIEGE.seeds)
def test_every_run_has_one_result_of_one_attempt_whoever_is_killed(
    database: Database, life: Life, seed: int
) -> None:
    journal = besieged(database, life, seed)

    assert violations(database, journal) == []
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(ResultRow)) == SIEGE.runs
    assert refusals(journal) > 0


def test_without_the_fence_the_harness_sees_it(database: Database, life: Life) -> None:
    unfenced = replace(life, fenced=False)

    assert any(a_late_write_is_seen(database, unfenced, seed) for seed in range(MOST_SIEGES))


def a_late_write_is_seen(database: Database, life: Life, seed: int) -> bool:
    with suppress(AssertionError):  # work that a late write has spoilt may never be done
        besieged(database, life, seed)
    wrong = violations(database, entries(life.journals))
    return any("was accepted behind the claim" in it for it in wrong)


def test_what_a_killed_worker_held_is_claimed_within_its_lease_and_two_seconds(
    database: Database, life: Life
) -> None:
    times = 10 if IS_FULL else 2
    with workers(2, replace(life, seconds=(3600, 3600))) as team:
        for number in range(times):
            queued_job(database, seeds=1, tag=f"digits-{number}")
            until(lambda: holders(database))
            ((run, holder),) = holders(database).items()
            killed = time.monotonic()
            team.kill(holder)
            until(partial(_is_anothers, database, run, holder))
            assert time.monotonic() - killed < LEASE + 2
            team.kill(holders(database)[run])
            _forget(database)
            team.start()
            team.start()


def _is_anothers(database: Database, run: str, holder: str) -> bool:
    return holders(database).get(run, holder) != holder


def _forget(database: Database) -> None:
    """Cancel all that is under way."""
    with database.write() as session:
        for job in jobs.newest(session, None, 50)[0]:
            jobs.cancel(session, job.id)


def test_runs_that_kill_their_process_fail_after_three_attempts_and_others_are_done(
    database: Database, life: Life
) -> None:
    healthy, poisoned = (100, 10) if IS_FULL else (20, 2)
    for number in range(healthy // 10):
        queued_job(database, seeds=2, variants=range(4), tag=f"digits-{number}")
    sick = queued_job(database, seeds=poisoned, tag=POISON)
    with workers(2, replace(life, seconds=(0.01, 0.05), most_lost=None)) as team:
        until(lambda: not is_open(database))
        assert team.born == 2

    assert violations(database, entries(life.journals)) == []
    with database.read() as session:
        states = Counter(session.scalars(select(RunRow.state)))
        assert states == {"succeeded": healthy, "failed": poisoned}
        views = [run_view(run) for run in jobs.runs(session, sick.id, None, None)[0]]
    for view in views:
        assert [lost.attempt for lost in view.lost_attempts] == [1, 2, 3]
        assert {lost.reason for lost in view.lost_attempts} == {
            "the training process was killed by SIGKILL"
        }
