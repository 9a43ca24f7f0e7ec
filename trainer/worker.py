"""The worker: claim, build, check, train, record; it can be read, stopped and drained.

All seeds of a network that are queued are claimed and trained together.

The heartbeat comes from this process, the training runs in another that can be killed. No
transaction is open while something trains.
"""

import logging
import threading
from collections.abc import Sequence

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.db import runs
from app.db.engine import Database
from app.db.errors import LostLeaseError
from app.db.runs import Claim
from app.logs import about
from trainer.attempt import Attempt, WorkerSettings, name_of
from trainer.patience import PatientDatabase, in_a_line
from trainer.process import TrainingProcess
from trainer.summary import settle_next

logger = logging.getLogger(__name__)


class Worker:
    """Works off runs, the seeds of one network at a time.

    ``process`` is what trains them, where it is not to be the usual one.
    """

    def __init__(
        self,
        database: Database,
        settings: WorkerSettings,
        process: TrainingProcess | None = None,
    ) -> None:
        self._settings = settings
        self._process = process or TrainingProcess()
        self._stopping = threading.Event()
        self._database = PatientDatabase(database, self._stopping, settings.poll)

    def stop(self) -> None:
        """Claim nothing more, and give back what is held."""
        self._stopping.set()

    @property
    def is_stopping(self) -> bool:
        """Whether it was told to stop."""
        return self._stopping.is_set()

    def kill(self) -> None:
        """End what trains, from any thread; leases are left as they are."""
        self._process.abort()

    def work(self, *, once: bool = False, exit_when_idle: bool = False) -> None:
        """Work until stopped; or off one network, or all that is queued."""
        try:
            while not self._stopping.is_set():
                self._settle()
                claims = self._database.write(self._claim)
                if claims:
                    with about(run_id=[claim.id for claim in claims]):
                        self._run(claims)
                elif exit_when_idle or once:
                    break
                else:
                    self._stopping.wait(self._settings.poll)
                if once:
                    break
            if not self.is_stopping:
                self._settle()
        except OperationalError as away:
            if not self.is_stopping:
                raise
            logger.warning(
                "stopped while the database was away; leases end by themselves (%s)",
                in_a_line(away),
            )
        finally:
            self._process.kill()

    def _claim(self, session: Session) -> list[Claim]:
        return runs.claim(session, self._settings.name, self._settings.lease)

    def _run(self, claims: Sequence[Claim]) -> None:
        """Train a stack of runs; those that were lost are left to their new owner."""
        for claim in claims:
            logger.info("%s: started", name_of(claim))
        try:
            Attempt(claims, self._database, self._settings, self._process, self._stopping).run()
        except LostLeaseError as lost:
            self._process.kill()
            logger.warning("%s; it was stopped", lost)

    def _settle(self) -> None:
        """Bring the results of jobs up to date."""
        while self._database.write(settle_next):
            pass
