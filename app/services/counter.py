"""The counting process, seen from outside."""

import json
from queue import Empty, SimpleQueue
from typing import IO, Any

from app.services.process import (
    GRACE_SECONDS,
    SolverFailedError,
    SolverProcess,
    SolverTimeoutError,
)
from solver.problem import SolveRequest


class RefusedByCounterError(SolverFailedError):
    """A request has no count, and the text says why; its process can be asked on."""


class Counter(SolverProcess):
    """A process that counts the solutions of problems, one after the other."""

    module = "solver.processes.count_many"

    def __init__(self, memory_mb: int) -> None:
        self._answers: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
        super().__init__(memory_mb)

    def _follow(self, output: IO[bytes]) -> None:
        for line in output:
            if line.endswith(b"\n"):
                self._answers.put(json.loads(line))
        self._answers.put(None)

    def count(self, request: SolveRequest) -> int | None:
        """Number of solutions; ``None`` if the time limit came first.

        Raises
        ------
        RefusedByCounterError
            This request cannot be counted.
        SolverFailedError, SolverTimeoutError
            Neither can others, by this process: kill it.
        """
        self._send(request)
        try:
            answer = self._answers.get(timeout=request.time_limit + GRACE_SECONDS)
        except Empty:
            reason = f"no answer {GRACE_SECONDS:g} s after the time limit"
            raise SolverTimeoutError(reason) from None
        if answer is None:
            code = self._process.wait()
            raise SolverFailedError(f"the solver process ended without an answer (exit {code})")
        if "error" in answer:
            raise RefusedByCounterError(answer["error"])
        found: int | None = answer["found"]
        return found

    def interrupt(self) -> None:
        """Have whoever waits for a count get an error instead; that one kills it."""
        self._process.kill()
