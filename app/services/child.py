"""The solver's child process, seen from outside: given one request, watched while it solves."""

import json
import time
from collections.abc import Callable
from typing import IO, Any

from app.services.process import (
    GRACE_SECONDS,
    LOOK_SECONDS,
    SolverFailedError,
    SolverProcess,
    SolverTimeoutError,
)
from solver.answers.table import Table
from solver.answers.variants import Answer
from solver.problem import SolveRequest


class SolverCancelledError(RuntimeError):
    """Whoever asked does not want the answer any more; the child was killed."""


class Child(SolverProcess):
    """A process that solves one request."""

    module = "solver.processes.solve_one"

    def __init__(self, memory_mb: int) -> None:
        self._last: dict[str, Any] = {}
        self._table = b""
        self._found = 0
        super().__init__(memory_mb)

    def _follow(self, output: IO[bytes]) -> None:
        """How many it found, again and again, then its answer."""
        for line in output:
            if not line.endswith(b"\n"):  # it was killed while it wrote
                return
            self._last = json.loads(line)
            self._found = self._last.get("found", self._found)
            self._table = output.read(self._last.get("bytes", 0))

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

        def look() -> None:
            on_wait(self._found)
            if is_cancelled():
                raise SolverCancelledError("the search was cancelled")

        try:
            self.wait_until_ready(look)
            self._send(request)
            deadline = time.monotonic() + request.time_limit + GRACE_SECONDS
            while self._reader.is_alive():
                self._reader.join(LOOK_SECONDS)
                look()
                if time.monotonic() > deadline:
                    raise SolverTimeoutError(f"no answer {GRACE_SECONDS:g} s after the time limit")
            return self._answer()
        finally:
            self.kill()

    def _answer(self) -> Answer:
        if "error" in self._last:
            raise SolverFailedError(self._last["error"])
        if len(self._table) != self._last.get("bytes"):
            code = self._process.wait()
            raise SolverFailedError(f"the solver process ended without an answer (exit {code})")
        table = Table.from_bytes(self._last["columns"], self._table)
        self._table = b""  # it may be large, and the table is a copy
        return Answer.model_validate({**self._last["answer"], "table": table})
