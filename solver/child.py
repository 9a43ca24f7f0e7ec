"""``python -m solver.child``: solves one request from standard input, then exits.

The solver's own limits on time and memory are advisory, so whoever needs hard ones runs this and
kills it. It loads OR-Tools first and only then waits for the request: started early, it answers at
once. It prints ``ready``; a request is one line, the JSON of a
:class:`solver.problem.SolveRequest`; the answer is one line, ``{"answer": …}`` or ``{"error": …}``.
It ends with whoever holds the other side of its input.
"""

import json
import os
import sys
import threading
from typing import Any

from pydantic import ValidationError

from solver.problem import SolveRequest
from solver.search import solve


def main() -> None:
    """Read, solve, write."""
    _limit_memory(int(os.environ.get("ISOBUDGET_SOLVER_MEMORY_MB", "0")))
    print("ready", flush=True)
    line = sys.stdin.readline()
    if not line:
        return
    print(json.dumps(_answer(line)), flush=True)
    os._exit(0)


def _answer(line: str) -> dict[str, Any]:
    try:
        _watch_the_parent()
        request = SolveRequest.model_validate_json(line)
        return {"answer": solve(request.problem, request.settings).model_dump(mode="json")}
    except MemoryError:
        return {"error": "the solver ran out of memory; narrow the ranges or lower the tolerance"}
    except (OverflowError, ValidationError) as refused:
        return {"error": str(refused)}


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
