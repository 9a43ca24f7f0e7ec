"""Keeps processes that run the solver ready, so that a search waits for none to start."""

import threading
from typing import Final

from solver.processes.process import SolverProcess

MOST_ASKED: Final = 500
"""A process is replaced after this many requests."""
MOST_GROWTH_MB: Final = 128
"""A process is replaced when it has grown by more: the next search is to have as much memory."""


class Pool:
    """Processes that answer one request after the other; each that is lost is replaced at once.

    Parameters
    ----------
    memory_mb, nice
        As for :class:`solver.processes.process.SolverProcess`.
    size
        The number of processes to be asked at once. One more waits for its turn, from the time on
        at which the first is given back: what is asked first need not compete with its start.
    """

    def __init__(self, memory_mb: int, size: int, nice: int = 0) -> None:
        self._memory_mb, self._nice = memory_mb, nice
        self._lock = threading.Lock()
        self._is_open = True
        self._lacking = 1
        self._waiting = [self._started() for _ in range(size)]

    def _started(self) -> SolverProcess:
        return SolverProcess(self._memory_mb, self._nice)

    def take(self) -> SolverProcess:
        """Take a process, one that is ready if there is any; nobody else gets it."""
        with self._lock:
            for place, process in enumerate(self._waiting):
                if process.is_ready and process.is_alive:
                    return self._waiting.pop(place)
            process = self._waiting.pop(0) if self._waiting else self._started()
        if process.is_alive:
            return process
        process.kill()
        return self._started()

    def give_back(self, process: SolverProcess, *, is_usable: bool) -> None:
        """Give a process back; one that is not usable, or has grown, is killed and replaced."""
        if is_usable and process.asked < MOST_ASKED and process.growth_mb <= MOST_GROWTH_MB:
            with self._lock:
                if self._is_open:
                    self._waiting.append(process)
                    self._complete()
                    return
        process.kill()
        with self._lock:
            self._lacking += 1
            self._complete()

    def _complete(self) -> None:
        """Start the processes that are lacking."""
        while self._is_open and self._lacking:
            self._lacking -= 1
            self._waiting.append(self._started())

    def close(self) -> None:
        """Kill the processes that wait, and from now on also those that are given back."""
        with self._lock:
            self._is_open = False
            waiting, self._waiting = self._waiting, []
        for process in waiting:
            process.kill()
