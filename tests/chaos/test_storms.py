"""The machine is busy and the database refuses writes, or falls over; workers bear with it."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select, text

from app.db.engine import Database
from app.db.models import AttemptRow, RunRow
from app.db.schema import migrate
from tests.chaos.checker import violations
from tests.chaos.cluster import Cluster, cluster
from tests.chaos.journal import entries
from tests.chaos.nemesis import holders, is_open, workers
from tests.chaos.sizes import IS_FULL
from tests.chaos.worker import Life
from tests.factories import queued_job, until


@contextmanager
def spinning(cores: int) -> Iterator[None]:
    """So many processes that do nothing, as fast as they can."""
    with ExitStack() as stack:
        for _ in range(cores):
            process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
            stack.enter_context(process)
            stack.callback(process.kill)
        yield


@contextmanager
def refusing_writes(database: Database) -> Iterator[None]:
    """A transaction that keeps all others from writing to runs."""
    with database.write() as session:  # BEGIN IMMEDIATE, on SQLite
        if not database.is_sqlite:
            session.execute(text("LOCK TABLE runs IN EXCLUSIVE MODE"))
        yield


def test_no_live_worker_loses_a_lease_while_cores_spin_and_the_database_refuses_writes(
    database: Database, tmp_path: Path
) -> None:
    lease = 15.0 if IS_FULL else 3.0
    refused, training = lease / 3, lease * 1.2
    for number in range(2):
        queued_job(database, seeds=2, tag=f"digits-{number}")
    url = database.url.render_as_string(hide_password=False)
    life = Life(url, tmp_path / "journals", lease, seconds=(training, training))
    with workers(2, life) as team, spinning(2):
        until(lambda: len(set(holders(database).values())) == 2)
        time.sleep(lease / 6)
        with refusing_writes(database):
            time.sleep(refused)
        until(lambda: not is_open(database))
        assert team.born == 2

    assert violations(database, entries(life.journals)) == []
    with database.read() as session:
        assert set(session.scalars(select(RunRow.attempt))) == {1}
        assert session.scalars(select(AttemptRow)).all() == []


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    with cluster() as made:
        yield made


@pytest.mark.postgres
def test_what_was_acknowledged_outlives_crashes_of_the_server_and_workers_come_back(
    own_cluster: Cluster, tmp_path: Path
) -> None:
    crashes = 20 if IS_FULL else 2
    own_cluster.start()
    database = Database(own_cluster.url)
    migrate(database)
    for number in range(5 * crashes):
        queued_job(database, seeds=2, variants=range(4), tag=f"digits-{number}")
    life = Life(own_cluster.url, tmp_path / "journals", seconds=(0.1, 0.6), most_lost=1_000)
    with workers(4, life) as team:
        until(lambda: holders(database))
        for _ in range(crashes):
            time.sleep(0.7)
            own_cluster.crash()
            database.close()
            own_cluster.start()
        assert is_open(database), "the last crash came too late"
        until(lambda: not is_open(database))
        assert team.born == 4
        assert all(process.exitcode is None for process in team.alive.values())

    assert violations(database, entries(life.journals)) == []
    database.close()
