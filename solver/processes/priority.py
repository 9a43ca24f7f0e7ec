"""Has processes that compute step back behind those that answer."""

import os
import sys
from contextlib import suppress
from typing import Final

NICE: Final = 5
"""Unix' niceness of processes that compute for long, beside a server that is to answer at once."""


def step_back(pid: int, nice: int = NICE) -> None:
    """Lower the priority of a process that has no threads yet, where the system has any.

    Threads and processes that it starts later inherit it.
    """
    if nice and sys.platform != "win32":
        with suppress(ProcessLookupError):
            os.setpriority(os.PRIO_PROCESS, pid, nice)
