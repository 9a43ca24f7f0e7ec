"""The worker loop: claim, build, check, train, record.

A worker claims all queued seeds of a network and trains them together.

This process sends the heartbeat; another one trains, and can be killed. No transaction is open
during training.
"""

from app.db.engine import Database
from trainer.attempt import WorkerSettings
from trainer.base import BaseWorker
from trainer.process import TrainingProcess


class Worker(BaseWorker):
    """A worker that trains the queued seeds of one network at a time.

    ``process`` trains them; a new :class:`TrainingProcess` if it is left out.
    """

    engine = "process"

    def __init__(
        self,
        database: Database,
        settings: WorkerSettings,
        process: TrainingProcess | None = None,
    ) -> None:
        super().__init__(database, settings)
        self._process = process or TrainingProcess()

    def kill(self) -> None:
        """Kill the training from any thread; leases stay as they are."""
        self._process.abort()

    def _work(self, *, once: bool, exit_when_idle: bool) -> None:
        try:
            with self._patient():
                while not self.is_stopping:
                    self._settle()
                    claims = self._database.write(self._claim)
                    if claims:
                        self._run(claims, self._process)
                    elif exit_when_idle or once:
                        break
                    else:
                        self._stopping.wait(self._settings.poll)
                    if once:
                        break
                if not self.is_stopping:
                    self._settle()
        finally:
            self._process.kill()
