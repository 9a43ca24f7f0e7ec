"""A PostgreSQL cluster of its own, to be crashed."""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from tests.conftest import missing

NOBODY = "nobody"
"""Who runs the server when root, whom it refuses, runs the tests."""


def _programs() -> Path:
    """The folder with the server's programs."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda at: int(at.parent.name))
    if not folders:
        missing("no PostgreSQL server is installed (initdb is not found)")
    return folders[-1]


class Cluster:
    """One in a folder; it listens on a free port of this machine."""

    def __init__(self, folder: Path) -> None:
        self._programs = _programs()
        self._folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port: int = free.getsockname()[1]
        if os.getuid() == 0:
            shutil.chown(folder, NOBODY)
        self._do("initdb", "-D", "data", "-U", "postgres", "-A", "trust", "--no-sync")

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self._port}/postgres"

    def start(self) -> None:
        settings = f"-p {self._port} -h 127.0.0.1 -k {self._folder}"
        self._do("pg_ctl", "-D", "data", "-o", settings, "-l", "log", "-w", "start")

    def crash(self) -> None:
        """End it at once, with no checkpoint; the next start recovers."""
        self._do("pg_ctl", "-D", "data", "-m", "immediate", "-w", "stop")

    def is_up(self) -> bool:
        return (self._folder / "data" / "postmaster.pid").exists()

    def _do(self, program: str, *arguments: str) -> None:
        nobody = pwd.getpwnam(NOBODY) if os.getuid() == 0 else None
        subprocess.run(
            [self._programs / program, *arguments],
            check=True,
            cwd=self._folder,
            user=nobody and nobody.pw_uid,
            group=nobody and nobody.pw_gid,
            extra_groups=[] if nobody else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # a pipe would stay open as long as the server runs
        )


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A cluster that does not outlive the test; it is not started yet."""
    folder = Path(mkdtemp(prefix="isobudget-cluster-"))  # where another user may come
    try:
        made = Cluster(folder)
        try:
            yield made
        finally:
            if made.is_up():
                made.crash()
    finally:
        shutil.rmtree(folder)
