"""Tallies the solutions of many problems, in several processes at once."""

import threading
from collections.abc import Iterable, Iterator
from queue import SimpleQueue
from types import TracebackType
from typing import Final, NamedTuple

from solver.problem import SolveRequest
from solver.processes.process import (
    SolverCancelledError,
    SolverFailedError,
    SolverProcess,
    SolverRefusedError,
    SolverStartError,
    SolverTimeoutError,
)

LATE: Final = "the time limit came first"


class Tally(NamedTuple):
    """A number of solutions, or the reason why it is not known."""

    number: int | None
    reason: str = LATE

    @property
    def is_late(self) -> bool:
        """Whether the number is not known because time ran out."""
        return self.number is None and self.reason == LATE


Asked = tuple[int, SolveRequest]
Tallied = tuple[int, Tally]


class Tallies:
    """Processes that share the work, with a thread for each; all end with the block.

    A process that dies is replaced, and the number that it was to tally is not known.
    """

    def __init__(self, requests: Iterable[SolveRequest], processes: int, memory_mb: int) -> None:
        self._requests = enumerate(requests)
        self._memory_mb = memory_mb
        self._tallied: SimpleQueue[Tallied | BaseException | None] = SimpleQueue()
        self._taking = threading.Lock()
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(processes)]

    def __enter__(self) -> "Tallies":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def __iter__(self) -> Iterator[Tallied]:
        """Yield the place and the tally of each request, in the order in which they are done.

        Raises
        ------
        SolverStartError
            No process can be started.
        """
        for _ in self._threads:
            while (tallied := self._tallied.get()) is not None:
                if isinstance(tallied, BaseException):
                    raise tallied
                yield tallied

    def _work(self) -> None:
        """Tally one request after the other, until there are no more."""
        try:
            following = self._next()
            while following is not None:
                with SolverProcess(self._memory_mb) as process:
                    following = self._tally_on(process, following)
        except SolverCancelledError:
            pass
        except Exception as failed:
            self._tallied.put(failed)
        self._tallied.put(None)

    def _tally_on(self, process: SolverProcess, following: Asked | None) -> Asked | None:
        """Tally as long as the process lives. Returns the next request, for another process."""
        while following is not None:
            place, request = following
            lives = True
            try:
                tally = Tally(process.tally(request, self._look))
            except SolverStartError:
                raise
            except (SolverFailedError, SolverTimeoutError) as failed:
                lives = isinstance(failed, SolverRefusedError)
                tally = Tally(None, LATE if isinstance(failed, SolverTimeoutError) else str(failed))
            self._tallied.put((place, tally))
            following = self._next()
            if not lives:
                break
        return following

    def _next(self) -> Asked | None:
        with self._taking:
            return None if self._stopping.is_set() else next(self._requests, None)

    def _look(self, _: int) -> None:
        if self._stopping.is_set():
            raise SolverCancelledError("nobody waits for it any more")
