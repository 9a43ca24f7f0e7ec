"""Migrations that run at the same time, in real processes."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.db.engine import Database
from app.db.locks import only_migration
from app.db.schema import is_current
from tests.databases import new_postgres
from tests.factories import PATIENCE, until

pytestmark = pytest.mark.slow  # starts processes

AT_ONCE = 4


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without a schema."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'new.sqlite'}")
        yield database
        database.close()
        return
    request.getfixturevalue("postgres_url")
    with new_postgres() as url:
        database = Database(url)
        yield database
        database.close()


def migrating(database: Database) -> "subprocess.Popen[str]":
    url = database.url.render_as_string(hide_password=False)
    return subprocess.Popen(
        [sys.executable, "-m", "app.cli", "migrate"],
        env={**os.environ, "ISOBUDGET_DATABASE_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_of_several_migrations_at_once_each_succeeds(empty: Database) -> None:
    started = [migrating(empty) for _ in range(AT_ONCE)]
    ended = [(process.communicate(timeout=PATIENCE), process.returncode) for process in started]

    for (_, said), code in ended:
        assert code == 0, said
    assert is_current(empty)


def test_a_migration_waits_for_the_end_of_another_and_says_so(empty: Database) -> None:
    with only_migration(empty):
        waiting = migrating(empty)
        assert waiting.stderr
        assert "waiting until it is done" in waiting.stderr.readline()
        assert waiting.poll() is None
        with empty.engine.connect() as connection:
            assert not connection.dialect.has_table(connection, "jobs")
    _, said = waiting.communicate(timeout=PATIENCE)

    assert waiting.returncode == 0, said
    assert is_current(empty)


def test_a_migration_that_is_killed_keeps_nobody_waiting(empty: Database) -> None:
    with only_migration(empty):
        killed = migrating(empty)
        assert killed.stderr
        killed.stderr.readline()  # it waits
    until(lambda: killed.poll() is not None or _has_begun(empty))
    killed.kill()
    killed.communicate()

    last = migrating(empty)
    _, said = last.communicate(timeout=PATIENCE)

    assert last.returncode == 0, said
    assert is_current(empty)


def _has_begun(database: Database) -> bool:
    with database.engine.connect() as connection:
        return connection.dialect.has_table(connection, "alembic_version")


def test_a_place_that_cannot_be_written_is_named_without_a_trace(tmp_path: Path) -> None:
    (tmp_path / "new.sqlite-migrating").mkdir()
    process = migrating(Database(f"sqlite:///{tmp_path / 'new.sqlite'}"))
    _, said = process.communicate(timeout=PATIENCE)

    assert process.returncode == 1
    assert "unable to open database file" in said
    assert "Traceback" not in said


def test_a_fault_that_is_not_the_urls_is_not_put_on_it(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "new.sqlite") as connection:
        connection.execute("CREATE TABLE jobs (id TEXT)")
    connection.close()
    process = migrating(Database(f"sqlite:///{tmp_path / 'new.sqlite'}"))
    _, said = process.communicate(timeout=PATIENCE)

    assert process.returncode == 1
    assert "table jobs already exists" in said
    assert "ISOBUDGET_DATABASE_URL" not in said
