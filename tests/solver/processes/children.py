"""The solver's child processes, as whoever starts them sees them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.solver.factories import conv, network

ROOT = Path(__file__).parents[3]


class Started:
    """A child process that is ready."""

    def __init__(self, memory_mb: int = 0) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "solver.processes.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "ISOBUDGET_SOLVER_MEMORY_MB": str(memory_mb)},
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"ready\n"

    def send(self, task: str, request: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{task} {json.dumps(request)}\n".encode())
        self.process.stdin.flush()

    def answer(self) -> tuple[dict[str, Any], bytes]:
        """The last line of an answer, and what is behind it."""
        assert self.process.stdout is not None
        head: dict[str, Any] = {"found": 0}
        while "found" in head:
            head = json.loads(self.process.stdout.readline())
        return head, self.process.stdout.read(head.get("bytes", 0))

    def hang_up(self) -> int:
        """Close its input; return how it ended."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(timeout=60)


@contextmanager
def started(memory_mb: int = 0) -> Iterator[Started]:
    """A process that is killed with the block."""
    one = Started(memory_mb)
    with one.process:
        yield one
        one.process.kill()


def too_large() -> dict[str, Any]:
    original = network(conv(10**6, 2000), conv(10**6, 2000), resolution=4000)
    body = {"architecture": original.model_dump(), "approach": "IV", "budget": "params"}
    return {**body, "ranges": {"kernel_size": [1, 2010]}}


def endless() -> dict[str, Any]:
    """More combinations than any table can hold, and nearly all of them are solutions."""
    original = network(conv(64, 3, padding=1), conv(64, 3, padding=1), resolution=224, channels=3)
    wide = {name: [1, 400] for name in ("kernel_size", "stride", "padding")}
    return {
        "architecture": original.model_dump(),
        "approach": "IV",
        "budget": "params",
        "tolerance": 1.0,
        "ranges": {"resolution": [225, 2000], **wide},
        "limit": 1_000_000,
        "time_limit": 3600.0,
    }
