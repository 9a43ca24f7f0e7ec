"""A worker that trains nothing: it claims, measures and records as a real one does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from app.db import register, runs
from app.db.engine import Database
from app.db.models import EpochRow, ResultRow, RunRow
from app.db.register import Identity
from app.db.runs import Claim
from app.experiments.failures import Failure
from tests.factories import RESULT, queued_job
from trainer.attempt import WorkerSettings
from trainer.summary import settle_next


def settings_in(folder: Path, **changes: Any) -> WorkerSettings:
    """Of a worker that keeps everything in one folder."""
    usual: dict[str, Any] = {
        "name": "w",
        "data_dir": folder,
        "cache_dir": folder / "cache",
        "checkpoints": str(folder / "checkpoints"),
        "lease": 20.0,
        "poll": 0.05,
        "threads": 1,
    }
    return WorkerSettings(**{**usual, **changes})


def epoch_row(epoch: int, accuracy: float = 0.5) -> dict[str, Any]:
    return {
        "epoch": epoch,
        "train_loss": 1.0,
        "validation_loss": 1.0,
        "validation_accuracy": accuracy,
        "seconds": 0.5,
    }


def entered(database: Database, name: str, lease: float = 60.0, age: float = 0.0) -> None:
    """Have a worker in the register; with a lease that is over, it is silent."""
    versions = {"python": "3.11", "torch": None}
    worker = Identity(name, "host", 4711, "process", versions)
    with database.write() as session:
        register.enter(session, worker, lease, age)


def equally_good(_claim: Claim, _epoch: int) -> float:
    return 0.5


@dataclass
class FakeWorker:
    """Measures what ``accuracy`` says; runs that ``fails`` names fail when they are claimed.

    ``trained`` lists every epoch that it measured of each run, as often as it did: after a pause it
    goes on behind the last one.
    """

    database: Database
    accuracy: Callable[[Claim, int], float] = equally_good
    fails: Callable[[Claim], Failure | None] = lambda _claim: None
    most: int = 8
    trained: dict[str, list[int]] = field(default_factory=dict)

    def work(self) -> int:
        """Work off all that is queued, and what follows from it; how many attempts that took."""
        attempts = 0
        while True:
            self.settle()
            with self.database.write() as session:
                held = runs.claim(session, "w", 60, self.most)
            if not held:
                return attempts
            self.train(held)
            attempts += len(held)

    def settle(self) -> None:
        """Bring all jobs and studies up to date."""
        while True:
            with self.database.write() as session:
                if not settle_next(session):
                    return

    def train(self, held: Sequence[Claim]) -> None:
        """Train runs as far as they are wanted, from where this worker left them."""
        going_on = [claim for claim in held if not self._fail(claim)]
        while behind := [claim for claim in going_on if self._next(claim) <= claim.target_epochs]:
            rows = {claim.id: [self._measured(claim)] for claim in behind}
            with self.database.write() as session:
                runs.beat(session, going_on, 60, rows)
        with self.database.write() as session:
            for claim in runs.hold(session, going_on):
                self._end(session, claim)

    def _next(self, claim: Claim) -> int:
        return max(self.trained.get(claim.id, ()), default=0) + 1

    def _measured(self, claim: Claim) -> dict[str, Any]:
        epoch = self._next(claim)
        self.trained.setdefault(claim.id, []).append(epoch)
        return epoch_row(epoch, self.accuracy(claim, epoch))

    def _fail(self, claim: Claim) -> bool:
        failure = self.fails(claim)
        if failure:
            with self.database.write() as session:
                runs.fail(session, claim, failure, "in words")
        return failure is not None

    def _end(self, session: Any, claim: Claim) -> None:
        if claim.target_epochs < claim.recipe["epochs"]:
            runs.pause(session, claim)
            return
        accuracy = self.accuracy(claim, claim.target_epochs)
        measures = {"validation_accuracy": accuracy, "test_accuracy": accuracy}
        runs.finish(session, claim, {**RESULT, **measures})


def trained(database: Database, variants: Sequence[int], accuracies: Sequence[float]) -> None:
    """Train variants of the example's search, and its original, with three seeds each.

    Each run, in their order, gets the next accuracy.
    """
    queued_job(database, seeds=3, variants=variants)
    FakeWorker(database).work()
    with database.write() as session:
        ids = session.scalars(select(RunRow.id).order_by(RunRow.position))
        for id_, accuracy in zip(ids.all(), accuracies, strict=True):
            changed = update(ResultRow).where(ResultRow.run_id == id_)
            session.execute(changed.values(test_accuracy=accuracy))


def measures(database: Database) -> list[Any]:
    """What was measured of each run, without the time that it took."""
    with database.read() as session:
        epochs = session.scalars(select(EpochRow).order_by(EpochRow.run_id, EpochRow.epoch))
        results = session.scalars(select(ResultRow).order_by(ResultRow.run_id))
        return [
            (e.run_id, e.epoch, e.train_loss, e.validation_loss, e.validation_accuracy)
            for e in epochs
        ] + [(r.run_id, r.test_accuracy, r.validation_accuracy, r.test_correct) for r in results]
