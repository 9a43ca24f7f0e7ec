"""Runs trained on a real Ray cluster, whose parts are killed."""

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from app.db import jobs
from app.db.engine import Database
from app.db.models import JobRow, ResultRow, RunRow
from tests.e2e.processes import LEASE, descendants, has_none, kill, stop, working
from tests.engines.cluster import Nodes, cluster
from tests.engines.sleeper import HOLD
from tests.factories import PATIENCE, queued_job, until
from tests.warm_jobs import ask, search
from tests.workers import FakeWorker, measures, settings_in
from trainer.worker import Worker

pytestmark = pytest.mark.slow

SLEEPER = "tests.engines.sleeper"
LONG = 10_000


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    with cluster(num_cpus=1) as started:
        started.add(cpus=1, gpus=1)
        started.wait()
        yield started


@pytest.fixture
def hold(tmp_path: Path) -> Path:
    """While this file is there, no task goes on behind its first epoch."""
    file = tmp_path / "checkpoints" / HOLD
    file.parent.mkdir()
    file.touch()
    return file


@contextmanager
def driving(
    database: Database,
    folder: Path,
    address: str,
    *options: str,
    module: str = SLEEPER,
    lease: float = LEASE,
) -> Iterator["subprocess.Popen[bytes]"]:
    """The command; its log is beside what it keeps."""
    given = ("--engine", "ray", "--address", address, *options)
    log = folder / "log"
    with working(database, folder, *given, module=module, lease=lease, log=log) as process:
        yield process


def rows(database: Database) -> Sequence[RunRow]:
    with database.read() as session:
        return session.scalars(select(RunRow).order_by(RunRow.position)).all()


def results(database: Database) -> Sequence[ResultRow]:
    with database.read() as session:
        return session.scalars(select(ResultRow)).all()


def has_state(database: Database, job: JobRow, state: str) -> bool:
    with database.read() as session:
        return jobs.get(session, job.id).state == state


def measured(database: Database) -> list[str]:
    """Runs that have measured something."""
    return [row.id for row in rows(database) if row.epochs_done]


def are_measured(database: Database, number: int) -> bool:
    return len(measured(database)) >= number


def pid_of(folder: Path, run: str) -> int:
    return int((folder / "checkpoints" / f"{run}.pid").read_text())


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.postgres
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_networks_are_trained_on_the_cluster_and_given_back_when_the_command_is_stopped(
    nodes: Nodes, database: Database, tmp_path: Path
) -> None:
    short = queued_job(database, seeds=2, variants=[0])
    with driving(database, tmp_path, nodes.address, module="trainer") as process:
        until(partial(has_state, database, short, "succeeded"), process)
        assert len(results(database)) == 4
        assert {row.attempt for row in rows(database)} == {1}

        queued_job(database, seeds=1, variants=[0], epochs=LONG)
        until(partial(_are_under_way, database, 2), process)

        assert stop(process) == 0
        assert [(row.state, row.lost) for row in _open(database)] == [("queued", 0)] * 2
        until(partial(has_none, process.pid))
    assert all(line.startswith("{") for line in (tmp_path / "log").read_text().splitlines())


def _open(database: Database) -> list[RunRow]:
    return [row for row in rows(database) if row.state in ("queued", "running")]


def _are_under_way(database: Database, number: int) -> bool:
    """Whether that many runs are open, and each has measured something."""
    open_ = _open(database)
    return len(open_) == number and all(row.epochs_done for row in open_)


def test_variants_that_start_from_their_original_measure_what_they_do_in_one_process(
    nodes: Nodes, sqlite_database: Database, tmp_path: Path, migrated_file: Path
) -> None:
    shutil.copy(migrated_file, tmp_path / "other.sqlite")
    other = Database(f"sqlite:///{tmp_path / 'other.sqlite'}")
    for database in (sqlite_database, other):
        ask(database, tmp_path, search(database), [0])
    alone = settings_in(tmp_path / "alone", lease=60)
    Worker(other, alone).work(exit_when_idle=True)

    asked = (sqlite_database, tmp_path, nodes.address, "--exit-when-idle")
    with driving(*asked, module="trainer") as process:
        assert process.wait(PATIENCE) == 0

    runs = rows(sqlite_database)
    assert {row.state for row in runs} == {"succeeded"}
    assert [row.starts_from for row in runs[2:]] == [row.id for row in runs[:2]]
    assert measures(sqlite_database) == measures(other)
    other.close()


@pytest.mark.postgres
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_what_a_lost_node_trained_is_trained_again_elsewhere(
    nodes: Nodes, database: Database, tmp_path: Path, hold: Path
) -> None:
    job = queued_job(database, seeds=1, variants=range(5), epochs=3)
    extra = nodes.add(cpus=1)
    nodes.wait()
    with driving(database, tmp_path, nodes.address, "--exit-when-idle") as process:
        until(partial(are_measured, database, 3), process)
        nodes.kill(extra)
        until(lambda: any(row.lost for row in rows(database)), process)
        hold.unlink()

        assert process.wait(PATIENCE) == 0

    assert has_state(database, job, "succeeded")
    assert sorted(row.attempt for row in rows(database)) == [1, 1, 1, 1, 1, 2]
    (lost,) = (row for row in rows(database) if row.attempt == 2)
    assert lost.lost == 1
    recorded = {row.run_id: row for row in results(database)}
    assert {id_: row.attempt for id_, row in recorded.items()} == {
        row.id: row.attempt for row in rows(database)
    }
    assert len({row.environment.device for row in recorded.values()}) == 2


def test_the_task_of_a_cancelled_job_ends_and_makes_room(
    nodes: Nodes, sqlite_database: Database, tmp_path: Path
) -> None:
    long = queued_job(sqlite_database, seeds=1, variants=[0], epochs=LONG)
    short = queued_job(sqlite_database, seeds=1, epochs=2)
    with driving(sqlite_database, tmp_path, nodes.address, lease=3) as process:
        until(partial(are_measured, sqlite_database, 2), process)
        pids = [pid_of(tmp_path, id_) for id_ in measured(sqlite_database)]

        with sqlite_database.write() as session:
            jobs.cancel(session, long.id)

        until(lambda: all(map(is_gone, pids)), process)
        until(partial(has_state, sqlite_database, short, "succeeded"), process)
    assert len(results(sqlite_database)) == 1


def test_a_command_stops_in_time_while_the_head_does_not_answer(
    nodes: Nodes, sqlite_database: Database, tmp_path: Path
) -> None:
    queued_job(sqlite_database, seeds=1, epochs=LONG)
    with driving(sqlite_database, tmp_path, nodes.address) as process:
        until(partial(are_measured, sqlite_database, 1), process)
        with nodes.frozen_head():
            assert stop(process) == 0

    assert [(row.state, row.lost) for row in rows(sqlite_database)] == [("queued", 0)]


def test_a_command_stops_in_time_while_it_looks_for_the_cluster(
    nodes: Nodes, sqlite_database: Database, tmp_path: Path
) -> None:
    queued_job(sqlite_database, seeds=1)
    with nodes.frozen_head(), driving(sqlite_database, tmp_path, nodes.address) as process:
        until(lambda: descendants(process.pid), process)

        assert stop(process) == 0

    assert [(row.state, row.attempt) for row in rows(sqlite_database)] == [("queued", 0)]


def test_what_a_killed_command_trained_on_one_gpu_is_trained_by_others_after_its_leases(
    nodes: Nodes, sqlite_database: Database, tmp_path: Path, hold: Path
) -> None:
    job = queued_job(sqlite_database, seeds=1, variants=[0], epochs=3)
    half = ["--cpus", "0.5", "--gpus", "0.5"]
    with driving(sqlite_database, tmp_path, nodes.address, *half, lease=2) as process:
        until(partial(are_measured, sqlite_database, 2), process)
        pids = [pid_of(tmp_path, id_) for id_ in measured(sqlite_database)]
        kill(process)
    assert hold.exists()

    other = FakeWorker(sqlite_database)
    until(lambda: other.work() and not _open(sqlite_database))

    until(lambda: all(map(is_gone, pids)))
    assert {(row.attempt, row.lost) for row in rows(sqlite_database)} == {(2, 1)}
    assert has_state(sqlite_database, job, "succeeded")
    assert len(results(sqlite_database)) == 2


@pytest.mark.postgres
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_command_outlives_the_head_and_goes_on_with_the_next(
    database: Database, tmp_path: Path, hold: Path
) -> None:
    job = queued_job(database, seeds=1, variants=[0, 1], epochs=3)
    with cluster(1) as nodes, driving(database, tmp_path, nodes.address) as process:
        until(partial(are_measured, database, 1), process)

        nodes.kill_head()

        until(lambda: all(row.state == "queued" for row in rows(database)), process)
        hold.unlink()
        port = nodes.address.rpartition(":")[2]
        with cluster(num_cpus=2, gcs_server_port=int(port)):
            until(partial(has_state, database, job, "succeeded"), process)
            assert stop(process) == 0
    assert len(results(database)) == 3
    assert sorted((row.attempt, row.lost) for row in rows(database)) == [(1, 0), (1, 0), (2, 0)]
