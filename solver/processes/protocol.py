"""What the solver's child processes share: a memory limit, their messages, and how they end."""

import json
import os
import sys
import threading
from collections.abc import Callable
from typing import Any, Final

OUT_OF_MEMORY: Final = "the solver ran out of memory; narrow the ranges or lower the tolerance"


def get_ready() -> None:
    """Limit the memory as the environment asks, and print ``ready``."""
    _limit_memory(int(os.environ.get("ISOBUDGET_SOLVER_MEMORY_MB", "0")))
    print("ready", flush=True)


def write(head: dict[str, Any], content: bytes = b"") -> None:
    """Print a line of JSON, and bytes behind it."""
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + content)
    sys.stdout.buffer.flush()


def follow_the_input(take: Callable[[str], None] = lambda _: None) -> None:
    """Take every further line of standard input, and end this process when the input ends.

    It does so when whoever holds its other side dies, whatever this process does then.

    Raises
    ------
    MemoryError
        There is no room for the thread that it needs.
    """
    try:
        threading.Thread(target=_follow, args=(take,), daemon=True).start()
    except RuntimeError as failed:
        raise MemoryError("no room for a thread's stack") from failed


def _follow(take: Callable[[str], None]) -> None:
    for line in sys.stdin:
        take(line)
    os._exit(1)


def _limit_memory(megabytes: int) -> None:
    """Let allocations beyond the limit fail (not on Windows, which has no such limit)."""
    if megabytes and sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
