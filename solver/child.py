"""``python -m solver.child``: solves one request from standard input, then exits.

The solver's own limits on time and memory are advisory, so whoever needs hard ones runs this and
kills it. It loads OR-Tools first and only then waits for the request: started early, it answers at
once. It prints ``ready``; a request is one line, the JSON of a
:class:`solver.problem.SolveRequest`. Lines ``{"found": …}`` may follow while it solves, then the
last line: ``{"answer": …, "columns": […], "bytes": …}`` with the answer's table behind it as so
many bytes, or ``{"error": …}``. It ends with whoever holds the other side of its input.
"""

import json
import os
import sys
import threading
from typing import Any

from pydantic import ValidationError

from solver.problem import SolveRequest
from solver.search import solve

Message = tuple[dict[str, Any], bytes]
"""A line, and the bytes behind it."""


def main() -> None:
    """Read, solve, write."""
    _limit_memory(int(os.environ.get("ISOBUDGET_SOLVER_MEMORY_MB", "0")))
    print("ready", flush=True)
    line = sys.stdin.readline()
    if not line:
        return
    _write(_answer(line))
    os._exit(0)


def _answer(line: str) -> Message:
    try:
        _watch_the_parent()
        request = SolveRequest.model_validate_json(line)
        answer = solve(request.problem, request.settings, lambda n: _write(({"found": n}, b"")))
        content = answer.table.to_bytes()
        head = {"columns": answer.table.names, "bytes": len(content)}
        return {"answer": answer.model_dump(mode="json"), **head}, content
    except MemoryError:
        reason = "the solver ran out of memory; narrow the ranges or lower the tolerance"
        return {"error": reason}, b""
    except (OverflowError, ValidationError) as refused:
        return {"error": str(refused)}, b""


def _write(message: Message) -> None:
    head, content = message
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + content)
    sys.stdout.buffer.flush()


def _watch_the_parent() -> None:
    try:
        threading.Thread(target=_die_with_the_parent, daemon=True).start()
    except RuntimeError as failed:
        raise MemoryError("no room for a thread's stack") from failed


def _die_with_the_parent() -> None:
    """Nothing more is ever sent; the input ends when the parent does."""
    sys.stdin.read()
    os._exit(1)


def _limit_memory(megabytes: int) -> None:
    """Let allocations beyond the limit fail (not on Windows, which has no such limit)."""
    if megabytes and sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))


if __name__ == "__main__":
    main()
