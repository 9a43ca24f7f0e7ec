"""A worker is in the register while it works, and works on where the register cannot be written."""

import os

import pytest
from sqlalchemy import delete, select
from sqlalchemy.exc import OperationalError

from app.db import register
from app.db.engine import Database
from app.db.models import WorkerRow
from app.db.register import Identity
from tests.factories import until
from trainer.presence import Presence

LEASE = 0.3
HOUR = 3600.0
WORKER = Identity("w", "host", os.getpid(), "process", {"python": "3.11"})


def row(database: Database) -> WorkerRow | None:
    with database.read() as session:
        return session.scalars(select(WorkerRow)).one_or_none()


def device(database: Database) -> str | None:
    with database.read() as session:
        return session.scalar(select(WorkerRow.device))


@pytest.fixture
def presence(database: Database) -> Presence:
    return Presence(database, WORKER, LEASE)


def test_a_worker_is_heard_of_until_it_ends(database: Database, presence: Presence) -> None:
    with presence:
        first = until(lambda: row(database))
        later = until(lambda: it if (it := row(database)) and it.seen_at > first.seen_at else None)

        assert later.started_at == first.started_at
        assert later.silent_at > first.silent_at
        assert later.stopped_at is None
    last = row(database)

    assert last is not None
    assert last.stopped_at is not None


def test_it_tells_the_devices_that_trainings_run_on(database: Database, presence: Presence) -> None:
    with presence:
        for name in ("cpu", "a GPU", "cpu"):
            presence.trains_on(name)
        until(lambda: device(database))

        assert device(database) == "a GPU, cpu"


def test_a_worker_that_is_no_longer_in_the_register_enters_it_again(
    sqlite_database: Database,
) -> None:
    with Presence(sqlite_database, WORKER, LEASE) as presence:
        first = until(lambda: row(sqlite_database))
        presence._began -= HOUR
        with sqlite_database.write() as session:
            session.execute(delete(WorkerRow))
        again = until(lambda: row(sqlite_database))

    assert (first.started_at - again.started_at).total_seconds() > HOUR / 2


def test_a_worker_may_work_twice(sqlite_database: Database) -> None:
    presence = Presence(sqlite_database, WORKER, 60)
    with presence:
        until(lambda: row(sqlite_database))
    with presence:
        until(lambda: (it := row(sqlite_database)) and it.stopped_at is None)


def test_a_register_that_cannot_be_written_is_told_of_once_and_holds_nothing_up(
    sqlite_database: Database, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    def fail(*_: object) -> bool:
        tried.append("")
        raise OperationalError(None, None, RuntimeError("no server"))

    monkeypatch.setattr(register, "enter", fail)
    monkeypatch.setattr(register, "beat", fail)
    with Presence(sqlite_database, WORKER, LEASE):
        until(lambda: len(tried) > 2)

    assert [it for it in caplog.messages if "register" in it] == [
        "the register of workers is not kept: no server"
    ]
    assert row(sqlite_database) is None
