"""The driver on a cluster that is none: its tasks are functions in threads."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from app.db.engine import Database
from app.db.models import ResultRow, RunRow
from tests.chaos.sleeping import outcome
from tests.factories import PATIENCE, queued_job, until
from tests.workers import settings_in
from trainer.engines.calls import EngineLostError
from trainer.engines.driver import Driver
from trainer.process import DiedError, Ended, Progress, Task


class FakeTask:
    """It says how its runs end once it may."""

    def __init__(self, cluster: "FakeCluster") -> None:
        self._cluster = cluster
        self.has_begun = True
        self._is_halted = False

    def start(self, task: Task) -> None:
        self._task = task
        self._cluster.started.append(task)

    def message(self, seconds: float) -> Progress | Ended | None:
        if self._cluster.dies:
            raise DiedError(self._cluster.dies.pop())
        if not self._cluster.may_end.wait(seconds):
            return None
        return Ended({id_: outcome(seed) for id_, seed in self._task.seeds.items()})

    def halt(self) -> Sequence[Progress | Ended]:
        self._cluster.halted.append(self._task)
        return []

    def abort(self) -> None: ...

    def kill(self) -> None: ...


class FakeCluster:
    """A number of places, or an error that it raises once."""

    def __init__(self, places: int) -> None:
        self.places = places
        self.error: Exception | None = None
        self.may_end = threading.Event()
        self.started: list[Task] = []
        self.halted: list[Task] = []
        self.dies: list[str] = []
        self.most_held = 0
        self.looks = 0

    def free(self, held: int, waiting: int) -> int:
        self.looks += 1
        self.most_held = max(self.most_held, held)
        if self.error:
            raise self.error
        return max(0, self.places - held)

    def task(self) -> FakeTask:
        return FakeTask(self)


def driver(database: Database, cluster: FakeCluster, folder: Path) -> Driver:
    return Driver(database, settings_in(folder, poll=0.02), cluster)


@contextmanager
def working(driving: Driver, cluster: FakeCluster, **options: bool) -> Iterator[list[Exception]]:
    """A driver at work in a thread; what it raised, once it has ended."""
    raised: list[Exception] = []

    def work() -> None:
        try:
            driving.work(**options)
        except Exception as error:
            raised.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield raised
        thread.join(PATIENCE)
        assert not thread.is_alive()
    finally:
        driving.stop()
        cluster.may_end.set()
        thread.join(PATIENCE)


def rows(database: Database) -> Sequence[RunRow]:
    with database.read() as session:
        return session.scalars(select(RunRow).order_by(RunRow.position)).all()


def states(database: Database) -> list[str]:
    return [row.state for row in rows(database)]


def test_as_many_stacks_are_trained_at_once_as_there_are_places(
    database: Database, tmp_path: Path
) -> None:
    queued_job(database, seeds=2, variants=range(4))
    cluster = FakeCluster(places=3)
    with working(driver(database, cluster, tmp_path), cluster, exit_when_idle=True) as raised:
        until(lambda: len(cluster.started) == 3)

        assert states(database).count("running") == 6
        cluster.may_end.set()

    assert not raised

    assert set(states(database)) == {"succeeded"}
    assert cluster.most_held == 3
    with database.read() as session:
        assert len(session.scalars(select(ResultRow)).all()) == 10


def test_once_trains_one_network(sqlite_database: Database, tmp_path: Path) -> None:
    queued_job(sqlite_database, seeds=2, variants=[0])
    cluster = FakeCluster(places=8)
    cluster.may_end.set()

    driver(sqlite_database, cluster, tmp_path).work(once=True)

    assert states(sqlite_database) == ["succeeded", "succeeded", "queued", "queued"]


def test_nothing_is_claimed_while_there_is_no_place(
    sqlite_database: Database, tmp_path: Path
) -> None:
    queued_job(sqlite_database, seeds=1)
    cluster = FakeCluster(places=0)
    driving = driver(sqlite_database, cluster, tmp_path)
    with working(driving, cluster, exit_when_idle=True) as raised:
        until(lambda: cluster.looks >= 3)

        assert [(row.state, row.attempt) for row in rows(sqlite_database)] == [("queued", 0)]
        driving.stop()

    assert not raised


def test_a_task_that_died_is_tried_again(sqlite_database: Database, tmp_path: Path) -> None:
    queued_job(sqlite_database, seeds=1)
    cluster = FakeCluster(places=1)
    cluster.dies = ["the node died"]
    cluster.may_end.set()

    driver(sqlite_database, cluster, tmp_path).work(exit_when_idle=True)

    assert [(row.state, row.attempt, row.lost) for row in rows(sqlite_database)] == [
        ("succeeded", 2, 1)
    ]


def test_a_lost_cluster_gives_everything_back(sqlite_database: Database, tmp_path: Path) -> None:
    queued_job(sqlite_database, seeds=1, variants=[0, 1])
    cluster = FakeCluster(places=2)
    with working(driver(sqlite_database, cluster, tmp_path), cluster) as raised:
        until(lambda: len(cluster.started) == 2)
        cluster.error = EngineLostError("no answer")

    assert raised == [cluster.error]
    assert len(cluster.halted) == 2
    assert [(row.state, row.lost) for row in rows(sqlite_database)] == [("queued", 0)] * 3


def test_an_attempt_that_fails_as_nobody_expected_ends_the_driver(
    sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued_job(sqlite_database, seeds=1, variants=[0])
    cluster = FakeCluster(places=2)

    def start(task: FakeTask, _: Task) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(FakeTask, "start", start)

    with pytest.raises(ZeroDivisionError):
        driver(sqlite_database, cluster, tmp_path).work()
