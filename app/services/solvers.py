"""Takes queued searches from the database, and has them solved in processes that can be killed."""

import logging
import threading
from dataclasses import dataclass
from typing import Any

from app.db import searches
from app.db.engine import Database
from app.db.errors import LostLeaseError
from app.db.models import SearchRow
from app.logs import about
from app.services.condition import Condition
from app.services.endings import LONGEST_PAUSE, Endings
from app.services.variants import problem_of
from solver.answers.variants import Answer
from solver.problem import SolveRequest
from solver.processes.process import (
    GRACE_SECONDS,
    START_SECONDS,
    SolverCancelledError,
    SolverFailedError,
    SolverProcess,
    SolverTimeoutError,
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limits:
    """How many searches are solved at once, and how much memory each may take, in MiB."""

    processes: int
    memory_mb: int


class Solvers:
    """Takes queued searches from the database, one thread for each process that solves.

    Each thread keeps a process ready, so that a search need not wait for OR-Tools to load.
    """

    def __init__(
        self, database: Database, condition: Condition, limits: Limits, poll: float
    ) -> None:
        self._database = database
        self._condition = condition
        self._limits = limits
        self._poll = poll
        self._wake = threading.Semaphore(0)
        self._stopping = threading.Event()
        self._endings = Endings(database, condition, self._stopping)
        self._threads = [
            threading.Thread(target=self._work, name=f"solver-{n}", daemon=True)
            for n in range(limits.processes)
        ]

    def start(self) -> None:
        """Start to work."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Kill the processes and end; their searches are queued again for other servers."""
        self._stopping.set()
        for _ in self._threads:
            self._wake.release()
        for thread in self._threads:
            thread.join()

    def wake(self) -> None:
        """Say that a search was queued."""
        self._wake.release()

    def _work(self) -> None:
        process = SolverProcess(self._limits.memory_mb)
        pause = self._poll
        while not self._stopping.is_set():
            try:
                search = self._claim()
                pause = self._poll
                if search is None:
                    self._wake.acquire(timeout=self._poll)
                    continue
                with about(search_id=search.id):
                    self._solve(search, process)
            except Exception as error:  # the database may be away
                if not self._condition.note(error):
                    logger.exception("no search could be claimed")
                self._stopping.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
                continue
            process.kill()
            process = SolverProcess(self._limits.memory_mb)
        process.kill()

    def _claim(self) -> SearchRow | None:
        with self._database.write() as session:
            return searches.claim(session, START_SECONDS + GRACE_SECONDS)

    def _solve(self, search: SearchRow, process: SolverProcess) -> None:
        request = self._request(search)
        try:
            with process:  # the process ends before anything is written
                answer = process.solve(request, lambda _: self._check_wanted(search))
            self._record(search, answer)
        except SolverTimeoutError:
            self._end(search, "succeeded", outcome="timed_out")
        except SolverFailedError as failed:
            self._end(search, "failed", error=str(failed))
        except SolverCancelledError:
            self._release(search)
        except LostLeaseError as lost:
            logger.warning("%s; its answer was dropped", lost)
        except Exception as error:  # the database may be away; the lease brings the search back
            if self._condition.note(error):
                logger.warning("the search was given up; it is claimed again later")
            else:
                logger.exception("the search was given up")

    def _request(self, search: SearchRow) -> SolveRequest:
        with self._database.read() as session:
            problem = problem_of(session, search)
        return SolveRequest.of(problem, search.request.settings)

    def _check_wanted(self, search: SearchRow) -> None:
        """Raise if nobody wants the answer: the search was cancelled or claimed, or we stop."""
        if self._stopping.is_set():
            raise SolverCancelledError("the server stops")
        with self._database.read() as session:
            if not searches.is_held(session, search.id, search.attempt):
                raise SolverCancelledError("the search was cancelled, or claimed again")

    def _record(self, search: SearchRow, answer: Answer) -> None:
        held = search.id, search.attempt
        self._endings.store(*held, lambda session: searches.record(session, *held, answer))

    def _release(self, search: SearchRow) -> None:
        """Queue a search again for other servers, unless this one no longer holds it."""
        with self._database.write() as session:
            searches.release(session, search.id, search.attempt)

    def _end(self, search: SearchRow, state: str, **values: Any) -> None:
        held = search.id, search.attempt
        self._endings.store(*held, lambda session: searches.finish(session, *held, state, **values))
