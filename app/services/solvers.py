"""Has searches solved in processes that can be killed: those asked for here, and queued ones."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from typing import Final

from app.db import searches
from app.db.engine import Database
from app.db.errors import DatabaseError
from app.logs import about
from app.services.attempts import Attempt, Notes, Work
from app.services.condition import Condition
from app.services.endings import LONGEST_PAUSE, Endings
from app.services.variants import problem_of
from app.services.watch import Watch
from solver.problem import SolveRequest
from solver.processes.pool import Pool
from solver.processes.priority import NICE
from solver.processes.process import (
    GRACE_SECONDS,
    START_SECONDS,
    SolverCancelledError,
    SolverFailedError,
    SolverProcess,
    SolverRefusedError,
    SolverTimeoutError,
)

logger = logging.getLogger(__name__)

LEASE_SECONDS: Final = START_SECONDS + GRACE_SECONDS
"""What a lease has beyond a search's time limit."""
STOP_SECONDS: Final = 1.5
"""The time in which searches are queued again when the server stops."""


@dataclass(frozen=True)
class Limits:
    """How many searches are solved at once, and how much memory each may take, in MiB."""

    processes: int
    memory_mb: int


class Reservation:
    """A thread that waits for a search, if ``is_held``."""

    def __init__(self, is_held: bool) -> None:
        self.is_held = is_held
        self.work: Work | None = None

    def hand_over(self, work: Work) -> None:
        """Have the thread solve a search, once the block is left."""
        self.work = work


class Solvers:
    """Threads that have searches solved, one for each search that may be solved at once.

    A search that is asked for here is handed over to an idle thread without a detour over the
    queue, if there is any. Threads that are idle look into the queue, one after the other. One more
    process than there are threads is ready, for a thread that has just lost its own.
    """

    def __init__(
        self,
        database: Database,
        condition: Condition,
        watch: Watch,
        limits: Limits,
        poll: float,
    ) -> None:
        self._database, self._condition, self._watch = database, condition, watch
        self._notes = Notes(database, condition)
        self._limits = limits
        self._poll = poll
        self._idle = threading.Semaphore(0)
        self._handed: SimpleQueue[Work | None] = SimpleQueue()
        self._queued_here = threading.Event()
        self._stopping = threading.Event()
        self._endings = Endings(database, condition, self._stopping)
        self._threads = [
            threading.Thread(target=self._work, name=f"solver-{n}", daemon=True)
            for n in range(limits.processes)
        ]

    def start(self) -> None:
        """Start to work."""
        self._pool = Pool(self._limits.memory_mb, self._limits.processes, NICE)
        self._notes.start()
        for thread in self._threads:
            thread.start()

    def stop_soon(self) -> None:
        """Take no more searches, and give up those that are being solved."""
        self._stopping.set()
        for _ in self._threads:
            self._handed.put(None)

    def stop(self) -> None:
        """Kill the processes and end; their searches are queued again for other servers.

        What cannot be queued again in time is claimed by other servers when its lease is over.
        """
        self.stop_soon()
        self._pool.close()
        ends = time.monotonic() + STOP_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, ends - time.monotonic()))
        self._notes.stop(max(0.0, ends - time.monotonic()))

    @contextmanager
    def reserved(self) -> Iterator["Reservation"]:
        """Reserve an idle thread, if there is any, for the search that the block hands over.

        Searches that were queued here before have precedence.
        """
        is_blocked = self._queued_here.is_set() or self._stopping.is_set()
        reservation = Reservation(not is_blocked and self._idle.acquire(blocking=False))
        try:
            yield reservation
        finally:
            if reservation.work:
                self._watch.begin(reservation.work.id)
                self._handed.put(reservation.work)
            elif reservation.is_held:
                self._idle.release()

    def wake(self) -> None:
        """Say that a search was queued."""
        self._queued_here.set()
        self._handed.put(None)

    def _work(self) -> None:
        pause = self._poll
        while not self._stopping.is_set():
            try:
                if work := self._next():
                    with about(search_id=work.id):
                        self._solve(work)
                pause = self._poll
            except Exception as error:  # the database may be away
                if not self._condition.note(error):
                    logger.exception("no search could be claimed")
                self._stopping.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    def _next(self) -> Work | None:
        """A search from the queue, or the next one that is handed over; ``None`` after a while."""
        if self._queued_here.is_set() and (work := self._claim()):
            return work
        self._idle.release()
        return self._handed_over()

    def _handed_over(self) -> Work | None:
        while True:
            try:
                work = self._handed.get(timeout=self._poll)
            except Empty:
                work = None
            if work:
                return work
            if self._idle.acquire(blocking=False):
                return None if self._stopping.is_set() else self._claim()
            # All idle threads are reserved, this one too: a search is about to be handed over.

    def _claim(self) -> Work | None:
        """Claim the oldest queued search."""
        self._queued_here.clear()
        with self._database.read() as session:
            if not searches.has_claimable(session):
                return None
        with self._database.write() as session:
            claimed = searches.claim(session, LEASE_SECONDS)
            if claimed is None:
                return None
            problem = problem_of(session, claimed)
        self.wake()  # there may be more
        self._watch.begin(claimed.id)
        request = SolveRequest.of(problem, claimed.request.settings)
        return Work(claimed.id, claimed.attempt, request)

    def _solve(self, work: Work) -> None:
        """Have a search solved, and store how it ends."""
        attempt = Attempt(work, self._endings, self._watch, self._notes)
        process, is_usable = self._pool.take(), False
        try:
            answer = process.solve(work.request, lambda _: self._look(attempt, process))
            is_usable = True
        except SolverCancelledError:
            end = attempt.release
        except SolverTimeoutError:
            end = partial(attempt.time_out, process.progress)
        except SolverFailedError as failed:
            is_usable = isinstance(failed, SolverRefusedError)
            end = partial(attempt.fail, process.progress, str(failed))
        except BaseException:
            self._watch.end(work.id, None)
            raise
        else:
            end = partial(attempt.record, process.progress, answer)
        finally:
            self._pool.give_back(process, is_usable=is_usable)
        end()

    def _look(self, attempt: Attempt, process: SolverProcess) -> None:
        """Tell how far a search is. Raise if nobody wants it any more, or we stop."""
        if self._stopping.is_set():
            raise SolverCancelledError("the server stops")
        attempt.tell(process.progress)
        if not self._is_held(attempt.work):
            raise SolverCancelledError("the search was cancelled, or claimed again")

    def _is_held(self, work: Work) -> bool:
        """Whether a search was neither cancelled, nor claimed again, as far as is known."""
        try:
            with self._database.read() as session:
                return searches.is_held(session, work.id, work.attempt)
        except DatabaseError as away:
            if not self._condition.note(away):
                raise
            return True
