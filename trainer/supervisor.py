"""Several workers on one machine: started, started again when they die, and stopped together."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Final

logger = logging.getLogger(__name__)

MODULE: Final = "trainer"
"""What workers run."""
STOP_SECONDS: Final = 9.0
"""For workers to end once asked; then they are killed."""
LOOK_SECONDS: Final = 0.1
LONGEST_PAUSE: Final = 60.0
"""Before a worker that dies again and again is started, in seconds."""


class _Worker:
    """One worker process, and those that replace it when it dies."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._pause = 1.0
        self.code: int | None = None
        self._start()

    def _start(self) -> None:
        # Its end of the pipe closes when this process dies, however it does: then it stops.
        # In a group of its own, so that a Ctrl-C reaches it once, through here.
        self._process: subprocess.Popen[bytes] | None = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, process_group=0
        )
        self._since = time.monotonic()

    def look(self) -> None:
        """Report a death, and start again once the pause is over."""
        if self.code is not None:
            return
        if self._process is None:
            if time.monotonic() >= self._since:
                self._start()
            return
        code = self._process.poll()
        if code == 0:
            self.code = 0
        elif code is not None:
            self._died(code)

    def _died(self, code: int) -> None:
        assert self._process is not None
        now = time.monotonic()
        if now - self._since > LONGEST_PAUSE:
            self._pause = 1.0
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"
        logger.error(
            "worker process %d %s; another starts in %g s", self._process.pid, how, self._pause
        )
        self._forget()
        self._since = now + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def _forget(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        self._process = None

    def terminate(self) -> None:
        """Ask it to stop."""
        if self._process is not None:
            self._process.terminate()

    def wait(self, deadline: float) -> int:
        """Its exit code; it is killed if it does not end in time."""
        if self._process is None:
            return self.code or 0
        try:
            code = self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.kill()
            return 1
        return 0 if code == -signal.SIGTERM else abs(code)  # asked before it could listen

    def kill(self) -> None:
        """Kill it with all that it started."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


class Supervisor:
    """Keeps ``number`` workers at work until all have ended by themselves, or it is stopped."""

    def __init__(self, arguments: Sequence[str], number: int) -> None:
        command = [sys.executable, "-m", MODULE, "--supervised", *arguments]
        self._stopping = False
        self._workers = [_Worker(command) for _ in range(number)]

    def stop(self) -> None:
        """Have all stop, after giving back what they hold."""
        self._stopping = True

    def kill(self) -> None:
        """End all at once, with what they started."""
        for worker in self._workers:
            worker.kill()

    def run(self, max_time: float | None = None) -> int:
        """Wait for all; the highest exit code. They are stopped after ``max_time`` seconds."""
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
