"""Databases that are there, but cannot be used: what the API says, and how often the log does."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, event, text
from starlette.testclient import TestClient

from app.config import Settings
from app.db.engine import Database
from app.db.schema import migrate
from app.main import create_app
from tests.app.api.conftest import serving
from tests.conftest import POSTGRES_URL
from tests.databases import new_postgres
from tests.factories import search_body, until

READS = ("/v1/jobs", "/v1/searches", "/v1/searches/x", "/v1/variants", "/v1/architectures/x")
LOOPS = 6


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the log says of our own, from information on; each line has to be a line."""
    lines = [record for record in caplog.records if record.name.startswith(("app.", "trainer."))]
    assert not any(record.exc_info for record in lines)
    return [record.getMessage() for record in lines]


def readiness(client: TestClient) -> str:
    """Why the service is not ready; empty if it is."""
    answer = client.get("/readyz")
    assert answer.status_code in (200, 503)
    assert client.get("/healthz").status_code == 200
    return "" if answer.status_code == 200 else str(answer.json()["detail"])


def post(client: TestClient, **changes: Any) -> Any:
    headers = {"Prefer": "wait=0"}
    return client.post("/v1/searches", json=search_body(**changes), headers=headers)


def pragma(client: TestClient, statement: str) -> None:
    """Have all connections of the service, old and new, begin with a statement of SQLite."""
    database: Database = client.app.state.database  # type: ignore[attr-defined]

    def prepare(connection: Any, _record: Any, _proxy: Any) -> None:
        connection.execute(f"PRAGMA {statement}")

    event.listen(database.engine, "checkout", prepare)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def own(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A migrated database of its own, which a test may spoil."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_database")
        return
    request.getfixturevalue("postgres_url")
    with new_postgres() as url:
        database = Database(url)
        migrate(database)
        yield database
        database.close()


def execute(database: Database, *statements: str) -> None:
    with database.write() as session:
        for statement in statements:
            session.execute(text(statement))


def set_revision(database: Database, revision: str) -> None:
    execute(database, f"UPDATE alembic_version SET version_num = '{revision}'")


OLDER, NEWER = "c4ed644a0307", "ffffffffffff"
SCHEMAS: list[tuple[str, Callable[[Database], None]]] = [
    ("run: isobudget migrate", lambda database: migrate(database, "base")),
    ("run: isobudget migrate", lambda database: set_revision(database, OLDER)),
    ("upgrade Isobudget", lambda database: set_revision(database, NEWER)),
    ("tables of the database are missing", lambda database: execute(database, "DROP TABLE epochs")),
]


@pytest.mark.slow
@pytest.mark.parametrize(("reason", "spoil"), SCHEMAS, ids=["none", "older", "newer", "dropped"])
def test_where_the_schema_is_another_everything_says_so_and_the_log_once(
    own: Database,
    reason: str,
    spoil: Callable[[Database], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    spoil(own)
    caplog.set_level(logging.INFO, "app")
    with serving(own, 2) as client:
        for _ in range(LOOPS):
            assert reason in readiness(client)
            for path in READS:
                answer = client.get(path)
                assert answer.status_code == 503, path
                assert reason in answer.json()["detail"]
                assert "Retry-After" not in answer.headers
            assert post(client).status_code == 503
            time.sleep(0.1)  # the solvers try, too
    (line,) = told(caplog)
    assert reason in line


@pytest.mark.slow
def test_the_first_request_after_a_migration_is_answered(
    own: Database, caplog: pytest.LogCaptureFixture
) -> None:
    migrate(own, "base")
    caplog.set_level(logging.INFO, "app")
    with serving(own, 1) as client:
        assert client.get("/v1/jobs").status_code == 503
        migrate(own)
        after = client.get("/v1/jobs")
        assert after.status_code == 200, after.text
        assert readiness(client) == ""
        assert post(client).status_code == 202
    assert len(told(caplog)) == 2
    assert "can be used again" in told(caplog)[-1]


def test_a_file_that_is_no_database_is_named_as_that(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "notes.txt").write_text("not a database at all\n" * 500)
    with serving(Database(f"sqlite:///{tmp_path / 'notes.txt'}"), 2) as client:
        for _ in range(LOOPS):
            assert "is no database" in readiness(client)
            for path in READS:
                answer = client.get(path)
                assert answer.status_code == 503
                assert "is no database" in answer.json()["detail"]
                assert "notes" not in answer.text
        assert client.get("/metrics").status_code == 200
        time.sleep(0.5)
    assert len(told(caplog)) == 1
    assert (tmp_path / "notes.txt").read_text().startswith("not a database")


@contextmanager
def read_only(database: Database, client: TestClient) -> Iterator[None]:
    """Until the block is left, nothing can be written."""
    if database.is_sqlite:
        pragma(client, "query_only = 1")
        yield
        pragma(client, "query_only = 0")
        return
    server = create_engine(POSTGRES_URL, isolation_level="AUTOCOMMIT")
    name = database.url.database
    end = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
    for value in ("on", "off"):
        with server.connect() as connection:
            setting = f"ALTER DATABASE {name} SET default_transaction_read_only = {value}"
            connection.execute(text(setting))
            connection.execute(end, {"name": name})
        if value == "on":
            yield
    server.dispose()


@pytest.mark.slow
def test_what_can_only_be_read_is_read_and_the_log_says_so_once(
    own: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "app")
    with serving(own, 2) as client:
        with read_only(own, client):
            until(lambda: "can only be read" in readiness(client))
            caplog.clear()  # the connections that were cut may have been told of
            for _ in range(LOOPS):
                refused = post(client)
                assert refused.status_code == 503
                assert "can only be read" in refused.json()["detail"]
                assert refused.headers["Retry-After"]
                assert client.get("/v1/jobs").status_code == 200
                assert "can only be read" in readiness(client)
                time.sleep(0.1)
            assert told(caplog) == []
        until(lambda: readiness(client) == "")
        assert post(client).status_code == 202


@pytest.mark.slow
def test_a_server_that_is_away_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url = "postgresql+psycopg://isobudget:secret@127.0.0.1:1/isobudget"
    settings = Settings(database_url=url, solver_processes=2, poll=0.05)
    with TestClient(create_app(settings)) as client:
        for _ in range(LOOPS):
            assert readiness(client) == "the database does not answer"
            answer = client.get("/v1/jobs")
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
            time.sleep(0.1)
    (line,) = told(caplog)
    assert "Connection refused" in line
    assert "secret" not in line


class TestFullDisk:
    @pytest.mark.slow
    def test_a_search_whose_variants_do_not_fit_fails_and_says_so(
        self, sqlite_database: Database, caplog: pytest.LogCaptureFixture
    ) -> None:
        with sqlite_database.read() as session:
            pages = session.scalar(text("PRAGMA page_count"))
        with serving(sqlite_database, 1) as client:
            pragma(client, f"max_page_count = {pages + 1}")
            id_ = post(client, limit=10_000).json()["id"]
            ended = until(lambda: _ended(client, id_))
            assert ended["state"] == "failed"
            assert ended["error"] == (
                "its answer could not be stored: the disk of the database is full"
            )
            assert ended["variants"] == []
            assert readiness(client) == "the disk of the database is full"
            pragma(client, "max_page_count = 1000000")
            until(lambda: readiness(client) == "")
            again = post(client, limit=10_000).json()["id"]
            assert until(lambda: _ended(client, again))["state"] == "succeeded"
        assert len([line for line in told(caplog) if "disk" in line]) == 1

    def test_readiness_ends_before_the_last_byte_is_gone(
        self, sqlite_client: TestClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert readiness(sqlite_client) == ""
        usage = type("Usage", (), {"free": 1000})
        monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
        until(lambda: readiness(sqlite_client) == "the disk of the database is full")
        monkeypatch.undo()
        assert readiness(sqlite_client) == ""


def _ended(client: TestClient, id_: str) -> Any:
    view = client.get(f"/v1/searches/{id_}").json()
    return view if view.get("state") in ("failed", "succeeded") else None


def test_a_database_that_another_process_writes_to_is_ready(
    sqlite_client: TestClient, sqlite_database: Database
) -> None:
    with sqlite_database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = version_num"))
        assert readiness(sqlite_client) == ""
        assert sqlite_client.get("/v1/jobs").status_code == 200


def test_looks_leave_nothing_behind(sqlite_client: TestClient, sqlite_database: Database) -> None:
    for _ in range(3):
        assert readiness(sqlite_client) == ""
    with sqlite_database.read() as session:
        found = session.scalars(text("SELECT name FROM sqlite_master"))
        assert not any("probe" in name for name in found)
