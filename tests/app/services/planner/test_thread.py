"""The planner's thread: it claims what waits, gives back what it cannot end, and goes on."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from app.db import studies
from app.db.engine import Database
from app.db.errors import DatabaseError
from app.db.models import StudyRow
from app.experiments.catalogue import DATASETS
from app.services.condition import Condition
from app.services.datasets import DatasetOrFaults
from app.services.planner import planning, thread
from app.services.planner.planning import Planning
from app.services.planner.thread import Planner
from app.services.solvers import Limits, Solvers
from tests.factories import until
from tests.studies import SolvesAtOnce, counted_here, created


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thread, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(planning, "counted", counted_here)


@contextmanager
def planner(database: Database, processes: int = 1) -> Iterator[Planner]:
    solvers = cast(Solvers, SolvesAtOnce(database))
    limits = Limits(processes, 512)
    running = Planner(database, Condition(database), solvers, limits, Path("nowhere"), 60)
    running.start()
    try:
        yield running
    finally:
        running.stop()


def study(database: Database, id_: str) -> StudyRow:
    with database.read() as session:
        return studies.get(session, id_)


def test_studies_are_planned_one_after_the_other(database: Database) -> None:
    ids = [created(database, seed=seed) for seed in range(3)]
    with planner(database) as running:
        running.wake()
        until(lambda: all(study(database, id_).phase == "training" for id_ in ids))


def test_a_server_without_solver_processes_plans_nothing(sqlite_database: Database) -> None:
    id_ = created(sqlite_database)
    with planner(sqlite_database, processes=0):
        assert not any(it.name == "planner" for it in threading.enumerate())
    assert study(sqlite_database, id_).state == "queued"


def test_what_cannot_be_planned_fails_with_the_reason(sqlite_database: Database) -> None:
    id_ = created(sqlite_database, variants=100, ranges={"kernel_size": [8, 8], "padding": [1, 1]})
    with planner(sqlite_database):
        until(lambda: study(sqlite_database, id_).state == "failed")
    error = study(sqlite_database, id_).error
    assert error is not None
    assert error.startswith("no network of the grid has 100 variants")


def test_images_that_have_changed_since_fail_the_study(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = created(sqlite_database)
    changed = DATASETS["digits"].model_copy(update={"version": "2"})
    monkeypatch.setattr(thread.datasets, "find", lambda *_: DatasetOrFaults(changed))
    with planner(sqlite_database):
        until(lambda: study(sqlite_database, id_).state == "failed")
    assert "have changed since" in (study(sqlite_database, id_).error or "")


def interrupted(monkeypatch: pytest.MonkeyPatch, first: Callable[[Planning], None]) -> None:
    """Have something happen in the first attempt at planning a study; later ones go well."""
    run, attempts = Planning.run, []

    def running(self: Planning, limits: Limits) -> None:
        attempts.append(self.hold.attempt)
        if len(attempts) == 1:
            first(self)
        run(self, limits)

    monkeypatch.setattr(Planning, "run", running)


def test_a_server_that_stops_gives_its_study_back_at_once(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = created(sqlite_database)
    begun = threading.Event()

    def waits(planning: Planning) -> None:
        begun.set()
        while True:
            planning.hold.check()
            planning.hold.pause(0.01)

    interrupted(monkeypatch, waits)
    with planner(sqlite_database):
        begun.wait()
    left = study(sqlite_database, id_)
    assert (left.state, left.lease_expires_at, left.lost) == ("queued", None, 0)

    with planner(sqlite_database):
        until(lambda: study(sqlite_database, id_).phase == "training")
    assert study(sqlite_database, id_).attempt == 2


def test_a_fault_of_the_service_fails_the_study_and_not_the_planner(
    sqlite_database: Database,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    id_, other = created(sqlite_database), created(sqlite_database, seed=1)

    def breaks(_: Planning) -> None:
        raise ZeroDivisionError("of ours")

    interrupted(monkeypatch, breaks)
    with caplog.at_level(logging.ERROR), planner(sqlite_database):
        until(lambda: study(sqlite_database, other).phase == "training")
    assert "ZeroDivisionError" in (study(sqlite_database, id_).error or "")
    assert "a study could not be planned" in caplog.text


def test_the_planner_outlives_a_database_that_is_away(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = created(sqlite_database)
    claim, failures = studies.claim, [DatabaseError("away"), DatabaseError("away")]

    def claiming(*given: Any) -> StudyRow | None:
        if failures:
            raise failures.pop()
        return claim(*given)

    monkeypatch.setattr(studies, "claim", claiming)
    with planner(sqlite_database):
        until(lambda: study(sqlite_database, id_).phase == "training")
