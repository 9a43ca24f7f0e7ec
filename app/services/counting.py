"""How many solutions problems have, counted in processes beside one another."""

import threading
from collections.abc import Iterable, Iterator
from queue import SimpleQueue
from types import TracebackType
from typing import Final, NamedTuple

from app.services.counter import Counter, RefusedByCounterError
from app.services.process import SolverFailedError, SolverStartError, SolverTimeoutError
from solver.problem import SolveRequest

LATE: Final = "the time limit came first"


class Count(NamedTuple):
    """A number of solutions; where it is not known, why."""

    found: int | None
    reason: str = LATE

    @property
    def is_late(self) -> bool:
        """Whether it is not known because time ran out."""
        return self.found is None and self.reason == LATE


Asked = tuple[int, SolveRequest]
Counted = tuple[int, Count]


class Counters:
    """Processes that share the work; all of them end when the block is left, however it is left.

    A process that dies is replaced, and what it counted is not known.
    """

    def __init__(self, processes: int, memory_mb: int) -> None:
        self._memory_mb = memory_mb
        self._counters = [Counter(memory_mb) for _ in range(processes)]
        self._threads: list[threading.Thread] = []
        self._counted: SimpleQueue[Counted | BaseException | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._is_stopping = False

    def __enter__(self) -> "Counters":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_stopping = True
        for counter in self._counters:
            counter.interrupt()
        for thread in self._threads:
            thread.join()
        for counter in self._counters:
            counter.kill()

    def count(self, requests: Iterable[SolveRequest]) -> Iterator[Counted]:
        """Yield the count of each, with its place among the requests, as they come.

        Raises
        ------
        SolverStartError
            No process can be started.
        """
        numbered = enumerate(requests)
        self._threads = [
            threading.Thread(target=self._work, args=(place, numbered), daemon=True)
            for place in range(len(self._counters))
        ]
        for thread in self._threads:
            thread.start()
        for _ in self._threads:
            while (counted := self._counted.get()) is not None:
                if isinstance(counted, BaseException):
                    raise counted
                yield counted

    def _work(self, place: int, numbered: Iterator[Asked]) -> None:
        """Count what comes next, until nothing does."""
        try:
            while (following := self._take(numbered)) is not None:
                number, request = following
                self._counted.put((number, self._count(place, request)))
        except Exception as failed:
            self._counted.put(failed)
        self._counted.put(None)

    def _take(self, numbered: Iterator[Asked]) -> Asked | None:
        with self._lock:
            return None if self._is_stopping else next(numbered, None)

    def _count(self, place: int, request: SolveRequest) -> Count:
        try:
            return Count(self._counters[place].count(request))
        except SolverStartError:
            raise
        except RefusedByCounterError as refused:
            return Count(None, str(refused))
        except SolverTimeoutError:
            self._replace(place)
            return Count(None)
        except SolverFailedError as failed:
            self._replace(place)
            return Count(None, str(failed))

    def _replace(self, place: int) -> None:
        self._counters[place].kill()
        with self._lock:
            if not self._is_stopping:
                self._counters[place] = Counter(self._memory_mb)
