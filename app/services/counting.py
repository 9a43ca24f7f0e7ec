"""Counts the variants that a search would find, before anything is stored."""

from typing import Final

from app.services.asking import HangUp
from app.services.stopping import Closing
from app.services.tallies import LATE, Tally
from app.services.turns import Look, Turns, UnwantedError
from solver.problem import Problem, Settings, SolveRequest
from solver.processes.priority import NICE
from solver.processes.process import SolverFailedError, SolverProcess, SolverTimeoutError

SECONDS: Final = 5.0
"""The time in which a number is found or given up: somebody looks at the screen meanwhile."""


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
        self._turns = Turns(processes, closing)

    async def tally(self, problem: Problem, hang_up: HangUp) -> Tally:
        """The number of variants, or why it is not known; the process is killed on a hang-up."""
        request = SolveRequest.of(problem, Settings(time_limit=SECONDS))
        try:
            return await self._turns.take(lambda look: self._tally(request, look), hang_up)
        except UnwantedError as given_up:
            return Tally(None, str(given_up))

    def _tally(self, request: SolveRequest, look: Look) -> Tally:
        try:
            with SolverProcess(self._memory_mb, NICE, is_warm=False) as process:
                return Tally(process.tally(request, lambda _: look()))
        except SolverTimeoutError:
            return Tally(None, LATE)
        except SolverFailedError as failed:
            return Tally(None, str(failed))
