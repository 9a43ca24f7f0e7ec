"""Workers that are started while the database is away."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from app.db.engine import Database
from app.db.schema import migrate
from tests.chaos.cluster import Cluster, cluster
from tests.e2e.processes import environment, free_port, running, stop
from tests.factories import PATIENCE, only_run, queued_job, until

AWAY = "the database does not answer; asking again"
ONE_AND_TWO = pytest.mark.parametrize("options", [(), ("--processes", "2")], ids=["one", "two"])


def tells(log: Path, text: str) -> bool:
    return text in log.read_text()


@contextmanager
def waiting(database: Database, log: Path, *options: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A worker that has found that the database is away."""
    env = environment(database, poll=0.1)
    with running(["trainer", *options], env, log) as process:
        until(partial(tells, log, AWAY), process)
        yield process


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    with cluster() as made:
        yield made


@pytest.fixture
def nowhere() -> Database:
    """A database that never answers."""
    return Database(f"postgresql+psycopg://postgres@127.0.0.1:{free_port()}/postgres")


@pytest.mark.postgres
@ONE_AND_TWO
def test_a_worker_started_while_the_database_is_away_works_once_it_is_there(
    own_cluster: Cluster, tmp_path: Path, options: tuple[str, ...]
) -> None:
    log = tmp_path / "log"
    database = Database(own_cluster.url)
    own_cluster.start()
    migrate(database)
    queued_job(database, seeds=1)
    database.close()
    own_cluster.crash()
    with waiting(database, log, "--exit-when-idle", *options) as process:
        own_cluster.start()

        assert process.wait(PATIENCE) == 0

    assert only_run(database).state == "succeeded"
    assert tells(log, "the database can be used again")
    database.close()


@pytest.mark.postgres
@ONE_AND_TWO
def test_a_worker_that_has_waited_ends_where_the_schema_is_not_current(
    own_cluster: Cluster, tmp_path: Path, options: tuple[str, ...]
) -> None:
    log = tmp_path / "log"
    with waiting(Database(own_cluster.url), log, *options) as process:
        own_cluster.start()

        assert process.wait(PATIENCE) == 1

    assert tells(log, "the database's schema is not current; run: isobudget migrate")


@ONE_AND_TWO
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_waits_for_the_database_is_stopped(
    nowhere: Database, tmp_path: Path, number: signal.Signals, options: tuple[str, ...]
) -> None:
    with waiting(nowhere, tmp_path / "log", *options) as process:
        assert stop(process, number) == 0

    assert not tells(tmp_path / "log", "Traceback")


@ONE_AND_TWO
def test_a_worker_that_waits_for_the_database_ends_when_its_time_is_over(
    nowhere: Database, tmp_path: Path, options: tuple[str, ...]
) -> None:
    with waiting(nowhere, tmp_path / "log", "--max-time", "1", *options) as process:
        assert process.wait(PATIENCE) == 0


def test_a_worker_that_waits_for_the_database_does_not_outlive_its_supervisor(
    nowhere: Database, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "trainer", "--supervised"]
    env = environment(nowhere, poll=0.1)
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stderr=log) as process,
    ):
        until(partial(tells, tmp_path / "log", AWAY), process)
        assert process.stdin is not None
        process.stdin.close()

        assert process.wait(PATIENCE) == 0
