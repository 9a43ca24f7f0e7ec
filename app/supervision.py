"""A process that is started again when it dies, at growing intervals."""

import logging
import os
import signal
import subprocess
import time
from collections.abc import Callable
from typing import Final

logger = logging.getLogger(__name__)

LONGEST_PAUSE: Final = 60.0
"""The longest pause before a process that dies again and again is restarted, in seconds."""


class Kept:
    """A process that is replaced by a new one when it dies.

    ``start`` starts a process, in a process group of its own. A process that ends with exit code 0
    is done, unless it ``never_ends``: then it is replaced, too.
    """

    def __init__(
        self,
        name: str,
        start: Callable[[], "subprocess.Popen[bytes]"],
        *,
        never_ends: bool = False,
    ) -> None:
        self._name = name
        self._start = start
        self._never_ends = never_ends
        self._pause = 1.0
        self.code: int | None = None
        self._begin()

    def _begin(self) -> None:
        self._process: subprocess.Popen[bytes] | None = self._start()
        self._since = time.monotonic()

    @property
    def pid(self) -> int | None:
        """The id of the running process; ``None`` if none is running."""
        return None if self._process is None else self._process.pid

    def look(self) -> None:
        """Report a death, and start again once the pause is over."""
        if self.code is not None:
            return
        if self._process is None:
            if time.monotonic() >= self._since:
                self._begin()
            return
        code = self._process.poll()
        if code == 0 and not self._never_ends:
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
            "%s %d %s; another starts in %g s", self._name, self._process.pid, how, self._pause
        )
        self._forget()
        self._since = now + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def _forget(self) -> None:
        self._close()
        self._process = None

    def _close(self) -> None:
        """Close this end of its standard input, if that is a pipe."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    def terminate(self) -> None:
        """Ask it to stop."""
        if self._process is not None:
            self._process.terminate()

    def wait(self, deadline: float) -> int:
        """Wait for its exit code; kill it if it does not end in time."""
        if self._process is None:
            return self.code or 0
        try:
            code = self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.kill()
            return 1
        finally:
            self._close()
        return 0 if code == -signal.SIGTERM else abs(code)  # asked before it could handle it

    def kill(self) -> None:
        """Kill it with all that it started."""
        if self._process is not None and self._process.poll() is None:
            kill_group(self._process)


def kill_group(process: "subprocess.Popen[bytes]") -> None:
    """Kill a process with all that it started."""
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
