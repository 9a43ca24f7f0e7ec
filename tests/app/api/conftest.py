from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.db.engine import Database
from app.main import create_app
from tests.app.api.described import check
from tests.app.serving import settings_for


@contextmanager
def serving(database: Database, solver_processes: int, **changes: Any) -> Iterator[TestClient]:
    settings = settings_for(database, solver_processes, **changes)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        client.event_hooks["response"].append(check)
        yield client


@pytest.fixture
def solving_client(database: Database) -> Iterator[TestClient]:
    """The application on an empty database of either kind, with a solver."""
    with serving(database, 1) as client:
        yield client


@pytest.fixture
def client(database: Database) -> Iterator[TestClient]:
    """The application on an empty database of either kind; searches stay queued."""
    with serving(database, 0) as client:
        yield client


@pytest.fixture
def sqlite_client(sqlite_database: Database) -> Iterator[TestClient]:
    """The same on SQLite only, for what does not depend on the database."""
    with serving(sqlite_database, 0) as client:
        yield client
