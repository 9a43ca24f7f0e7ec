"""Real processes on a real database, as a user would start them."""

import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import TypeVar

import httpx2

from app.db.engine import Database
from tests.factories import PATIENCE, until

T = TypeVar("T")

LEASE = 2 * PATIENCE
"""Longer than a test waits for: what goes on elsewhere was given back."""
STOPS_WITHIN = 10.0
"""Seconds that are promised for the end of a worker that is told to stop (docs/cluster.md)."""


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
def serving(
    database: Database, log: Path | None = None, **settings: object
) -> Iterator[httpx2.Client]:
    """The server on a free port, and a client of it."""
    port = free_port()
    command = ["app.cli", "serve", "--port", str(port)]
    env = environment(database, **{"solver_processes": 1, **settings})
    with (
        running(command, env, log) as process,
        httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client,
    ):
        until(lambda: is_ready(client), process)
        yield client


class Restartable:
    """A server that can be killed, and started again at the same address."""

    def __init__(self, database: Database, log: Path, **settings: object) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._command = ["app.cli", "serve", "--port", str(port)]
        self._env = environment(database, **{"solver_processes": 1, **settings})
        self._log = log
        self._running = ExitStack()

    def __enter__(self) -> "Restartable":
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def _start(self) -> None:
        self._running.enter_context(running(self._command, self._env, self._log))

    def restart(self) -> None:
        """Kill it, as if by a power cut, and start it; it is not ready yet."""
        self._running.close()
        self._start()


def is_ready(client: httpx2.Client) -> bool:
    try:
        return client.get("/readyz").is_success
    except httpx2.TransportError:
        return False


@contextmanager
def working(
    database: Database,
    folder: Path,
    *options: str,
    module: str = "trainer",
    lease: float = LEASE,
    log: Path | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """A worker with its own session, so that all that it starts can be found."""
    env = environment(database, lease=lease, poll=0.1, checkpoints=folder / "checkpoints")
    command = [sys.executable, "-m", module, *options]
    with log.open("ab") if log else nullcontext() as file:
        process = subprocess.Popen(command, env=env, stderr=file, start_new_session=True)
    try:
        yield process
    finally:
        kill(process)


def stop(process: subprocess.Popen[bytes], number: int = signal.SIGTERM) -> int:
    """Tell a worker to stop; its exit code, which comes in time."""
    process.send_signal(number)
    return process.wait(STOPS_WITHIN)


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a worker with all that it started, as if by a power cut."""
    for pid in descendants(process.pid):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.kill()
    process.wait()


def descendants(session: int) -> list[int]:
    """Processes of a session that still run, without its leader."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, _, its_session = stat.read_text().rpartition(")")[2].split()[:4]
            if state != "Z" and int(its_session) == session and int(stat.parent.name) != session:
                found.append(int(stat.parent.name))
    return found


def children(process: "subprocess.Popen[bytes]") -> list[int]:
    """What a process started itself, and has not yet seen end."""
    tasks = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return [int(pid) for pid in tasks.read_text().split()]


def has_none(session: int) -> bool:
    return not descendants(session)


@dataclass(frozen=True)
class Answer:
    """What a server answered to bytes that were sent as they are."""

    status: int
    headers: Message
    body: bytes
    is_closed: bool


def exchange(port: int, *parts: bytes, method: str = "GET", waits: bool = True) -> Answer:
    """Send bytes on a connection of their own and read one answer.

    Whether the server has closed the connection then is known only of what ``waits`` for that.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        for part in parts:
            with suppress(ConnectionError):  # the answer tells why
                connection.sendall(part)
        answer = http.client.HTTPResponse(connection, method=method)
        answer.begin()
        body = answer.read()
        is_closed = waits and connection.recv(1) == b""
        return Answer(answer.status, answer.headers, body, is_closed)
