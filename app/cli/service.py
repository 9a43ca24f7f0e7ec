"""A whole service for one command: a database, an API and workers, all stopped at the end."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from app.cli.migrate import migrate_to
from app.cli.processes import Children
from app.client import Client

HOST: Final = "127.0.0.1"
START_SECONDS: Final = 60.0
DATABASE: Final = "demo.sqlite"
LOGS: Final = ("api.log", "worker.log")


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
    migrate_to(database_url)
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


def log_tails(folder: Path, lines: int) -> Iterator[tuple[str, list[str]]]:
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
