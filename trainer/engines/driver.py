"""The driver: as many stacks of runs at once as a cluster has places for, each a task of its own.

It is a worker like others, whose leases and results are in the database. A lost task costs a lease,
and a lost cluster gives all of them back.
"""

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Final, Protocol

from sqlalchemy.orm import Session

from app.db.engine import Database
from app.db.runs import Claim
from trainer.attempt import WorkerSettings
from trainer.base import BaseWorker
from trainer.process import Trainer

MOST_TASKS: Final = 1000
MOST_CLAIMED: Final = 32
"""Stacks in one transaction, which others wait for on SQLite."""
LOOK_SECONDS: Final = 0.5
"""Between two looks whether to stop."""


class Places(Protocol):
    """Where tasks are trained."""

    def free(self, held: int) -> int:
        """How many more tasks would be started at once, beside those of ours that there are."""

    def task(self) -> Trainer:
        """A task that was not started yet."""


class Driver(BaseWorker):
    """Works off runs on a cluster, the seeds of one network in each task."""

    def __init__(self, database: Database, settings: WorkerSettings, cluster: Places) -> None:
        super().__init__(database, settings)
        self._cluster = cluster
        self._attempts: dict[Future[None], Trainer] = {}

    def kill(self) -> None:
        """End what trains, from any thread; leases are left as they are."""
        for task in list(self._attempts.values()):
            task.abort()

    def work(self, *, once: bool = False, exit_when_idle: bool = False) -> None:
        """Work until stopped; or off one network, or all that is queued.

        Raises
        ------
        EngineLostError
            The cluster does not answer; what was held is given back.
        """
        with ThreadPoolExecutor(MOST_TASKS, "attempt") as threads:
            try:
                with self._patient():
                    self._drive(threads, once=once, exit_when_idle=exit_when_idle)
                    if not self.is_stopping:
                        self._settle()
            finally:
                self._stopping.set()  # whatever ended it: what is held is given back
        self._forget_ended()

    def _drive(self, threads: ThreadPoolExecutor, *, once: bool, exit_when_idle: bool) -> None:
        has_begun = False
        while not self.is_stopping:
            self._forget_ended()
            self._settle()
            free = 0 if once and has_begun else self._free()
            batch = self._database.write(partial(self._batch, 1 if once else free)) if free else []
            self._begin(threads, batch)
            has_begun = has_begun or bool(batch)
            is_idle = free > 0 and not batch
            is_over = (once and has_begun) or (is_idle and (once or exit_when_idle))
            if is_over and not self._attempts:
                break
            if len(batch) < MOST_CLAIMED:
                self._wait()

    def _free(self) -> int:
        held = len(self._attempts)
        return min(self._cluster.free(held), MOST_TASKS - held)

    def _batch(self, most: int, session: Session) -> list[list[Claim]]:
        """Claim so many stacks, or as many as are queued."""
        claimed: list[list[Claim]] = []
        while len(claimed) < min(most, MOST_CLAIMED) and (claims := self._claim(session)):
            claimed.append(claims)
        return claimed

    def _begin(self, threads: ThreadPoolExecutor, batch: Sequence[Sequence[Claim]]) -> None:
        for claims in batch:
            task = self._cluster.task()
            self._attempts[threads.submit(self._attempt, claims, task)] = task

    def _attempt(self, claims: Sequence[Claim], task: Trainer) -> None:
        with self._patient():
            self._run(claims, task)

    def _forget_ended(self) -> None:
        """Raise what an attempt raised that nobody expected."""
        for attempt in [attempt for attempt in self._attempts if attempt.done()]:
            del self._attempts[attempt]
            attempt.result()

    def _wait(self) -> None:
        """Until an attempt has ended, or it is time to look again."""
        if self._attempts:
            wait(self._attempts, min(self._settings.poll, LOOK_SECONDS), FIRST_COMPLETED)
        else:
            self._stopping.wait(self._settings.poll)
