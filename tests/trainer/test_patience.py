import threading
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.db.engine import Database
from trainer.patience import PatientDatabase


@dataclass
class Clock:
    now: float = 1_000.0

    def monotonic(self) -> float:
        return self.now


class Waiting(threading.Event):
    """Nobody waits for it: the clock goes on instead."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def wait(self, timeout: float | None = None) -> bool:
        self._clock.now += timeout or 0
        return self.is_set()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("trainer.patience.time", made)
    return made


@pytest.fixture
def stopping(clock: Clock) -> threading.Event:
    return Waiting(clock)


@pytest.fixture
def patient(sqlite_database: Database, stopping: threading.Event) -> PatientDatabase:
    return PatientDatabase(sqlite_database, stopping, poll=0.5)


def away_until(clock: Clock, end: float) -> Callable[[Session], int]:
    """What fails until a moment, as a database does that comes back then."""

    def work(session: Session) -> int:
        if clock.now < end:
            raise OperationalError("SELECT 1", {}, Exception("connection failed:\n\tno server\n"))
        return int(session.execute(text("SELECT 1")).scalar_one())

    return work


@pytest.mark.parametrize("way", ["read", "write"])
def test_the_log_tells_in_one_line_each_that_the_database_goes_and_comes_back(
    patient: PatientDatabase, clock: Clock, caplog: pytest.LogCaptureFixture, way: str
) -> None:
    caplog.set_level("INFO", "trainer")

    assert getattr(patient, way)(away_until(clock, clock.now + 12)) == 1

    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "the database does not answer; asking again: connection failed: no server"),
        ("INFO", "the database can be used again, after 12.0 s"),
    ]
    assert not any(record.exc_info for record in caplog.records)


def test_while_it_stays_away_the_log_tells_so_every_thirty_seconds(
    patient: PatientDatabase, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "trainer")

    patient.write(away_until(clock, clock.now + 100))

    assert [record.getMessage().partition(":")[0] for record in caplog.records] == [
        "the database does not answer; asking again",
        *(f"the database does not answer, for {seconds} s now" for seconds in (30, 60, 90)),
        "the database can be used again, after 100.0 s",
    ]


def test_one_time_away_is_told_once_however_many_ask(
    patient: PatientDatabase, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    work = away_until(clock, clock.now + 20)
    with pytest.raises(OperationalError):
        patient.read(work, until=clock.now + 10)

    patient.write(work)
    patient.write(work)

    assert len(caplog.records) == 1
    assert "the database does not answer" in caplog.text


def test_a_database_that_answers_is_not_spoken_of(
    patient: PatientDatabase, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "trainer")

    patient.write(away_until(clock, clock.now))

    assert caplog.records == []


def test_patience_ends_when_it_is_too_late(patient: PatientDatabase, clock: Clock) -> None:
    started = clock.now

    with pytest.raises(OperationalError):
        patient.read(away_until(clock, float("inf")), until=started + 15)

    assert started + 15 <= clock.now < started + 16


def test_patience_ends_when_the_worker_is_to_stop(
    patient: PatientDatabase, clock: Clock, stopping: threading.Event
) -> None:
    stopping.set()

    with pytest.raises(OperationalError):
        patient.write(away_until(clock, float("inf")))
