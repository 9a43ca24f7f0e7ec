"""The worker: claim, build, check, train, record; it can be read, stopped and drained.

All seeds of a network that are queued are claimed and trained together.

The heartbeat comes from this process, the training runs in another that can be killed. No
transaction is open while something trains.
"""

from app.db.engine import Database
from trainer.attempt import WorkerSettings
from trainer.base import BaseWorker
from trainer.process import TrainingProcess


class Worker(BaseWorker):
    """Works off runs, the seeds of one network at a time.

    ``process`` is what trains them, where it is not to be the usual one.
    """

    def __init__(
        self,
        database: Database,
        settings: WorkerSettings,
        process: TrainingProcess | None = None,
    ) -> None:
        super().__init__(database, settings)
        self._process = process or TrainingProcess()

    def kill(self) -> None:
        """End what trains, from any thread; leases are left as they are."""
        self._process.abort()

    def work(self, *, once: bool = False, exit_when_idle: bool = False) -> None:
        """Work until stopped; or off one network, or all that is queued."""
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
