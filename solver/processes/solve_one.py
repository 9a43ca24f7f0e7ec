"""``python -m solver.processes.solve_one``: solves one request from standard input, then exits.

The solver's own limits on time and memory are advisory, so whoever needs hard ones runs this and
kills it. It loads OR-Tools first and only then waits for the request: started early, it answers at
once. It prints ``ready``; a request is one line, the JSON of a
:class:`solver.problem.SolveRequest`. Lines ``{"found": …}`` may follow while it solves, then the
last line: ``{"answer": …, "columns": […], "bytes": …}`` with the answer's table behind it as so
many bytes, or ``{"error": …}``. It ends with whoever holds the other side of its input.
"""

import os
import sys
from typing import Any

from pydantic import ValidationError

from solver.answers.search import solve
from solver.problem import SolveRequest
from solver.processes.protocol import OUT_OF_MEMORY, follow_the_input, get_ready, write

Message = tuple[dict[str, Any], bytes]
"""A line, and the bytes behind it."""


def main() -> None:
    """Read, solve, write."""
    get_ready()
    line = sys.stdin.readline()
    if not line:
        return
    write(*_answer(line))
    os._exit(0)


def _answer(line: str) -> Message:
    try:
        follow_the_input()
        request = SolveRequest.model_validate_json(line)
        answer = solve(request.problem, request.settings, lambda n: write({"found": n}))
        content = answer.table.to_bytes()
        head = {"columns": answer.table.names, "bytes": len(content)}
        return {"answer": answer.model_dump(mode="json"), **head}, content
    except MemoryError:
        return {"error": OUT_OF_MEMORY}, b""
    except (OverflowError, ValidationError) as refused:
        return {"error": str(refused)}, b""


if __name__ == "__main__":
    main()
