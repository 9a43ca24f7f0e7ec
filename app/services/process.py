"""Processes that have OR-Tools loaded, seen from outside: started early, fed lines, killed."""

import os
import subprocess
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import IO, Final

from solver.problem import SolveRequest

START_SECONDS: Final = 60.0
"""For a process to load OR-Tools, on a machine that is busy."""
GRACE_SECONDS: Final = 1.8
"""Beyond its time limit, for a process to check and explain its answer."""
LOOK_SECONDS: Final = 0.2
"""Between two looks whether a search was cancelled."""


class SolverFailedError(RuntimeError):
    """A process ended without an answer, or refused the request; the text says why."""


class SolverStartError(SolverFailedError):
    """A process cannot be started: what is wrong is the machine, or the memory that it may take."""


class SolverTimeoutError(RuntimeError):
    """A process did not keep its time limit and was killed."""


class SolverProcess(ABC):
    """A process that has OR-Tools loaded and takes requests.

    ``memory_mb`` limits its address space, in MiB. A thread follows what it writes.
    """

    module: str
    """What the process runs."""

    def __init__(self, memory_mb: int) -> None:
        environment = {**os.environ, "ISOBUDGET_SOLVER_MEMORY_MB": str(memory_mb)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", self.module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            process_group=0,  # Ctrl-C is ours to handle: we kill it
        )
        self._ready = threading.Event()
        self._has_started = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        """Wait until it is ready, then follow it to its end."""
        assert self._process.stdout is not None
        self._has_started = self._process.stdout.readline() == b"ready\n"
        self._ready.set()
        self._follow(self._process.stdout)

    @abstractmethod
    def _follow(self, output: IO[bytes]) -> None:
        """Take all that it writes once it is ready."""

    def wait_until_ready(self, look: Callable[[], None] = lambda: None) -> None:
        """Wait until it has loaded OR-Tools; ``look`` is called meanwhile, and may raise.

        Raises
        ------
        SolverStartError
            It did not start.
        """
        deadline = time.monotonic() + START_SECONDS
        while not self._ready.wait(LOOK_SECONDS):
            look()
            if time.monotonic() > deadline:
                raise SolverStartError(f"the solver process did not start in {START_SECONDS:g} s")
        if not self._has_started:
            raise SolverStartError(
                f"the solver process did not start (exit {self._process.wait()})"
            )

    def _send(self, request: SolveRequest) -> None:
        self.wait_until_ready()
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(request.model_dump_json().encode() + b"\n")
            self._process.stdin.flush()
        except OSError as broken:
            raise SolverFailedError("the solver process ended before it was asked") from broken

    def kill(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            try:
                stream.close()
            except BrokenPipeError:  # a request that was never read
                continue
