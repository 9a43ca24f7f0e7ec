"""The worker: claim, build, check, train, record; it can be read, stopped and drained.

The heartbeat comes from this process, the training runs in another that can be killed. No
transaction is open while something trains.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.catalogue import Recipe
from app.db import architectures, jobs, runs
from app.db.engine import Database
from app.db.errors import LostLeaseError
from app.db.runs import Claim
from trainer.outcome import Epoch, Outcome
from trainer.process import (
    DiedError,
    Failure,
    Task,
    TrainingProcess,
    epoch_row,
    result_row,
)
from trainer.summary import summary

logger = logging.getLogger(__name__)
Result = TypeVar("Result")

LOOK_SECONDS = 0.5
"""Between two looks whether to stop."""


@dataclass(frozen=True)
class WorkerSettings:
    """``lease`` and ``poll`` are in seconds; a lease is prolonged three times before it ends."""

    name: str
    data_dir: Path
    lease: float
    poll: float
    threads: int


@dataclass(frozen=True)
class Lost:
    """An attempt that came to nothing, and why; the run is tried again."""

    reason: str


class StoppingError(RuntimeError):
    """The worker was asked to stop."""


class Worker:
    """Works off runs, one at a time."""

    def __init__(self, database: Database, settings: WorkerSettings) -> None:
        self._database = database
        self._settings = settings
        self._process = TrainingProcess()
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Claim nothing more, and give back what is held."""
        self._stopping.set()

    def work(self, *, once: bool = False, exit_when_idle: bool = False) -> None:
        """Work until stopped; or off one run, or all that is queued."""
        try:
            while not self._stopping.is_set():
                self._settle()
                claim = self._write(self._claim)
                if claim is not None:
                    self._run(claim)
                elif exit_when_idle or once:
                    break
                else:
                    self._stopping.wait(self._settings.poll)
                if once:
                    break
            self._settle()
        finally:
            self._process.kill()

    def _claim(self, session: Session) -> Claim | None:
        return runs.claim(session, self._settings.name, self._settings.lease)

    def _run(self, claim: Claim) -> None:
        """Train a run and record how it ended; a run that was lost is left to its new owner."""
        logger.info("run %s, attempt %d: started", claim.id, claim.attempt)
        try:
            self._record(claim, self._outcome(claim))
        except LostLeaseError as lost:
            self._process.kill()
            logger.warning("%s; it was stopped", lost)

    def _outcome(self, claim: Claim) -> Outcome | Failure | Lost | None:
        """How the training of a run ended; ``None`` if it was stopped.

        Raises
        ------
        LostLeaseError
            It is another worker's now.
        """
        try:
            self._process.start(self._task(claim))
            return self._train(claim)
        except DiedError as died:
            return Lost(str(died))
        except StoppingError:
            self._process.kill()
            return None
        except (LookupError, ValueError) as unreadable:  # of another version, or damaged
            return Failure(f"what is stored of the run cannot be read: {unreadable}")

    def _task(self, claim: Claim) -> Task:
        with self._database.read() as session:
            architecture = architectures.get(session, claim.architecture_id)
            stored = architectures.counts(session, claim.architecture_id)
        return Task(
            architecture=architecture,
            expected=stored,
            dataset=claim.dataset,
            data_dir=self._settings.data_dir,
            recipe=Recipe.model_validate(claim.recipe),
            seed=claim.seed,
            threads=self._settings.threads,
        )

    def _train(self, claim: Claim) -> Outcome | Failure:
        """Keep the lease while the process trains.

        Raises
        ------
        StoppingError, LostLeaseError, DiedError
            There will be no outcome.
        """
        ends = time.monotonic() + self._settings.lease
        while not self._stopping.is_set():
            message = self._process.message(min(self._settings.lease / 4, LOOK_SECONDS))
            if isinstance(message, Outcome | Failure):
                return message
            if message or time.monotonic() > ends - self._settings.lease * 2 / 3:
                ends = self._beat(claim, message, ends)
        raise StoppingError

    def _beat(self, claim: Claim, epoch: Epoch | None, ends: float) -> float:
        """Prolong the lease; a database that does not answer is asked again until it is over."""
        epochs = [epoch_row(epoch)] if epoch else []
        sent = time.monotonic()
        while True:
            try:
                with self._database.write() as session:
                    runs.beat(session, claim, self._settings.lease, epochs)
                return sent + self._settings.lease
            except OperationalError as broken:
                if time.monotonic() > ends:
                    raise LostLeaseError(f"run {claim.id}: the database was away") from broken
                time.sleep(min(0.2, self._settings.poll))

    def _record(self, claim: Claim, outcome: Outcome | Failure | Lost | None) -> None:
        name = f"run {claim.id}, attempt {claim.attempt}"
        match outcome:
            case Outcome():
                self._write(lambda session: runs.finish(session, claim, result_row(outcome)))
                logger.info("%s: accuracy %.4f", name, outcome.test_accuracy)
            case Failure(reason):
                self._write(lambda session: runs.fail(session, claim, reason))
                logger.warning("%s: failed: %s", name, reason)
            case Lost(reason):
                self._write(lambda session: runs.lose(session, claim, reason))
                logger.warning("%s: lost: %s", name, reason)
            case None:
                self._write(lambda session: runs.release(session, claim))
                logger.info("%s: given back", name)

    def _settle(self) -> None:
        """Bring the results of jobs up to date."""
        while self._write(_settle_one):
            pass

    def _write(self, work: Callable[[Session], Result]) -> Result:
        """One transaction, begun again while the database is away; leases go on by themselves."""
        while True:
            try:
                with self._database.write() as session:
                    return work(session)
            except OperationalError:
                logger.exception("the database does not answer; trying again")
                if self._stopping.wait(self._settings.poll):
                    raise


def _settle_one(session: Session) -> bool:
    job = jobs.next_stale(session)
    if job is None:
        return False
    jobs.settle(session, job, summary(session, job).model_dump(mode="json"))
    return True
