"""The solver's child processes, as whoever starts them sees them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.solver.factories import conv, network

ROOT = Path(__file__).parents[3]


class Started:
    """A child process that is ready."""

    def __init__(self, module: str, memory_mb: int = 0) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "ISOBUDGET_SOLVER_MEMORY_MB": str(memory_mb)},
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"ready\n"

    def send(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text.encode() + b"\n")
        self.process.stdin.flush()

    def ask(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """Send a request; return the last line that is answered, and what is behind it."""
        self.send(json.dumps(request))
        assert self.process.stdout is not None
        head: dict[str, Any] = {}
        while not {"answer", "error"} & {*head}:
            head = json.loads(self.process.stdout.readline())
        content = self.process.stdout.read()
        assert self.process.wait(timeout=60) == 0
        return head, content

    def hang_up(self) -> int:
        """Close its input; return how it ended."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(timeout=60)


def kept(one: Started) -> Iterator[Started]:
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
