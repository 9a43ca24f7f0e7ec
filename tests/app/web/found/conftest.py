"""A search whose variants are looked at."""

import pytest

from app.db.engine import Database
from app.services import variant_columns
from app.services.variant_columns import Search
from tests.factories import solved_search


@pytest.fixture
def search_id(sqlite_database: Database) -> str:
    """A search with 1,556 variants, at equal parameters."""
    with sqlite_database.write() as session:
        return solved_search(session).id


@pytest.fixture
def search(sqlite_database: Database, search_id: str) -> Search:
    """Its columns."""
    return variant_columns.of_search(sqlite_database, search_id)
