"""Counts the variants that a search would find, before anything is stored."""

import asyncio
import threading
from typing import Final

from anyio import CapacityLimiter, to_thread

from app.services.asking import HangUp
from app.services.stopping import Closing
from app.services.tallies import LATE, Tally
from solver.problem import Problem, Settings, SolveRequest
from solver.processes.priority import NICE
from solver.processes.process import (
    SolverCancelledError,
    SolverFailedError,
    SolverProcess,
    SolverTimeoutError,
)

SECONDS: Final = 5.0
"""The time in which a number is found or given up: somebody looks at the screen meanwhile."""
GIVEN_UP: Final = "nobody waits for it any more"


class Counting:
    """Counts in processes of its own, so that neither searches nor the event loop wait for it.

    Parameters
    ----------
    memory_mb
        Limit of each process, in MiB.
    processes
        How many there are at once, at least one; others wait for their turn.
    closing
        Ends all counts when the server is to stop.
    """

    def __init__(self, memory_mb: int, processes: int, closing: Closing) -> None:
        self._memory_mb = memory_mb
        self._turns = CapacityLimiter(max(1, processes))
        self._closing = closing

    async def tally(self, problem: Problem, hang_up: HangUp) -> Tally:
        """The number of variants, or why it is not known; the process is killed on a hang-up."""
        is_unwanted = threading.Event()
        request = SolveRequest.of(problem, Settings(time_limit=SECONDS))
        counting = asyncio.ensure_future(
            to_thread.run_sync(self._tally, request, is_unwanted, limiter=self._turns)
        )
        hung_up = asyncio.ensure_future(hang_up())
        try:
            await asyncio.wait({counting, hung_up}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            is_unwanted.set()
            hung_up.cancel()
        return await counting

    def _tally(self, request: SolveRequest, is_unwanted: threading.Event) -> Tally:
        def look(_: int) -> None:
            if is_unwanted.is_set() or self._closing.is_set():
                raise SolverCancelledError(GIVEN_UP)

        try:
            look(0)
            with SolverProcess(self._memory_mb, NICE, is_warm=False) as process:
                return Tally(process.tally(request, look))
        except SolverTimeoutError:
            return Tally(None, LATE)
        except (SolverCancelledError, SolverFailedError) as failed:
            return Tally(None, str(failed))
