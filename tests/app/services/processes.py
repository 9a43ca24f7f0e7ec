"""What processes a test has started."""

from contextlib import suppress
from pathlib import Path


def children() -> set[str]:
    """The processes that any thread of this one has started and that have not ended."""
    found: set[str] = set()
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError):  # a thread that has ended
            found.update((task / "children").read_text().split())
    return found
