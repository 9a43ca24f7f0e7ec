"""The worker: claim, build, check, train, record; it can be read, stopped and drained.

The heartbeat comes from this process, the training runs in another that can be killed. No
transaction is open while something trains.
"""

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.db import jobs, runs
from app.db.engine import Database
from app.db.errors import LostLeaseError
from app.db.runs import Claim
from app.logs import about
from trainer.attempt import Attempt, Lost, WorkerSettings
from trainer.outcome import Outcome
from trainer.process import Failure, TrainingProcess, result_row
from trainer.summary import summary

logger = logging.getLogger(__name__)
Result = TypeVar("Result")


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
                    with about(run_id=claim.id):
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
            attempt = Attempt(claim, self._database, self._settings, self._process, self._stopping)
            self._record(claim, attempt.outcome())
        except LostLeaseError as lost:
            self._process.kill()
            logger.warning("%s; it was stopped", lost)

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
