"""Workers as processes of their own: stopped, killed, and held to their time."""

import logging
import os
import random
import signal
import time
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from app.db.engine import Database
from app.db.models import AttemptRow, EpochRow
from app.db.runs import GIVEN_BACK
from tests.chaos.sizes import IS_FULL
from tests.e2e.processes import children, has_none, stop, working
from tests.factories import PATIENCE, only_run, queued_job, until

logger = logging.getLogger(__name__)

STOPS = [signal.SIGINT, *[signal.SIGTERM] * (20 if IS_FULL else 2)]
"""No fewer than the leases that a run may lose."""
ONE, TWO = (), ("--processes", "2")
POSTGRES = pytest.mark.postgres
DATABASES_AND_WORKERS = [
    pytest.param("sqlite", ONE, id="sqlite-one"),
    pytest.param("postgres", TWO, id="postgres-two", marks=POSTGRES),
]
"""Each database and each number of workers; all pairs of them in ``make chaos``."""
if IS_FULL:
    DATABASES_AND_WORKERS += [
        pytest.param("sqlite", TWO, id="sqlite-two"),
        pytest.param("postgres", ONE, id="postgres-one", marks=POSTGRES),
    ]


def epochs(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(EpochRow)) or 0


def measured(database: Database) -> list[tuple[int, int, float]]:
    """Each epoch of the only run, with the attempt that told of it first, and its time.

    An epoch that was measured again would have another attempt and time.
    """
    columns = (EpochRow.epoch, EpochRow.attempt, EpochRow.seconds)
    with database.read() as session:
        rows = session.execute(select(*columns).order_by(EpochRow.epoch))
        return [(epoch, attempt, seconds) for epoch, attempt, seconds in rows]


def _has_more(database: Database, than: int) -> bool:
    return epochs(database) > than


@pytest.mark.parametrize(("database", "options"), DATABASES_AND_WORKERS, indirect=["database"])
def test_runs_go_on_from_their_last_epoch_however_often_workers_are_stopped(
    database: Database, tmp_path: Path, options: tuple[str, ...]
) -> None:
    queued_job(database, seeds=1, epochs=10_000)
    moments, seconds = random.Random(0), []
    before = measured(database)
    for attempt, number in enumerate(STOPS, 1):
        with working(database, tmp_path, *options) as process:
            until(partial(_has_more, database, len(before) + 2), process)
            time.sleep(moments.uniform(0, 0.2))  # somewhere in an epoch
            told = time.monotonic()

            assert stop(process, number) == 0

            seconds.append(time.monotonic() - told)
            run = only_run(database)
            assert (run.state, run.attempt, run.lost) == ("queued", attempt, 0)
            until(partial(has_none, process.pid))
        after = measured(database)
        assert after[: len(before)] == before
        assert {told_by for _, told_by, _ in after[len(before) :]} == {attempt}
        before = after
    logger.info("%d workers stopped, the slowest in %.2f s", len(seconds), max(seconds))
    assert [epoch for epoch, _, _ in before] == [*range(1, only_run(database).epochs_done + 1)]
    with database.read() as session:
        assert session.scalars(select(AttemptRow.reason)).all() == [GIVEN_BACK] * len(STOPS)


def test_the_second_signal_ends_a_worker_at_once(sqlite_database: Database, tmp_path: Path) -> None:
    queued_job(sqlite_database, seeds=1, epochs=10_000)
    with working(sqlite_database, tmp_path) as process:
        until(lambda: epochs(sqlite_database), process)
        with sqlite_database.write() as session:  # nothing can be given back meanwhile
            session.execute(text("UPDATE runs SET lost = lost"))
            process.send_signal(signal.SIGTERM)
            time.sleep(0.5)

            assert stop(process) == 128 + signal.SIGTERM
        until(partial(has_none, process.pid))


def test_a_worker_stops_in_time_while_the_database_is_away(
    sqlite_database: Database, tmp_path: Path
) -> None:
    queued_job(sqlite_database, seeds=1, epochs=10_000)
    with working(sqlite_database, tmp_path) as process:
        until(lambda: epochs(sqlite_database), process)
        with sqlite_database.write() as session:
            session.execute(text("UPDATE runs SET lost = lost"))

            assert stop(process) == 0

        until(partial(has_none, process.pid))
    assert only_run(sqlite_database).state == "running"


@pytest.mark.parametrize("options", [(), ("--processes", "2")], ids=["one", "two"])
def test_a_worker_ends_when_its_time_is_over(
    sqlite_database: Database, tmp_path: Path, options: tuple[str, ...]
) -> None:
    queued_job(sqlite_database, seeds=1, epochs=10_000)
    with working(sqlite_database, tmp_path, "--max-time", "6", *options) as process:
        assert process.wait(PATIENCE) == 0
        until(partial(has_none, process.pid))
    assert only_run(sqlite_database).state == "queued"


def test_a_worker_that_dies_is_started_again_and_none_outlives_its_supervisor(
    sqlite_database: Database, tmp_path: Path
) -> None:
    queued_job(sqlite_database, seeds=1, epochs=10_000)
    with working(sqlite_database, tmp_path, "--processes", "2") as process:
        first = until(lambda: found if len(found := children(process)) == 2 else None, process)
        os.kill(first[0], signal.SIGKILL)
        until(lambda: len(children(process)) == 2 and children(process) != first, process)

        process.kill()
        process.wait()

        until(partial(has_none, process.pid))
