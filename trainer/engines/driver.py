"""The driver trains as many stacks of runs at once as a cluster has places, each as one task.

It is a worker like others: its leases and results are in the database. A lost task costs a lease;
if the cluster is lost, the driver gives all leases back.
"""

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Final, Protocol

from sqlalchemy.orm import Session

from app.db import runs
from app.db.engine import Database
from app.db.runs import Claim
from trainer.attempt import WorkerSettings
from trainer.base import BaseWorker
from trainer.process import Trainer

MOST_TASKS: Final = 1000
MOST_CLAIMED: Final = 32
"""Most stacks claimed in one transaction; on SQLite, others wait for it."""
LOOK_SECONDS: Final = 0.5
"""Time between two checks whether to stop."""


class PlacedTask(Trainer, Protocol):
    """A task that trains on a cluster; ``has_begun`` tells whether it has got a place there."""

    has_begun: bool


class Places(Protocol):
    """Where tasks are trained."""

    def free(self, held: int, waiting: int) -> int:
        """Return how many more tasks would start at once.

        We have ``held`` tasks; ``waiting`` of them have no place yet.
        """

    def task(self) -> PlacedTask:
        """Return a task that was not started yet."""


class Driver(BaseWorker):
    """A worker that trains runs on a cluster, the seeds of one network in each task."""

    engine = "ray"

    def __init__(self, database: Database, settings: WorkerSettings, cluster: Places) -> None:
        super().__init__(database, settings)
        self._cluster = cluster
        self._attempts: dict[Future[None], PlacedTask] = {}

    def kill(self) -> None:
        """Kill the training from any thread; leases stay as they are."""
        for task in list(self._attempts.values()):
            task.abort()

    def _work(self, *, once: bool, exit_when_idle: bool) -> None:
        with ThreadPoolExecutor(MOST_TASKS, "attempt") as threads:
            try:
                with self._patient():
                    self._drive(threads, once=once, exit_when_idle=exit_when_idle)
                    if not self.is_stopping:
                        self._settle()
            finally:
                self._stopping.set()  # however it ended, what is held is given back
        self._forget_ended()

    def _drive(self, threads: ThreadPoolExecutor, *, once: bool, exit_when_idle: bool) -> None:
        has_begun = False
        while not self.is_stopping:
            self._forget_ended()
            self._settle()
            free = self._free()
            most = free if not once else 0 if has_begun else min(free, 1)
            batch = self._database.write(partial(self._claim_batch, most)) if most else []
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
        waiting = sum(not task.has_begun for task in self._attempts.values())
        return min(self._cluster.free(held, waiting), MOST_TASKS - held)

    def _claim_batch(self, stacks: int, session: Session) -> list[list[Claim]]:
        name, lease = self._settings.name, self._settings.lease
        return runs.claim_stacks(session, name, lease, min(stacks, MOST_CLAIMED))

    def _begin(self, threads: ThreadPoolExecutor, batch: Sequence[Sequence[Claim]]) -> None:
        for claims in batch:
            task = self._cluster.task()
            self._attempts[threads.submit(self._attempt, claims, task)] = task

    def _attempt(self, claims: Sequence[Claim], task: Trainer) -> None:
        with self._patient():
            self._run(claims, task)

    def _forget_ended(self) -> None:
        """Forget attempts that have ended; raise what one of them raised unexpectedly."""
        for attempt in [attempt for attempt in self._attempts if attempt.done()]:
            del self._attempts[attempt]
            attempt.result()

    def _wait(self) -> None:
        """Wait until an attempt has ended, or it is time to look again."""
        if self._attempts:
            wait(self._attempts, min(self._settings.poll, LOOK_SECONDS), FIRST_COMPLETED)
        else:
            self._stopping.wait(self._settings.poll)
