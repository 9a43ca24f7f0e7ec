"""Starts, asks and kills a process that runs the solver.

The process that uses this module does not load OR-Tools.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import IO, Any, Final

from solver.answers.table import AnswerTable
from solver.answers.variants import Answer
from solver.engines.progress import Progress
from solver.problem import SolveRequest
from solver.processes.priority import step_back

START_SECONDS: Final = 60.0
"""Time for a process to load OR-Tools on a busy machine."""
GRACE_SECONDS: Final = 1.8
"""Time beyond the time limit for a process to check and explain its answer."""
LOOK_SECONDS: Final = 0.2
"""Time between two calls of :data:`Look`."""

Look = Callable[[int], None]
"""Called every :data:`LOOK_SECONDS` with the number of solutions so far; it may raise to stop."""


class SolverFailedError(RuntimeError):
    """There is no answer, and the message says why; the process cannot be used any more."""


class SolverStartError(SolverFailedError):
    """A process cannot be started, because of the machine or of the memory limit."""


class SolverRefusedError(SolverFailedError):
    """The request has no answer; the process can answer other requests."""


class SolverTimeoutError(RuntimeError):
    """The process exceeded its time limit."""


class SolverCancelledError(RuntimeError):
    """Raised by a :data:`Look` if the answer is not wanted any more."""


class SolverProcess:
    """A process that runs the solver; leaving the ``with`` block kills it.

    A thread reads its output. After a wait for an answer was cut short, the process cannot be asked
    again.

    Parameters
    ----------
    memory_mb
        Limit of its address space, in MiB.
    nice
        How much it steps back behind other processes, as in Unix' ``nice``.
    is_warm
        Whether it loads OR-Tools before it is asked; the other kind starts in less time, and loads
        it once a problem needs it.

    Attributes
    ----------
    progress
        How far the search is that it was asked for last.
    asked
        The number of requests that it was sent.
    """

    def __init__(self, memory_mb: int, nice: int = 0, *, is_warm: bool = True) -> None:
        environment = {
            **os.environ,
            "ISOBUDGET_SOLVER_MEMORY_MB": str(memory_mb),
            "OPENBLAS_NUM_THREADS": "1",  # nothing here uses it, and starting threads takes 70 ms
            "PYDANTIC_DISABLE_PLUGINS": "__all__",  # looking for plugins takes 20 ms
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "solver.processes.child", *(["--warm"] if is_warm else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            process_group=0,  # Ctrl-C is ours to handle: we kill it
        )
        step_back(self._process.pid, nice)
        self._ready = threading.Event()
        self._has_started = False
        self._megabytes_at_start = 0
        self.progress = Progress()
        self.asked = 0
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
        """Read answers until the process ends; ``None`` marks the end."""
        output = self._process.stdout
        assert output is not None
        self._has_started = output.readline() == b"ready\n"
        self._megabytes_at_start = self._megabytes()
        self._ready.set()
        self._read_answers(output)
        self._answers.put(None)

    def _read_answers(self, output: IO[bytes]) -> None:
        for line in output:
            if not line.endswith(b"\n"):  # it was killed while it wrote
                return
            head = json.loads(line)
            if "found" in head:
                self.progress = Progress(**head)
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
        """Number of solutions of a problem; ``None`` if the time limit came first.

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
        self.progress = Progress()
        self.asked += 1
        self._send(f"{task} {request.model_dump_json()}\n")
        deadline = time.monotonic() + request.settings.time_limit + GRACE_SECONDS
        while True:
            try:
                answer = self._answers.get(timeout=LOOK_SECONDS)
                break
            except Empty:
                look(self.progress.found)
            if time.monotonic() > deadline:
                raise SolverTimeoutError(f"no answer {GRACE_SECONDS:g} s after the time limit")
        if answer is None:
            code = self._process.wait()
            raise SolverFailedError(f"the solver process ended without an answer (exit {code})")
        if "error" in answer[0]:
            raise SolverRefusedError(answer[0]["error"])
        return answer

    @property
    def is_ready(self) -> bool:
        """Whether it has loaded OR-Tools, or failed to."""
        return self._ready.is_set()

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    @property
    def growth_mb(self) -> int:
        """By how many MiB its address space has grown since it was ready; 0 where that is unknown.

        The limit of its memory is one of the address space.
        """
        return self._megabytes() - self._megabytes_at_start

    def _megabytes(self) -> int:
        with suppress(OSError, ValueError, AttributeError):  # only Linux tells
            pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[0])
            return pages * os.sysconf("SC_PAGE_SIZE") >> 20
        return 0

    def wait_until_ready(self, look: Look = lambda _: None) -> None:
        """Wait until the process has loaded OR-Tools.

        Raises
        ------
        SolverStartError
            The process did not start.
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
        """End the process at once."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            try:
                stream.close()
            except BrokenPipeError:  # a request that was never read
                continue
