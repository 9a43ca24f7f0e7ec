"""``isobudget up``: an API and workers, of which only the API is not started again."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx2

from app.db.engine import Database
from tests.e2e.processes import children, descendants, free_port, has_none, is_ready, working
from tests.factories import PATIENCE, until


@contextmanager
def up(database: Database, folder: Path) -> Iterator[tuple[Any, httpx2.Client]]:
    """All of it on a free port, once it is ready, and a client of its API."""
    port = free_port()
    options = ("up", "--port", str(port))
    with (
        working(database, folder, *options, module="app.cli", log=folder / "log") as process,
        httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client,
    ):
        until(lambda: is_ready(client), process)
        yield process, client


def worker_of(process: "subprocess.Popen[bytes]", other_than: int = 0) -> int | None:
    """The worker that runs, if one does."""
    return child_of(process, b"trainer", other_than)


def child_of(process: "subprocess.Popen[bytes]", word: bytes, other_than: int = 0) -> int | None:
    for pid in children(process):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if word in words and pid != other_than:
            return pid
    return None


def test_a_worker_that_ends_is_started_again_and_the_api_goes_on(
    sqlite_database: Database, tmp_path: Path
) -> None:
    with up(sqlite_database, tmp_path) as (process, client):
        for number in (signal.SIGKILL, signal.SIGTERM):
            worker = until(partial(worker_of, process), process)
            os.kill(worker, number)
            until(partial(worker_of, process, worker), process)
            assert is_ready(client)
            assert process.poll() is None

        process.send_signal(signal.SIGTERM)

        assert process.wait(PATIENCE) == 0
        until(partial(has_none, process.pid))
    log = (tmp_path / "log").read_text()
    assert "was killed by SIGKILL; another starts in 1 s" in log


def test_it_ends_when_the_api_does_and_stops_the_worker(
    sqlite_database: Database, tmp_path: Path
) -> None:
    with up(sqlite_database, tmp_path) as (process, _):
        os.kill(until(partial(child_of, process, b"serve"), process), signal.SIGKILL)

        assert process.wait(PATIENCE) == 1
        until(partial(has_none, process.pid))
    assert "the API ended with exit code -9" in (tmp_path / "log").read_text()


def test_a_worker_does_not_outlive_what_started_it(
    sqlite_database: Database, tmp_path: Path
) -> None:
    with up(sqlite_database, tmp_path) as (process, _):
        worker = until(partial(worker_of, process), process)
        process.kill()
        process.wait()
        until(lambda: worker not in descendants(process.pid))
