"""The solver's child process, seen from outside: started early, given one request, killed."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from solver.problem import SolveRequest
from solver.variants import Answer

START_SECONDS: Final = 60.0
"""For a child to load OR-Tools, on a machine that is busy."""
GRACE_SECONDS: Final = 15.0
"""Beyond its time limit, for a child to check and explain its answer."""
LOOK_SECONDS: Final = 0.2
"""Between two looks whether a search was cancelled."""


class SolverFailedError(RuntimeError):
    """A child ended without an answer, or refused the request; the text says why."""


class SolverTimeoutError(RuntimeError):
    """A child did not keep its time limit and was killed."""


class SolverCancelledError(RuntimeError):
    """Whoever asked does not want the answer any more; the child was killed."""


class Child:
    """A process that has OR-Tools loaded and solves one request.

    ``memory_mb`` limits its address space, in MiB.
    """

    def __init__(self, memory_mb: int) -> None:
        environment = {**os.environ, "ISOBUDGET_SOLVER_MEMORY_MB": str(memory_mb)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "solver.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=environment,
            process_group=0,  # Ctrl-C is ours to handle: we kill it
        )
        self._lines: list[str] = []
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if self._ready.is_set():
                self._lines.append(line)
            self._ready.set()
        self._ready.set()

    def solve(
        self,
        request: SolveRequest,
        is_cancelled: Callable[[], bool] = lambda: False,
        on_wait: Callable[[], None] = lambda: None,
    ) -> Answer:
        """Send the request, wait for its answer, and end the process.

        Raises
        ------
        SolverFailedError, SolverTimeoutError, SolverCancelledError
            There is no answer.
        """
        try:
            self._send(request)
            deadline = time.monotonic() + request.time_limit + GRACE_SECONDS
            while self._reader.is_alive():
                self._reader.join(LOOK_SECONDS)
                on_wait()
                if is_cancelled():
                    raise SolverCancelledError("the search was cancelled")
                if time.monotonic() > deadline:
                    raise SolverTimeoutError(f"no answer {GRACE_SECONDS:g} s after the time limit")
            return self._answer()
        finally:
            self.kill()

    def _send(self, request: SolveRequest) -> None:
        if not self._ready.wait(START_SECONDS):
            raise SolverFailedError(f"the solver process did not start in {START_SECONDS:g} s")
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(request.model_dump_json() + "\n")
            self._process.stdin.flush()
        except OSError as broken:
            raise SolverFailedError("the solver process ended before it was asked") from broken

    def _answer(self) -> Answer:
        if not self._lines:
            code = self._process.wait()
            raise SolverFailedError(f"the solver process ended without an answer (exit {code})")
        message: dict[str, Any] = json.loads(self._lines[0])
        if "error" in message:
            raise SolverFailedError(message["error"])
        return Answer.model_validate(message["answer"])

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
