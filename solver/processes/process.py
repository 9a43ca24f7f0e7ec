"""The solver as a process of its own, seen from outside: started early, asked, killed.

None of OR-Tools comes into the process that uses this.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import IO, Any, Final

from solver.answers.table import AnswerTable
from solver.answers.variants import Answer
from solver.problem import SolveRequest

START_SECONDS: Final = 60.0
"""For a process to load OR-Tools, on a machine that is busy."""
GRACE_SECONDS: Final = 1.8
"""Beyond its time limit, for a process to check and explain its answer."""
LOOK_SECONDS: Final = 0.2
"""Between two looks whether the answer is still wanted."""

Look = Callable[[int], None]
"""Called every :data:`LOOK_SECONDS` with the number of solutions so far; what it raises ends it."""


class SolverFailedError(RuntimeError):
    """There is no answer, and the text says why; the process is of no use any more."""


class SolverStartError(SolverFailedError):
    """A process cannot be started: what is wrong is the machine, or the memory that it may take."""


class SolverRefusedError(SolverFailedError):
    """This request has no answer; its process can be asked on."""


class SolverTimeoutError(RuntimeError):
    """The process did not keep its time limit."""


class SolverCancelledError(RuntimeError):
    """Whoever asked does not want the answer any more; for a :data:`Look` to raise."""


class SolverProcess:
    """A process that has OR-Tools loaded; leaving the block kills it.

    ``memory_mb`` limits its address space, in MiB. A thread reads what it writes. Once a wait for
    an answer was cut short, nothing else can be asked.
    """

    def __init__(self, memory_mb: int) -> None:
        environment = {**os.environ, "ISOBUDGET_SOLVER_MEMORY_MB": str(memory_mb)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "solver.processes.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            process_group=0,  # Ctrl-C is ours to handle: we kill it
        )
        self._ready = threading.Event()
        self._has_started = False
        self._found = 0
        self._answers: SimpleQueue[tuple[dict[str, Any], bytes] | None] = SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> "SolverProcess":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    def _read(self) -> None:
        """Follow the process to its end, which is an answer of ``None``."""
        output = self._process.stdout
        assert output is not None
        self._has_started = output.readline() == b"ready\n"
        self._ready.set()
        self._read_answers(output)
        self._answers.put(None)

    def _read_answers(self, output: IO[bytes]) -> None:
        for line in output:
            if not line.endswith(b"\n"):  # it was killed while it wrote
                return
            head = json.loads(line)
            if "found" in head:
                self._found = head["found"]
                continue
            content = output.read(head.get("bytes", 0))
            if len(content) < head.get("bytes", 0):
                return
            self._answers.put((head, content))

    def solve(self, request: SolveRequest, look: Look = lambda _: None) -> Answer:
        """Solve a problem.

        Raises
        ------
        SolverFailedError, SolverTimeoutError
            There is no answer.
        """
        head, content = self._ask("solve", request, look)
        table = AnswerTable.from_bytes(head["columns"], content)
        return Answer.model_validate({**head["answer"], "table": table})

    def tally(self, request: SolveRequest, look: Look = lambda _: None) -> int | None:
        """How many solutions a problem has; ``None`` if its time limit came first.

        Raises
        ------
        SolverFailedError, SolverTimeoutError
            There is no answer.
        """
        head, _ = self._ask("tally", request, look)
        number: int | None = head["tallied"]
        return number

    def _ask(self, task: str, request: SolveRequest, look: Look) -> tuple[dict[str, Any], bytes]:
        self.wait_until_ready(look)
        self._found = 0
        self._send(f"{task} {request.model_dump_json()}\n")
        deadline = time.monotonic() + request.settings.time_limit + GRACE_SECONDS
        while True:
            try:
                answer = self._answers.get(timeout=LOOK_SECONDS)
                break
            except Empty:
                look(self._found)
            if time.monotonic() > deadline:
                raise SolverTimeoutError(f"no answer {GRACE_SECONDS:g} s after the time limit")
        if answer is None:
            code = self._process.wait()
            raise SolverFailedError(f"the solver process ended without an answer (exit {code})")
        if "error" in answer[0]:
            raise SolverRefusedError(answer[0]["error"])
        return answer

    def wait_until_ready(self, look: Look = lambda _: None) -> None:
        """Wait until the process has loaded OR-Tools.

        Raises
        ------
        SolverStartError
            It did not start.
        """
        deadline = time.monotonic() + START_SECONDS
        while not self._ready.wait(LOOK_SECONDS):
            look(0)
            if time.monotonic() > deadline:
                raise SolverStartError(f"the solver process did not start in {START_SECONDS:g} s")
        if not self._has_started:
            raise SolverStartError(
                f"the solver process did not start (exit {self._process.wait()})"
            )

    def _send(self, line: str) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line.encode())
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
