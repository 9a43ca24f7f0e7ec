"""``python -m solver.processes.count_many``: counts the solutions of problems, one after the other.

As :mod:`solver.processes.solve_one`, which solves one, it loads OR-Tools first, prints ``ready``,
and ends with whoever holds the other side of its input. A line is the JSON of a
:class:`solver.problem.SolveRequest`. Each is answered, in their order, by a line ``{"found": …}``,
where ``null`` says that its time limit came first, or ``{"error": …}``.
"""

import sys
from queue import SimpleQueue
from typing import Any

from pydantic import ValidationError

from solver.answers.search import count
from solver.problem import SolveRequest
from solver.processes.protocol import OUT_OF_MEMORY, follow_the_input, get_ready, write


def main() -> None:
    """Read, count, write, until the input ends."""
    get_ready()
    lines: SimpleQueue[str] = SimpleQueue()
    try:
        follow_the_input(lines.put)
    except MemoryError:
        sys.stdin.readline()
        return write({"error": OUT_OF_MEMORY})
    while True:
        write(_answer(lines.get()))


def _answer(line: str) -> dict[str, Any]:
    try:
        request = SolveRequest.model_validate_json(line)
        return {"found": count(request.problem, request.time_limit)}
    except MemoryError:
        return {"error": OUT_OF_MEMORY}
    except (OverflowError, ValidationError) as refused:
        return {"error": str(refused)}


if __name__ == "__main__":
    main()
