"""Backups: a whole database is written to one file while others use it, and restored.

SQLite copies itself; PostgreSQL's own programs dump and restore it. A file gets its name once it is
complete, and a restore replaces the database's contents in one transaction.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, inspect, literal, select, table

from app.db import schema
from app.db.engine import Database, sqlite_module
from app.db.models import Base, SecretRow, WorkerRow
from app.db.schema import REVISIONS

HEADS: Final = {b"SQLite format 3\0": "SQLite", b"PGDMP": "PostgreSQL"}
"""The first bytes of a backup, and the kind of database that it holds."""
MADE_BY_ITSELF: Final = {REVISIONS, SecretRow.__tablename__, WorkerRow.__tablename__}
"""Tables with rows that nobody would miss."""
MOST_SAID: Final = 2_000
"""The error output of PostgreSQL's programs is shown up to this number of bytes."""


class BackupError(RuntimeError):
    """A backup was not made, or not put back; the text says why and what to do."""


def back_up(database: Database, file: Path, *, force: bool = False) -> None:
    """Write all committed data to a file, while others may read and write.

    Raises
    ------
    BackupError
        The file exists (unless ``force``) or cannot be written, or there is nothing to back up.
    """
    if file.exists() and not force:
        raise BackupError(f"{file} exists; name another file, or overwrite it with --force")
    if schema.revision_of(database) is None:
        raise BackupError(f"{database.url} holds nothing of Isobudget")
    try:
        with _whole(file) as part:
            (_copy if database.is_sqlite else _dump)(database, part)
    except OSError as failed:
        raise BackupError(f"{file} cannot be written: {failed.strerror}") from failed


def restore(database: Database, file: Path, *, force: bool = False) -> None:
    """Replace what a database holds with a backup, of this revision of the schema or an older one.

    Raises
    ------
    BackupError
        The file is no backup of this kind of database, a newer version made it, or the database is
        not empty (unless ``force``). Nothing was changed.
    """
    _check_kind(database, file)
    revision = _revision_of_copy(file) if database.is_sqlite else _revision_of_dump(file)
    if revision is None:
        raise BackupError(f"{file} holds nothing of Isobudget")
    if not schema.knows(revision):
        raise BackupError(
            f"{file} was made by a newer version (its schema is at {revision}); upgrade Isobudget"
        )
    if not force and (full := _table_with_rows(database)):
        raise BackupError(
            f"{database.url} is not empty (table {full}); name another database in "
            "ISOBUDGET_DATABASE_URL, or replace what this one holds with --force"
        )
    (_put_back if database.is_sqlite else _run_dump)(database, file)


@contextmanager
def _whole(file: Path) -> Iterator[Path]:
    """A temporary file, which is renamed to ``file`` when the block ends without an exception."""
    part = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        yield part
        with part.open("rb+") as written:
            os.fsync(written.fileno())
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def _check_kind(database: Database, file: Path) -> None:
    try:
        with file.open("rb") as opened:
            head = opened.read(16)
    except OSError as failed:
        raise BackupError(f"{file} cannot be read: {failed.strerror}") from failed
    kind = next((kind for begin, kind in HEADS.items() if head.startswith(begin)), None)
    wanted = "SQLite" if database.is_sqlite else "PostgreSQL"
    if kind is None:
        raise BackupError(f"{file} is no backup: isobudget backup makes them")
    if kind != wanted:
        raise BackupError(f"{file} is a backup of {kind}, ISOBUDGET_DATABASE_URL names {wanted}")


def _tables(database: Database) -> list[str]:
    """The tables that a restore replaces: all of an SQLite file, only ours of PostgreSQL."""
    found = inspect(database.engine).get_table_names()
    ours = {*Base.metadata.tables, REVISIONS}
    return found if database.is_sqlite else [name for name in found if name in ours]


def _table_with_rows(database: Database) -> str | None:
    with database.read() as session:
        for name in set(_tables(database)) - MADE_BY_ITSELF:
            if session.scalar(select(literal(1)).select_from(table(name)).limit(1)):
                return name
    return None


# SQLite


def _copy(database: Database, part: Path) -> None:
    with _driver_connection(database) as connection:
        connection.execute("VACUUM INTO ?", (str(part),))


def _put_back(database: Database, file: Path) -> None:
    """Copy a backup into the database, page by page.

    A file put in the database's place would meet the write-ahead log of the old one.
    """
    with _driver_connection(database) as connection, _opened(file) as copy:
        copy.backup(connection)


def _revision_of_copy(file: Path) -> str | None:
    with _opened(file) as copy:
        pages, size = (
            copy.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size")
        )
        if file.stat().st_size != pages * size:  # what is missing would be read as zeros
            raise BackupError(f"{file} is damaged: it was cut off")
        (fault,) = copy.execute("PRAGMA quick_check(1)").fetchone()
        if fault != "ok":
            raise BackupError(f"{file} is damaged: {fault}")
        named = "SELECT name FROM sqlite_master WHERE name = ?"
        if not copy.execute(named, (REVISIONS,)).fetchone():
            return None
        row = copy.execute(f"SELECT version_num FROM {REVISIONS}").fetchone()
        return str(row[0]) if row else None


@contextmanager
def _driver_connection(database: Database) -> Iterator[Any]:
    """SQLite's own connection, with no transaction begun."""
    with _as_sentences(), closing(database.engine.raw_connection()) as pooled:
        yield pooled.driver_connection


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    """Open an SQLite backup for reading."""
    address = f"{file.resolve().as_uri()}?mode=ro"
    with _as_sentences(), closing(sqlite_module().connect(address, uri=True)) as connection:
        yield connection


@contextmanager
def _as_sentences() -> Iterator[None]:
    try:
        yield
    except sqlite_module().Error as failed:
        raise BackupError(f"SQLite says: {failed}") from failed


# PostgreSQL


def _dump(database: Database, part: Path) -> None:
    options = ["--format=custom", "--no-owner", "--no-privileges", f"--file={part}"]
    address, environment = _libpq(database.url)
    _call([_program("pg_dump"), *options, f"--dbname={address}"], environment)


def _revision_of_dump(file: Path) -> str | None:
    """The revision of a dump: the one row of Alembic's table, after its ``COPY`` statement."""
    options = ["--data-only", f"--table={REVISIONS}", "--file=-"]
    lines = iter(_call([_program("pg_restore"), *options, str(file)]).splitlines())
    for line in lines:
        if line.startswith("COPY "):
            row = next(lines, "\\.")
            return None if row == "\\." else row
    return None


def _run_dump(database: Database, file: Path) -> None:
    """Drop our tables and run the dump, all in one transaction.

    ``pg_restore`` alone would not drop the tables that the dump does not know.
    """
    address, environment = _libpq(database.url)
    once = ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--file=-"]
    script = [_program("pg_restore"), "--no-owner", "--no-privileges", "--file=-", str(file)]
    runner = [_program("psql"), *once, f"--dbname={address}"]
    with tempfile.TemporaryFile() as said:
        with (
            subprocess.Popen(script, stdout=subprocess.PIPE, stderr=said) as restoring,
            subprocess.Popen(
                runner,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=said,
                env=environment,
            ) as running,
        ):
            _pipe(_drop(_tables(database)), restoring, running)
        if restoring.returncode or running.returncode:
            said.seek(0)
            reason = said.read(MOST_SAID).decode(errors="replace").strip()
            raise BackupError(f"nothing was restored: {reason or 'it was stopped'}")


def _pipe(
    first: bytes, restoring: subprocess.Popen[bytes], running: subprocess.Popen[bytes]
) -> None:
    """Pipe the restoring script to ``psql``, and kill ``psql`` if the script is incomplete.

    ``psql`` commits at the end of its input, so it must not see the end of half a script.
    """
    assert restoring.stdout is not None
    assert running.stdin is not None
    is_whole = False
    try:
        with suppress(BrokenPipeError):  # psql has failed, and has said why
            running.stdin.write(first)
            shutil.copyfileobj(restoring.stdout, running.stdin)
        restoring.stdout.close()
        is_whole = restoring.wait() == 0
    finally:
        if not is_whole:
            running.kill()
        with suppress(BrokenPipeError):  # psql has not read everything
            running.stdin.close()


def _drop(tables: list[str]) -> bytes:
    return f"DROP TABLE {', '.join(tables)};\n".encode() if tables else b""


def _libpq(url: URL) -> tuple[str, dict[str, str]]:
    """Address and environment for PostgreSQL's programs; arguments would show the password."""
    address = URL.create(
        "postgresql", url.username, None, url.host, url.port, url.database, url.query
    )
    secret = {"PGPASSWORD": str(url.password)} if url.password else {}
    return address.render_as_string(), {**os.environ, **secret}


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise BackupError(
            f"{name} is not installed; it comes with PostgreSQL's client programs: "
            "apt-get install postgresql-client, or what your system calls them"
        )
    return found


def _call(command: list[str], environment: dict[str, str] | None = None) -> str:
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if ended.returncode:
        raise BackupError(ended.stderr.strip() or f"{command[0]} failed")
    return ended.stdout
