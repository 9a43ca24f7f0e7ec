"""Solving and counting in child processes, which die with the command that started them."""

import time
from typing import Final

from app.cli.console import fail, notes, settings
from app.services.child import Child
from app.services.counter import Counter
from app.services.process import SolverFailedError, SolverTimeoutError
from solver.answers.table import Table
from solver.answers.variants import Answer, SolverReport
from solver.problem import SolveRequest

QUIET_SECONDS: Final = 1.0
"""Before the status line tells how long it takes."""


def solved(request: SolveRequest) -> Answer:
    """What there is; a solver that fails ends the command."""
    started, known = time.monotonic(), 0
    try:
        with notes.status("solving …") as status:

            def tell(found: int) -> None:
                nonlocal known
                known = found
                status.update(progress(time.monotonic() - started, found))

            return Child(settings().solver_memory_mb).solve(request, on_wait=tell)
    except SolverTimeoutError:
        report = SolverReport(
            status="UNKNOWN", wall_time=request.time_limit, branches=0, conflicts=0
        )
        nothing = Table.of(())
        return Answer(outcome="timed_out", found=known, symbols=(), table=nothing, solver=report)
    except SolverFailedError as failed:
        fail(str(failed))


def progress(seconds: float, found: int) -> str:
    """How far a solve is, once it takes a while."""
    return "solving …" if seconds < QUIET_SECONDS else f"solving … {seconds:.0f} s, {found:,} found"


def how_many(request: SolveRequest) -> int | None:
    """How many solutions there are; ``None`` if the time limit came first."""
    counter = Counter(settings().solver_memory_mb)
    try:
        with notes.status("counting …"):
            return counter.count(request)
    except SolverTimeoutError:
        return None
    except SolverFailedError as failed:
        fail(str(failed))
    finally:
        counter.kill()
