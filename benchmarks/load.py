"""``python -m benchmarks.load``: a client that asks one URL again and again, in its own process.

It has one connection, which it keeps, and asks again when it has read the whole answer. It is
written on the bare socket, so that the server is what is measured. On standard input it is told
what to ask (one JSON object a line), and prints how often it was answered.
"""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


class Target(NamedTuple):
    """A URL of a server on this machine."""

    port: int
    path: str


class Load:
    """The process, as who measures sees it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def rate(self, target: Target, seconds: float) -> float:
        """Return how many answers a second a server gives.

        Raises
        ------
        RuntimeError
            An answer was no success.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps([*target, seconds]), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{target.path} was not answered with 200")
        return float(line)


@contextmanager
def load() -> Iterator[Load]:
    """Start the process, on a processor of its own where there are several."""
    command = [sys.executable, "-m", "benchmarks.load"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        os.sched_setaffinity(process.pid, {max(os.sched_getaffinity(0))})
        try:
            yield Load(process)
        finally:
            process.kill()


def main() -> None:
    """Ask what standard input says."""
    for line in sys.stdin:
        port, path, seconds = json.loads(line)
        print(_rate(Target(port, path), seconds), flush=True)


def _rate(target: Target, seconds: float) -> float:
    request = f"GET {target.path} HTTP/1.1\r\nHost: 127.0.0.1:{target.port}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", target.port)) as connection:
        _answer(connection, request)  # the first may make what others find made
        begin, answers = time.perf_counter(), 0
        while time.perf_counter() - begin < seconds:
            _answer(connection, request)
            answers += 1
        return answers / (time.perf_counter() - begin)


def _answer(connection: socket.socket, request: bytes) -> None:
    connection.sendall(request)
    answer = connection.recv(1 << 20)
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(1 << 20)
    if not answer.startswith(b"HTTP/1.1 200 "):
        raise SystemExit(1)
    found = LENGTH.search(answer)
    missing = answer.index(b"\r\n\r\n") + 4 + int(found[1] if found else 0) - len(answer)
    while missing > 0:
        missing -= len(connection.recv(1 << 20))


if __name__ == "__main__":
    main()
