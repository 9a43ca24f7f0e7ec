"""Backups of databases that are written to, and what becomes of them."""

import shutil
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import select, text, update

from app.db import backup, jobs
from app.db.backup import BackupError, back_up, restore
from app.db.engine import Database
from app.db.models import Base, JobRunRow, ResultRow, RunRow, SecretRow
from app.db.schema import config, is_current, migrate
from tests.databases import new_postgres
from tests.factories import PATIENCE, RESULT, needs, original, queued_job, until
from tests.planned_studies import planned_study

NewDatabase = Callable[[], Database]


@pytest.fixture
def new_database(database: Database, tmp_path: Path) -> Iterator[NewDatabase]:
    """Makes empty databases, not migrated, of the kind of the one that is tested."""
    with ExitStack() as stack:

        def make() -> Database:
            path = tmp_path / f"{uuid.uuid4().hex}.sqlite"
            url = f"sqlite:///{path}"
            if not database.is_sqlite:
                url = stack.enter_context(new_postgres())
            return stack.enter_context(closing(Database(url)))

        yield make


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[Database]:
    """A migrated database on a server that runs."""
    assert postgres_url
    with new_postgres() as url, closing(Database(url)) as database:
        migrate(database)
        yield database


def content(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables, but for the secret that every migrated database has."""
    with database.read() as session:
        return {
            name: sorted(map(tuple, session.execute(select(table))), key=repr)
            for name, table in Base.metadata.tables.items()
            if name != SecretRow.__tablename__
        }


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "isobudget.backup"


def test_a_restored_backup_holds_what_was_backed_up(
    database: Database, new_database: NewDatabase, file: Path
) -> None:
    queued_job(database, seeds=2, variants=[3])
    planned_study(database, needs(original(), tag="other"))
    back_up(database, file)
    kept = content(database)
    with database.write() as session:
        session.execute(update(RunRow).values(attempt=7))

    restored = new_database()
    restore(restored, file)

    assert is_current(restored)
    assert content(restored) == kept
    with restored.write() as session:
        session.execute(update(RunRow).values(attempt=8))


class Writer(threading.Thread):
    """Queues jobs and ends their runs, as fast as it can, until it is stopped."""

    def __init__(self, database: Database, number: int) -> None:
        super().__init__()
        self._database = database
        self._number = number
        self._stopping = threading.Event()
        self.rounds = 0
        self.started = threading.Event()

    def run(self) -> None:
        while not self._stopping.is_set():
            queued_job(self._database, seeds=2, tag=f"{self._number}-{self.rounds}")
            while self._end_a_run():
                pass
            self.rounds += 1
            self.started.set()

    def _end_a_run(self) -> bool:
        """A run and its result in one transaction, as workers do."""
        with self._database.write() as session:
            mine = RunRow.dataset.like(f"{self._number}-%")
            query = select(RunRow).where(mine, RunRow.state == "queued").limit(1)
            found = session.scalars(query).first()
            if found is None:
                return False
            found.state, found.attempt = "succeeded", 1
            session.flush()
            session.add(ResultRow(run_id=found.id, attempt=1, **RESULT))
        return True

    def stop(self) -> None:
        self._stopping.set()
        self.join()


@pytest.mark.slow
def test_a_backup_while_others_write_is_one_consistent_look(
    database: Database, new_database: NewDatabase, tmp_path: Path
) -> None:
    queued_job(database)
    writers = [Writer(database, number) for number in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        assert writer.started.wait(PATIENCE)
    files = [tmp_path / f"{number}.backup" for number in range(4)]
    before = [sum(writer.rounds for writer in writers)]
    for file in files:
        back_up(database, file)
        until(lambda: sum(writer.rounds for writer in writers) > before[-1])  # they go on
        before.append(sum(writer.rounds for writer in writers))
    for writer in writers:
        writer.stop()

    results = []
    for file in files:
        restored = new_database()
        restore(restored, file)
        results.append(_check(restored))
    assert results == sorted(results)
    assert results[0] >= 2 * before[0]


def _check(database: Database) -> int:
    """What must hold in every committed state; the number of results."""
    with database.read() as session:
        succeeded = set(session.scalars(select(RunRow.id).where(RunRow.state == "succeeded")))
        results = list(session.scalars(select(ResultRow.run_id)))
        assert sorted(succeeded) == sorted(results)
        of_jobs = set(session.scalars(select(JobRunRow.run_id)))
        assert of_jobs == set(session.scalars(select(RunRow.id)))
        for job in jobs.newest(session, None, 200)[0]:
            links = select(JobRunRow).where(JobRunRow.job_id == job.id)
            assert len(session.scalars(links).all()) == 2
        if database.is_sqlite:
            assert session.scalar(text("PRAGMA integrity_check")) == "ok"
            assert session.execute(text("PRAGMA foreign_key_check")).all() == []
    return len(results)


def test_a_file_that_exists_is_overwritten_only_by_force(database: Database, file: Path) -> None:
    file.write_text("precious")
    with pytest.raises(BackupError, match="--force"):
        back_up(database, file)
    assert file.read_text() == "precious"

    back_up(database, file, force=True)

    assert file.read_bytes()[:5] in (b"SQLit", b"PGDMP")


def test_a_backup_that_fails_leaves_nothing_behind(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "nowhere"
    with pytest.raises(BackupError):
        back_up(database, folder / "file")
    taken = tmp_path / "taken"
    taken.mkdir()

    with pytest.raises(BackupError):
        back_up(database, taken, force=True)

    assert not folder.exists()
    assert [path.name for path in tmp_path.iterdir() if ".taken" in path.name] == []


def test_a_database_that_holds_something_is_replaced_only_by_force(
    database: Database, file: Path
) -> None:
    back_up(database, file)
    queued_job(database, seeds=1)
    kept = content(database)
    with pytest.raises(BackupError, match=r"not empty.*--force"):
        restore(database, file)
    assert content(database) == kept

    restore(database, file, force=True)

    assert not any(content(database).values())
    assert is_current(database)


def test_an_empty_database_may_be_migrated_already(
    database: Database, new_database: NewDatabase, file: Path
) -> None:
    queued_job(database)
    back_up(database, file)
    other = new_database()
    migrate(other)

    restore(other, file)

    assert content(other) == content(database)


def test_an_older_backup_is_restored_and_can_be_migrated(
    database: Database, new_database: NewDatabase, file: Path
) -> None:
    revisions = list(ScriptDirectory.from_config(config()).walk_revisions())
    old = new_database()
    migrate(old, revisions[-1].revision)
    back_up(old, file)

    restore(database, file)

    assert not is_current(database)
    migrate(database)
    assert is_current(database)


def test_a_backup_of_a_newer_version_is_refused(database: Database, file: Path) -> None:
    newest = ScriptDirectory.from_config(config()).get_current_head()
    try:
        _set_revision(database, "f" * 12)
        back_up(database, file)
    finally:
        _set_revision(database, str(newest))

    with pytest.raises(BackupError, match="newer version"):
        restore(database, file)
    assert is_current(database)


def _set_revision(database: Database, revision: str) -> None:
    with database.write() as session:
        session.execute(text(f"UPDATE alembic_version SET version_num = '{revision}'"))


def test_a_database_without_our_schema_is_not_backed_up(
    new_database: NewDatabase, file: Path
) -> None:
    with pytest.raises(BackupError, match="nothing of Isobudget"):
        back_up(new_database(), file)
    assert not file.exists()


def damaged(whole: bytes) -> list[bytes]:
    """What a copy that was cut off, or a disk, may make of a file."""
    middle = len(whole) // 2
    return [b"", whole[:3], whole[:40], whole[:middle], whole[:-100]]


def test_damaged_backups_are_refused_and_nothing_is_changed(database: Database, file: Path) -> None:
    queued_job(database, seeds=1)
    back_up(database, file)
    kept, other = content(database), file.with_suffix(".damaged")
    for bad in damaged(file.read_bytes()):
        other.write_bytes(bad)
        with pytest.raises(BackupError):
            restore(database, other, force=True)
    with pytest.raises(BackupError):
        restore(database, file.with_suffix(".missing"), force=True)

    assert content(database) == kept


@pytest.mark.postgres
def test_a_backup_of_the_other_kind_of_database_is_told(
    sqlite_database: Database, postgres: Database, file: Path
) -> None:
    back_up(sqlite_database, file)
    with pytest.raises(BackupError, match=r"backup of SQLite.*names PostgreSQL"):
        restore(postgres, file)
    back_up(postgres, file, force=True)
    with pytest.raises(BackupError, match=r"backup of PostgreSQL.*names SQLite"):
        restore(sqlite_database, file)


@pytest.mark.postgres
def test_a_dump_that_ends_in_the_middle_changes_nothing(
    postgres: Database, file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    back_up(postgres, file)
    queued_job(postgres)
    kept = content(postgres)
    which, broken = shutil.which, tmp_path / "pg_restore"
    real = which("pg_restore")
    broken.write_text(
        f'#!/bin/sh\ncase "$*" in *--data-only*) exec {real} "$@";; esac\n'
        f'{real} "$@" | head -n 60; echo "cut off" >&2; exit 1\n'
    )
    broken.chmod(0o755)
    monkeypatch.setattr(
        shutil, "which", lambda name: str(broken) if name == "pg_restore" else which(name)
    )

    with pytest.raises(BackupError, match="nothing was restored: cut off"):
        restore(postgres, file, force=True)

    assert content(postgres) == kept


@pytest.mark.postgres
def test_what_the_server_refuses_changes_nothing_and_its_reason_is_shown(
    postgres: Database, file: Path
) -> None:
    queued_job(postgres)
    back_up(postgres, file)
    kept = content(postgres)
    with postgres.write() as session:
        session.execute(text("CREATE VIEW mine AS SELECT id FROM runs"))

    with pytest.raises(BackupError, match="view mine depends on table runs"):
        restore(postgres, file, force=True)

    assert content(postgres) == kept


@pytest.mark.postgres
def test_without_the_programs_of_postgresql_the_package_is_named(
    postgres: Database, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)

    with pytest.raises(BackupError, match=r"pg_dump is not installed.*postgresql-client"):
        back_up(postgres, file)


def test_the_password_is_not_among_the_arguments_that_others_may_read(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[Any, Any]] = []

    def call(command: list[str], environment: dict[str, str] | None = None) -> str:
        seen.append((command, environment))
        return ""

    monkeypatch.setattr("app.db.backup._call", call)
    backup._dump(Database("postgresql+psycopg://u:s3cret@host:5/name?sslmode=require"), file)

    ((command, environment),) = seen
    assert "s3cret" not in " ".join(command)
    assert "--dbname=postgresql://u@host:5/name?sslmode=require" in command
    assert environment["PGPASSWORD"] == "s3cret"
