"""Real processes on a real database, as a user would start them."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TypeVar

import httpx2

from app.db.engine import Database

Found = TypeVar("Found")


def environment(database: Database, **settings: object) -> dict[str, str]:
    url = database.url.render_as_string(hide_password=False)
    named = {f"ISOBUDGET_{name.upper()}": str(value) for name, value in settings.items()}
    return {**os.environ, "ISOBUDGET_DATABASE_URL": url, **named}


@contextmanager
def running(
    command: list[str], env: dict[str, str], log: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that does not outlive the test; what it logs goes to a file if one is given."""
    with log.open("ab") if log else nullcontext() as stderr:
        process = subprocess.Popen([sys.executable, "-m", *command], env=env, stderr=stderr)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def serving(database: Database, log: Path | None = None) -> Iterator[httpx2.Client]:
    """The server on a free port, and a client of it."""
    port = free_port()
    command = ["app.cli", "serve", "--port", str(port)]
    with (
        running(command, environment(database, solver_processes=1), log),
        httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
    ):
        until(lambda: is_ready(client))
        yield client


def is_ready(client: httpx2.Client) -> bool:
    try:
        return client.get("/readyz").is_success
    except httpx2.TransportError:
        return False


def until(condition: Callable[[], Found | None], seconds: float = 120) -> Found:
    """Wait for a condition; what it gave."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
    return found
