"""What all workers share, wherever their runs are trained."""

import logging
import os
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar

from sqlalchemy.orm import Session

from app.db import runs
from app.db.causes import in_a_line
from app.db.engine import Database
from app.db.errors import DatabaseError, LostLeaseError
from app.db.register import Identity
from app.db.runs import Claim
from app.logs import about
from app.schemas.workers import Engine
from trainer.attempt import Attempt, WorkerSettings, name_of
from trainer.outcome import versions
from trainer.patience import PatientDatabase
from trainer.presence import Presence
from trainer.process import Trainer
from trainer.summary import settle_next

logger = logging.getLogger(__name__)


class BaseWorker(ABC):
    """A worker claims runs, has them trained and settles results; it can be stopped.

    While it works, the register of workers shows it.
    """

    engine: ClassVar[Engine]
    """What trains for workers of this kind."""

    def __init__(self, database: Database, settings: WorkerSettings) -> None:
        self._settings = settings
        self._stopping = threading.Event()
        self._database = PatientDatabase(database, self._stopping, settings.poll)
        identity = Identity(
            settings.name, socket.gethostname(), os.getpid(), self.engine, versions()
        )
        self._presence = Presence(database, identity, settings.lease)

    def stop(self) -> None:
        """Claim nothing more, and give back what is held."""
        self._stopping.set()

    @property
    def is_stopping(self) -> bool:
        """Whether it was told to stop."""
        return self._stopping.is_set()

    @abstractmethod
    def kill(self) -> None:
        """Kill the training from any thread; leases stay as they are."""

    def work(self, *, once: bool = False, exit_when_idle: bool = False) -> None:
        """Work until stopped, on one network (``once``), or until idle (``exit_when_idle``).

        Raises
        ------
        EngineLostError
            What trains does not answer; what was held is given back.
        """
        with self._presence:
            self._work(once=once, exit_when_idle=exit_when_idle)

    @abstractmethod
    def _work(self, *, once: bool, exit_when_idle: bool) -> None:
        """Do what :meth:`work` says."""

    @contextmanager
    def _patient(self) -> Iterator[None]:
        """Tolerate that the database is away once the worker was told to stop."""
        try:
            yield
        except DatabaseError as away:
            if not self.is_stopping:
                raise
            logger.warning(
                "stopped while the database was away; leases end by themselves (%s)",
                in_a_line(away),
            )

    def _claim(self, session: Session) -> list[Claim]:
        return runs.claim(session, self._settings.name, self._settings.lease)

    def _run(self, claims: Sequence[Claim], trainer: Trainer) -> None:
        """Train a stack of runs; lost runs are left to their new owners."""
        with about(run_id=[claim.id for claim in claims]):
            for claim in claims:
                logger.info("%s: started", name_of(claim))
            try:
                Attempt(
                    claims,
                    self._database,
                    self._settings,
                    trainer,
                    self._stopping,
                    self._presence.trains_on,
                ).run()
            except LostLeaseError as lost:
                trainer.kill()
                logger.warning("%s; it was stopped", lost)

    def _settle(self) -> None:
        """Bring the results of jobs and studies up to date."""
        while self._database.write(settle_next):
            pass
