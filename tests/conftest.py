"""Databases to test with: every test that asks for ``database`` runs on SQLite and PostgreSQL."""

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from app.db.engine import Database, Session
from app.db.models import Base
from app.db.schema import migrate

POSTGRES_URL = os.environ.get(
    "ISOBUDGET_TEST_POSTGRES_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
)

HAS_MORE_THAN_A_FEW_ROWS = text(
    "SELECT bool_or(reltuples >= 0 OR pg_relation_size(oid) > 65536) FROM pg_class "
    "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
)
"""Whether any table of PostgreSQL is large, or was ever analysed."""

SLOW_FOLDERS = ("chaos", "e2e")
"""Their tests start processes: all of them are slow."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is slow by its folder; other slow tests are marked where they stand."""
    tests = Path(__file__).parent
    for item in items:
        if item.path.relative_to(tests).parts[0] in SLOW_FOLDERS:
            item.add_marker(pytest.mark.slow)


def missing(what: str) -> None:
    """Skip in words on a user's machine; in CI nothing may be missing."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} (in CI it must be there)")
    pytest.skip(what)


@pytest.fixture(scope="session", autouse=True)
def _folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Processes that tests start keep nothing in the folders of who runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ISOBUDGET_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("ISOBUDGET_CHECKPOINTS", str(tmp_path_factory.mktemp("checkpoints")))
        yield


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database at the newest revision."""
    path = tmp_path_factory.mktemp("sqlite") / "migrated.sqlite"
    database = Database(f"sqlite:///{path}")
    migrate(database)
    database.close()
    return path


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """An empty database of its own on the PostgreSQL server."""
    server = create_engine(POSTGRES_URL, isolation_level="AUTOCOMMIT")
    name = f"isobudget_test_{uuid.uuid4().hex[:12]}"
    try:
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
    except (OperationalError, ModuleNotFoundError) as away:
        missing(f"no PostgreSQL server at {make_url(POSTGRES_URL)!r}: {type(away).__name__}")
    yield make_url(POSTGRES_URL).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture(scope="session")
def migrated_postgres(postgres_url: str) -> str:
    """The PostgreSQL database, at the newest revision."""
    database = Database(postgres_url)
    migrate(database)
    database.close()
    return postgres_url


@pytest.fixture
def sqlite_database(migrated_file: Path, tmp_path: Path) -> Iterator[Database]:
    """An empty SQLite database."""
    path = tmp_path / "test.sqlite"
    shutil.copy(migrated_file, path)
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


def empty(session: Session) -> None:
    """Remove all rows of a PostgreSQL database.

    ``TRUNCATE`` makes new files for every table and index, which costs more than most tests do
    themselves. It is for what ``DELETE`` leaves: many dead rows, and statistics.
    """
    if session.scalar(HAS_MORE_THAN_A_FEW_ROWS):
        session.execute(text(f"TRUNCATE {', '.join(Base.metadata.tables)}"))
        return
    tables = reversed(Base.metadata.sorted_tables)
    session.execute(text("; ".join(f"DELETE FROM {table.name}" for table in tables)))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """An empty database of either kind."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_database")
        return
    database = Database(request.getfixturevalue("migrated_postgres"))
    with database.write() as session:
        empty(session)
    yield database
    database.close()
