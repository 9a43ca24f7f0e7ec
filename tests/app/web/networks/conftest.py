"""Stored networks, for tests of their pages."""

import pytest
from starlette.testclient import TestClient

from app.db.engine import Database
from app.shipped import example
from tests.factories import solved_search


@pytest.fixture
def resnet(sqlite_client: TestClient) -> str:
    """The id of ResNet-18."""
    id_: str = sqlite_client.post("/v1/architectures", json=example("resnet18")).json()["id"]
    return id_


@pytest.fixture
def search(sqlite_database: Database) -> str:
    """A search with some variants."""
    return sqlite_database.transact(lambda session: solved_search(session, limit=20).id)
