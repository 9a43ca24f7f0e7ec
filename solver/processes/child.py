"""``python -m solver.processes.child``: answers requests from standard input until it ends.

The solver's own limits on time and memory are advisory. For hard limits, run it in this process and
kill the process (:mod:`solver.processes.process`). The process loads the solver, prints ``ready``,
and only then reads requests. With the argument ``--warm`` it loads OR-Tools beforehand, too: if it
is started early, it answers at once. Without, it loads OR-Tools once a problem needs it. It ends
when its standard input ends.

A request is one line: a task, a space, and the JSON of a :class:`solver.problem.SolveRequest`.

The answer to ``solve`` may begin with lines ``{"found": …}`` that say how far it is; where there is
an objective, with ``"best"`` and ``"bound"`` (:class:`solver.engines.progress.Progress`). The last
line is ``{"answer": …, "columns": […], "bytes": …}``, followed by the answer's table, which has
that many bytes.

The answer to ``tally`` is ``{"tallied": …}``: the number of solutions, or ``null`` if the time
limit came first.

If there is no answer, the last line is ``{"error": …}`` and says why.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from importlib import import_module
from queue import SimpleQueue
from typing import Any, Final

from pydantic import ValidationError

from solver.answers.search import solve, tally
from solver.engines.progress import Progress
from solver.problem import SolveRequest

WARM: Final = "--warm"
OUT_OF_MEMORY: Final = "the solver ran out of memory; narrow the ranges or lower the tolerance"

TELL_SECONDS: Final = 0.1
"""Least time between two reports of how far a search is."""

Message = tuple[dict[str, Any], bytes]
"""A line, and the bytes that follow it."""


def main() -> None:
    """Answer requests until the input ends."""
    _limit_memory(int(os.environ.get("ISOBUDGET_SOLVER_MEMORY_MB", "0")))
    if WARM in sys.argv:
        warm_up()
    try:
        print("ready", flush=True)
    except BrokenPipeError:  # whoever started it was killed meanwhile
        os._exit(0)
    lines: SimpleQueue[str] = SimpleQueue()
    try:
        threading.Thread(target=_follow_the_input, args=(lines.put,), daemon=True).start()
    except (MemoryError, RuntimeError):  # there is no room for the thread's stack
        sys.stdin.readline()
        return _write({"error": OUT_OF_MEMORY})
    while True:
        _write(*_answer(lines.get()))


def warm_up() -> None:
    """Load what only some problems need: the full model, with OR-Tools, and explanations."""
    import_module("solver.engines.full.optimum")
    import_module("solver.explain.blocking")
    import_module("solver.answers.whole")
    import_module("solver.explain.whole")


def _follow_the_input(take: Callable[[str], None]) -> None:
    """Pass on each line; end the process when the input ends, even during a search."""
    for line in sys.stdin:
        take(line)
    os._exit(0)


def _answer(line: str) -> Message:
    task, _, body = line.partition(" ")
    try:
        return TASKS[task](SolveRequest.model_validate_json(body))
    except MemoryError:
        return {"error": OUT_OF_MEMORY}, b""
    except (OverflowError, ValidationError) as refused:
        return {"error": str(refused)}, b""


def _solve(request: SolveRequest) -> Message:
    answer = solve(request.problem, request.settings, _Teller().tell)
    content = answer.table.to_bytes()
    head = {"columns": answer.table.names, "bytes": len(content)}
    return {"answer": answer.model_dump(mode="json"), **head}, content


class _Teller:
    """Reports how far a search is, but not at each of many changes."""

    def __init__(self) -> None:
        self._told_at = -TELL_SECONDS

    def tell(self, progress: Progress) -> None:
        """Write a line, unless the last one was just written."""
        if time.monotonic() >= self._told_at + TELL_SECONDS:
            self._told_at = time.monotonic()
            known = {name: it for name, it in progress._asdict().items() if it is not None}
            _write(known)


def _tally(request: SolveRequest) -> Message:
    return {"tallied": tally(request.problem, request.settings.time_limit)}, b""


TASKS: Final[dict[str, Callable[[SolveRequest], Message]]] = {"solve": _solve, "tally": _tally}


def _write(head: dict[str, Any], content: bytes = b"") -> None:
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + content)
    sys.stdout.buffer.flush()


def _limit_memory(megabytes: int) -> None:
    """Make allocations beyond the limit fail (except on Windows, which has no such limit)."""
    if megabytes and sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))


if __name__ == "__main__":
    main()
