"""The application for tests of its pages: on either database, with or without a solver."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from app.config import Settings
from app.db.engine import Database
from app.main import create_app


@pytest.fixture
def client(database: Database) -> Iterator[TestClient]:
    """The application on an empty database of either kind; searches stay queued."""
    settings = Settings(
        database_url=database.url.render_as_string(hide_password=False),
        solver_processes=0,
        poll=0.05,
    )
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def solving_client(database: Database) -> Iterator[TestClient]:
    """The same with a solver."""
    settings = Settings(
        database_url=database.url.render_as_string(hide_password=False),
        solver_processes=1,
        poll=0.05,
    )
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client
