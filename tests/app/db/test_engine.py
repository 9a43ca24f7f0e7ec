"""Connections that the server has closed meanwhile."""

import pytest
from sqlalchemy import text

from app.db import engine
from app.db.engine import Database


@pytest.mark.postgres
def test_a_connection_that_died_while_it_was_idle_is_replaced(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "ASKED_AFTER_SECONDS", 0.0)
    database, other = Database(postgres_url), Database(postgres_url)
    with database.read() as session:
        pid = session.scalar(text("SELECT pg_backend_pid()"))
    with other.write() as session:
        assert session.scalar(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})

    with database.read() as session:
        now = session.scalar(text("SELECT pg_backend_pid()"))

    assert now != pid
    database.close()
    other.close()
