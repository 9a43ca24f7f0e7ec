"""Several workers on one machine: started, restarted when they die, and stopped together."""

import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Final

from app.supervision import Kept

MODULE: Final = "trainer"
"""The module that workers run."""
STOP_SECONDS: Final = 9.0
"""Time that workers have to end once asked; then they are killed."""
LOOK_SECONDS: Final = 0.1


class Supervisor:
    """Keeps ``number`` workers at work until all have ended by themselves, or it is stopped."""

    def __init__(self, arguments: Sequence[str], number: int) -> None:
        command = [sys.executable, "-m", MODULE, "--supervised", *arguments]

        def start() -> "subprocess.Popen[bytes]":
            # The pipe closes when this process dies, however it dies; the worker then stops.
            # The worker has its own process group, so that Ctrl-C reaches it once, through here.
            return subprocess.Popen(command, stdin=subprocess.PIPE, process_group=0)

        self._stopping = False
        self._workers = [Kept("worker process", start) for _ in range(number)]

    def stop(self) -> None:
        """Stop all workers; each first gives back what it holds."""
        self._stopping = True

    def kill(self) -> None:
        """Kill all workers at once, with what they started."""
        for worker in self._workers:
            worker.kill()

    def run(self, max_time: float | None = None) -> int:
        """Wait for all workers and return the highest exit code; stop them after ``max_time`` s."""
        ends = None if max_time is None else time.monotonic() + max_time
        while not self._stopping and any(worker.code is None for worker in self._workers):
            if ends is not None and time.monotonic() >= ends:
                break
            for worker in self._workers:
                worker.look()
            time.sleep(LOOK_SECONDS)
        for worker in self._workers:
            worker.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        return max(worker.wait(deadline) for worker in self._workers)
