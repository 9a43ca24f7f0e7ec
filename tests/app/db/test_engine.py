"""Connections that the server has closed meanwhile."""

from contextlib import closing

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.db import engine
from app.db.engine import Database


@pytest.mark.postgres
def test_a_connection_that_died_while_it_was_idle_is_replaced(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "ASKED_AFTER_SECONDS", 0.0)
    with closing(Database(postgres_url)) as database:
        pid = connected(database)
        end(postgres_url, pid)

        assert connected(database) != pid


@pytest.mark.postgres
def test_a_connection_that_was_used_just_now_is_not_asked_and_fails_once_if_it_died(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "ASKED_AFTER_SECONDS", 3600.0)
    with closing(Database(postgres_url)) as database:
        pid = connected(database)
        end(postgres_url, pid)

        with pytest.raises(OperationalError):
            connected(database)
        assert connected(database) != pid


def connected(database: Database) -> int:
    """The server's process at the other end of the pool's only connection."""
    with database.read() as session:
        pid: int = session.scalars(text("SELECT pg_backend_pid()")).one()
    return pid


def end(url: str, pid: int) -> None:
    with closing(Database(url)) as other, other.write() as session:
        assert session.scalar(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
