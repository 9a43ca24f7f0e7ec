"""A whole service for one command: a database, an API and workers, all stopped at the end."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from app.cli.console import fail, notes, refuse
from app.cli.migrate import migrate_to
from app.cli.processes import ChildEndedError, Children
from app.cli.work import require_trainer
from app.client import Client, IsobudgetError
from app.errors import Fault

HOST: Final = "127.0.0.1"
START_SECONDS: Final = 60.0
DATABASE: Final = "demo.sqlite"
LOGS: Final = ("api.log", "worker.log")
LOG_LINES: Final = 20


class Service(NamedTuple):
    """A running service: its URL, a client of it, and its processes."""

    url: str
    client: Client
    children: Children


@contextmanager
def service(
    folder: Path, database: str = DATABASE, *, processes: int = 1, is_kept: bool = False
) -> Iterator[Service]:
    """Run a service on a SQLite file in a folder; logs go there too.

    Parameters
    ----------
    folder
        It is made if there is none.
    database
        The name of the SQLite file.
    processes
        How many workers train.
    is_kept
        Whether to go on with what an earlier service left in the database.

    Raises
    ------
    app.client.IsobudgetError, app.cli.processes.ChildEndedError
        The service did not start.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in LOGS if is_kept else (*_files_of(database), *LOGS):
        (folder / name).unlink(missing_ok=True)
    database_url = f"sqlite:///{(folder / database).resolve()}"
    migrate_to(database_url, console=notes)
    environment = {
        "ISOBUDGET_DATABASE_URL": database_url,
        "ISOBUDGET_LOG_FORMAT": "text",
        "ISOBUDGET_REQUIRE_KEY": "auto",
    }
    port = _free_port()
    url = f"http://{HOST}:{port}"

    def pause(seconds: float) -> None:
        children.check()
        time.sleep(seconds)

    with Children() as children, Client(url, key="", sleep=pause) as client:
        api = ["-m", "app.cli", "serve", "--host", HOST, "--port", str(port), "--no-access-log"]
        children.start("the API", api, environment, folder / LOGS[0])
        work = ["-m", "trainer", "--processes", str(processes)]
        children.start("the worker", work, environment, folder / LOGS[1])
        client.wait_until_ready(START_SECONDS)
        yield Service(url, client, children)


def _files_of(database: str) -> Iterator[str]:
    """The names of the files that SQLite keeps for a database."""
    return (database + suffix for suffix in ("", "-wal", "-shm"))


@contextmanager
def connected(
    url: str | None, folder: Path, database: str, processes: int | None
) -> Iterator[Client]:
    """A client of the service at ``url``, or of one of our own, whose database is kept.

    Parameters
    ----------
    processes
        How many workers train; as many as there are cores where left out.
    """
    if url is not None:
        with _client_of(url) as client:
            yield client
        return
    require_trainer()
    workers = processes or os.cpu_count() or 1
    with service(folder, database, processes=workers, is_kept=True) as running:
        yield running.client


def _client_of(url: str) -> Client:
    """A client of a running service; a URL that cannot be used ends the command."""
    try:
        return Client(url)
    except ValueError as unusable:
        refuse(url, [Fault("", str(unusable))])


@contextmanager
def failing_in_words(what: str, folder: Path | None) -> Iterator[None]:
    """End the command if its service fails, with the last lines of the logs in the folder.

    The folder is ``None`` if the service is not our own.
    """
    try:
        yield
    except (IsobudgetError, ChildEndedError, OSError) as failed:
        for name, lines in _log_tails(folder, LOG_LINES) if folder else ():
            notes.print(f"── {folder}/{name}", *lines, sep="\n", soft_wrap=True)
        fail(f"{what} failed: {failed}")


def _log_tails(folder: Path, lines: int) -> Iterator[tuple[str, list[str]]]:
    """Yield each log's name and its last lines."""
    for name in LOGS:
        log = folder / name
        if log.exists():
            yield name, log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
