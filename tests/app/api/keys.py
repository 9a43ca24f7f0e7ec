"""Clients elsewhere, and keys for them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from starlette.testclient import TestClient

from app.config import Settings
from app.db.engine import Database
from app.keys import Scope
from app.main import create_app
from app.services import keys

ELSEWHERE = ("192.0.2.1", 50_000)


def key_of(database: Database, scope: Scope = "write", seconds: float | None = None) -> str:
    return keys.create(database, "test", scope, seconds)[0]


def bearing(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@contextmanager
def asking(
    database: Database,
    *clients: tuple[str, int],
    base_url: str = "http://testserver",
    **changes: Any,
) -> Iterator[list[TestClient]]:
    """One application, and clients of it at these addresses."""
    url = database.url.render_as_string(hide_password=False)
    app = create_app(Settings(database_url=url, solver_processes=0, **changes))
    options: Any = {"raise_server_exceptions": False, "follow_redirects": False}
    with TestClient(app):
        yield [TestClient(app, base_url=base_url, client=client, **options) for client in clients]
