"""The API and its yardstick as real servers, as a user would start them."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple

from app.db.engine import Database
from benchmarks.load import Target

WAIT_SECONDS: Final = 60.0


class Server(NamedTuple):
    """A server that answers, and how long it took to."""

    port: int
    pid: int
    ready_seconds: float

    def target(self, path: str) -> Target:
        """Return a URL of it."""
        return Target(self.port, path)


@contextmanager
def api(database: Database, **settings: object) -> Iterator[Server]:
    """``isobudget serve`` on a database that is migrated, until ``/readyz`` says so."""
    url = database.url.render_as_string(hide_password=False)
    named = {f"ISOBUDGET_{name.upper()}": str(value) for name, value in settings.items()}
    environment = {**os.environ, "ISOBUDGET_DATABASE_URL": url, **named}
    command = ["app.cli", "serve", "--no-access-log", "--port"]
    with _started(command, "/readyz", environment) as server:
        yield server


@contextmanager
def hello() -> Iterator[Server]:
    """The yardstick, on uvicorn's defaults; it logs no requests either."""
    command = ["uvicorn", "benchmarks.hello:app", "--no-access-log", "--port"]
    with _started(command, "/hello", dict(os.environ)) as server:
        yield server


@contextmanager
def _started(command: Sequence[str], path: str, environment: dict[str, str]) -> Iterator[Server]:
    port, begin = _free_port(), time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", *command, str(port)], env=environment, stderr=subprocess.DEVNULL
    )
    try:
        while not _is_ready(port, path):
            if process.poll() is not None or time.perf_counter() - begin > WAIT_SECONDS:
                raise RuntimeError(f"{' '.join(command)} {port} does not answer")
            time.sleep(0.01)
        yield Server(port, process.pid, time.perf_counter() - begin)
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _is_ready(port: int, path: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError):
        return False
