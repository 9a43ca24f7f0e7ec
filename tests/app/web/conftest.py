"""The application for tests of its pages: on either database, with or without a solver."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from starlette.testclient import TestClient

from app.db.engine import Database
from app.main import create_app
from tests.app.serving import settings_for


@contextmanager
def _serving(database: Database, solver_processes: int) -> Iterator[TestClient]:
    app = create_app(settings_for(database, solver_processes))
    here = {"base_url": "http://127.0.0.1", "client": ("127.0.0.1", 50_000)}
    with TestClient(app, raise_server_exceptions=False, **here) as client:  # type: ignore[arg-type]
        yield client


@pytest.fixture
def client(database: Database) -> Iterator[TestClient]:
    """The application on an empty database of either kind; searches stay queued."""
    with _serving(database, 0) as client:
        yield client


@pytest.fixture
def solving_client(database: Database) -> Iterator[TestClient]:
    """The same with a solver."""
    with _serving(database, 1) as client:
        yield client


@pytest.fixture
def sqlite_client(sqlite_database: Database) -> Iterator[TestClient]:
    """The application on SQLite, for what does not depend on the database."""
    with _serving(sqlite_database, 0) as client:
        yield client
