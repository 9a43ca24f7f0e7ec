"""One attempt at a run: build its task, train it in the other process, and keep its lease."""

import logging
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy.exc import OperationalError

from app.catalogue import Recipe
from app.db import architectures, runs
from app.db.engine import Database
from app.db.errors import LostLeaseError
from app.db.runs import Claim
from trainer.outcome import Epoch, Outcome
from trainer.process import DiedError, Failure, Task, TrainingProcess, epoch_row

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 0.5
"""Between two looks whether to stop."""


@dataclass(frozen=True)
class WorkerSettings:
    """``lease`` and ``poll`` are in seconds; a lease is prolonged three times before it ends."""

    name: str
    data_dir: Path
    lease: float
    poll: float
    threads: int
    cache_dir: Path | None = None


@dataclass(frozen=True)
class Lost:
    """An attempt that came to nothing, and why; the run is tried again."""

    reason: str


class Attempt:
    """A claimed run in training.

    ``stopping`` is set by whoever wants the worker to end.
    """

    def __init__(
        self,
        claim: Claim,
        database: Database,
        settings: WorkerSettings,
        process: TrainingProcess,
        stopping: threading.Event,
    ) -> None:
        self._claim = claim
        self._database = database
        self._settings = settings
        self._process = process
        self._stopping = stopping
        self._ends = time.monotonic() + settings.lease

    def outcome(self) -> Outcome | Failure | Lost | None:
        """How the training ended; ``None`` if it was stopped.

        Raises
        ------
        LostLeaseError
            The run is another worker's now.
        """
        try:
            self._process.start(self._task())
            return self._train()
        except DiedError as died:
            return Lost(str(died))
        except (LookupError, ValueError) as unreadable:  # of another version, or damaged
            return Failure(f"what is stored of the run cannot be read: {unreadable}")

    def _task(self) -> Task:
        claim = self._claim
        with self._database.read() as session:
            architecture = architectures.get(session, claim.architecture_id)
            stored = architectures.counts(session, claim.architecture_id)
        return Task(
            architecture=architecture,
            expected=stored,
            dataset=claim.dataset,
            data_dir=self._settings.data_dir,
            cache_dir=self._settings.cache_dir,
            recipe=Recipe.model_validate(claim.recipe),
            seed=claim.seed,
            threads=self._settings.threads,
        )

    def _train(self) -> Outcome | Failure | None:
        """Keep the lease while the other process trains."""
        lease = self._settings.lease
        while not self._stopping.is_set():
            message = self._process.message(min(lease / 4, LOOK_SECONDS))
            if isinstance(message, Outcome | Failure):
                return message
            if message or time.monotonic() > self._ends - lease * 2 / 3:
                self._beat(message)
        self._process.kill()
        return None

    def _beat(self, epoch: Epoch | None) -> None:
        """Prolong the lease; a database that does not answer is asked again until it is over."""
        epochs = [epoch_row(epoch)] if epoch else []
        sent = time.monotonic()
        while True:
            try:
                with self._database.write() as session:
                    runs.beat(session, self._claim, self._settings.lease, epochs)
            except OperationalError as broken:
                if time.monotonic() > self._ends:
                    raise LostLeaseError(f"run {self._claim.id}: database away") from broken
                time.sleep(min(0.2, self._settings.poll))
            else:
                self._ends = sent + self._settings.lease
                return
