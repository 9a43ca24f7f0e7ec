"""An attempt, and what it writes of what its trainer says."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db import runs
from app.db.engine import Database
from app.db.models import EpochRow, ResultRow, RunRow
from tests.chaos.sleeping import outcome
from tests.factories import queued_job
from tests.workers import settings_in
from trainer import attempt
from trainer.attempt import Attempt
from trainer.outcome import Epoch
from trainer.patience import PatientDatabase
from trainer.process import DiedError, Ended, Progress, Task

EPOCHS = 50


class FakeTrainer:
    """It says all epochs at once, and then how the runs end, or dies."""

    def __init__(self, *, dies: bool = False) -> None:
        self._dies = dies
        self._said: Iterator[Progress | Ended] = iter(())

    def start(self, task: Task) -> None:
        measured = (Epoch(number, 1.0, 1.0, 0.5, 0.01) for number in range(1, EPOCHS + 1))
        progress = [
            Progress({id_: [epoch] for id_ in task.seeds}, {}, "a GPU") for epoch in measured
        ]
        end = Ended({id_: outcome(seed) for id_, seed in task.seeds.items()})
        self._said = iter(progress if self._dies else [*progress, end])

    def message(self, seconds: float) -> Progress | Ended | None:
        message = next(self._said, None)
        if message is None:
            raise DiedError("killed")
        return message

    def halt(self) -> Sequence[Progress | Ended]:
        return list(self._said)

    def abort(self) -> None: ...

    def kill(self) -> None: ...


@pytest.fixture
def beats(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many epochs each heartbeat brought, of all runs."""
    found: list[int] = []
    beat = runs.beat

    def count(
        session: Session, held: object, lease: float, epochs: dict[str, list[object]]
    ) -> object:
        found.append(sum(map(len, epochs.values())))
        return beat(session, held, lease, epochs)  # type: ignore[arg-type]

    monkeypatch.setattr(runs, "beat", count)
    return found


def attempted(
    database: Database, folder: Path, trainer: FakeTrainer, *, is_stopped: bool = False
) -> list[str]:
    """Have two seeds of a network trained. Returns the devices that were told."""
    queued_job(database, seeds=2, epochs=EPOCHS)
    with database.write() as session:
        claims = runs.claim(session, "w", 20)
    stopping = threading.Event()
    if is_stopped:
        stopping.set()
    patient = PatientDatabase(database, stopping, 0.05)
    devices: list[str] = []
    Attempt(claims, patient, settings_in(folder), trainer, stopping, devices.append).run()
    return devices


def number(database: Database, table: type) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_short_epochs_are_written_together_and_none_is_left_out(
    sqlite_database: Database, tmp_path: Path, beats: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt, "TOGETHER_SECONDS", 3600.0)

    attempted(sqlite_database, tmp_path, FakeTrainer())

    assert beats == [2, 2 * (EPOCHS - 1)]  # the first one at once
    assert number(sqlite_database, EpochRow) == 2 * EPOCHS
    assert number(sqlite_database, ResultRow) == 2


def test_long_epochs_are_written_one_by_one(
    sqlite_database: Database, tmp_path: Path, beats: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt, "TOGETHER_SECONDS", 0.0)

    attempted(sqlite_database, tmp_path, FakeTrainer())

    assert beats == [2] * EPOCHS


def test_the_device_that_a_training_runs_on_is_told(
    sqlite_database: Database, tmp_path: Path
) -> None:
    assert attempted(sqlite_database, tmp_path, FakeTrainer()) == ["a GPU"] * EPOCHS


@pytest.mark.parametrize("is_stopped", [False, True])
def test_what_was_measured_before_an_attempt_ends_early_is_kept(
    is_stopped: bool, sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt, "TOGETHER_SECONDS", 3600.0)

    attempted(sqlite_database, tmp_path, FakeTrainer(dies=True), is_stopped=is_stopped)

    assert number(sqlite_database, EpochRow) == 2 * EPOCHS
    with sqlite_database.read() as session:
        states = session.execute(select(RunRow.state, RunRow.lost)).all()
    assert [tuple(row) for row in states] == [("queued", int(not is_stopped))] * 2
