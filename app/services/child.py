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
from solver.table import Table
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
            env=environment,
            process_group=0,  # Ctrl-C is ours to handle: we kill it
        )
        self._last: dict[str, Any] = {}
        self._table = b""
        self._found = 0
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        """Follow what the child writes: ``ready``, how many it found, its answer."""
        assert self._process.stdout is not None
        self._process.stdout.readline()
        self._ready.set()
        for line in self._process.stdout:
            if not line.endswith(b"\n"):  # it was killed while it wrote
                return
            self._last = json.loads(line)
            self._found = self._last.get("found", self._found)
            self._table = self._process.stdout.read(self._last.get("bytes", 0))

    def solve(
        self,
        request: SolveRequest,
        is_cancelled: Callable[[], bool] = lambda: False,
        on_wait: Callable[[int], None] = lambda _: None,
    ) -> Answer:
        """Send the request, wait for its answer, and end the process.

        ``on_wait`` is called again and again with the number of solutions found so far.

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
                on_wait(self._found)
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
            self._process.stdin.write(request.model_dump_json().encode() + b"\n")
            self._process.stdin.flush()
        except OSError as broken:
            raise SolverFailedError("the solver process ended before it was asked") from broken

    def _answer(self) -> Answer:
        if "error" in self._last:
            raise SolverFailedError(self._last["error"])
        if len(self._table) != self._last.get("bytes"):
            code = self._process.wait()
            raise SolverFailedError(f"the solver process ended without an answer (exit {code})")
        table = Table.from_bytes(self._last["columns"], self._table)
        self._table = b""  # it may be large, and the table is a copy
        return Answer.model_validate({**self._last["answer"], "table": table})

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
