"""One attempt at a stack of runs: it has them trained elsewhere, and keeps the leases."""

import logging
import math
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from app.db import runs, starts
from app.db.errors import DatabaseError, LostLeaseError
from app.db.runs import Claim
from app.experiments.failures import Failure
from app.experiments.recipes import Recipe
from solver.network.architecture import Architecture
from solver.network.counting import Counts
from trainer.checkpoints import Checkpoints
from trainer.claims import network_of, origin_of, stack_of
from trainer.outcome import Outcome
from trainer.patience import PatientDatabase
from trainer.process import (
    DiedError,
    End,
    Ended,
    Failed,
    Origin,
    Paused,
    Progress,
    Task,
    Trainer,
    epoch_row,
    result_row,
)

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 0.5
"""Time between two checks whether to stop."""
TOGETHER_SECONDS: Final = 0.2
"""Least time between two transactions that store epochs; short epochs share one."""
NOTHING: Final = Progress({}, {})


@dataclass(frozen=True)
class WorkerSettings:
    """A worker's settings; ``lease`` and ``poll`` are in seconds.

    A lease is prolonged when a third of it has passed. ``checkpoints`` is a folder, or a URL that
    ``fsspec`` reads.
    """

    name: str
    data_dir: Path
    cache_dir: Path
    checkpoints: str
    lease: float
    poll: float
    threads: int


class Attempt:
    """Claimed runs of one network in training.

    ``trainer`` trains them; ``stopping`` is set when the worker is to end. ``trains_on`` is told
    what device they are trained on.
    """

    def __init__(
        self,
        claims: Sequence[Claim],
        database: PatientDatabase,
        settings: WorkerSettings,
        trainer: Trainer,
        stopping: threading.Event,
        trains_on: Callable[[str], None],
    ) -> None:
        self._held = list(claims)
        self._stack = stack_of(claims[0])
        self._origin: Origin | None = None
        self._database = database
        self._settings = settings
        self._trainer = trainer
        self._stopping = stopping
        self._trains_on = trains_on
        self._ends = time.monotonic() + settings.lease
        self._look = min(settings.lease / 4, LOOK_SECONDS)
        self._unwritten = NOTHING
        self._written = -math.inf

    def run(self) -> None:
        """Train the runs, and record how each ended, or that it is to be tried again.

        Raises
        ------
        LostLeaseError
            Other workers hold all the runs now.
        """
        try:
            self._trainer.start(self._task())
            ends = self._watched()
        except DiedError as died:
            self._lost(died)
        except (LookupError, ValueError) as unreadable:  # of another version, or damaged
            reason = f"what is stored of the run cannot be read: {unreadable}"
            self._record({claim.id: Failed("unreadable", reason) for claim in self._held})
        else:
            if ends is None:
                ends = self._halted()
            if ends is None:
                self._database.write(lambda session: runs.release(session, self._held))
                logger.info("%s: given back", self._names())
            else:
                self._record(ends)

    def _task(self) -> Task:
        first = self._held[0]

        def stored(session: Session) -> tuple[Architecture, Counts, Origin | None]:
            return *network_of(session, first), origin_of(session, self._held)

        with self._while_held() as until:
            architecture, counts, self._origin = self._database.read(stored, until)
        return Task(
            architecture=architecture,
            expected=counts,
            dataset=first.dataset,
            dataset_version=first.dataset_version,
            detail=first.detail,
            training_images=first.training_images,
            recipe=Recipe.model_validate(first.recipe),
            seeds={claim.id: claim.seed for claim in self._held},
            until=first.target_epochs,
            stack=self._stack,
            attempt=str(first.attempt),
            data_dir=self._settings.data_dir,
            cache_dir=self._settings.cache_dir,
            checkpoints=self._settings.checkpoints,
            threads=self._settings.threads,
            origin=self._origin,
        )

    def _watched(self) -> dict[str, End] | None:
        """Keep the leases during training; return how runs ended, or ``None`` if stopped."""
        while not self._stopping.is_set():
            seconds = TOGETHER_SECONDS if self._unwritten.epochs else self._look
            message = self._trainer.message(min(seconds, self._look))
            if isinstance(message, Ended):
                return self._ended(message)
            if message is not None:
                self._hear(message)
            if self._is_due():
                self._beat()
        return None

    def _hear(self, progress: Progress) -> None:
        """Keep what was measured until it is written."""
        self._unwritten = self._unwritten.then(progress)
        if progress.device is not None:
            self._trains_on(progress.device)

    def _is_due(self) -> bool:
        """Return whether it is time to write; short epochs are written together."""
        now = time.monotonic()
        return bool(
            self._unwritten.failures
            or (self._unwritten.epochs and now >= self._written + TOGETHER_SECONDS)
            or now + self._look > self._ends - self._settings.lease * 2 / 3
        )

    def _catch_up(self) -> None:
        """Write progress that is not written yet."""
        if self._unwritten != NOTHING:
            self._beat()

    def _ended(self, last: Ended) -> dict[str, End]:
        """Write what was measured until the end; return how the runs ended."""
        self._catch_up()
        return dict(last.ends)

    def _halted(self) -> dict[str, End] | None:
        """Stop training; keep what was measured, and return how the runs ended if they just did."""
        for message in self._trainer.halt():
            if isinstance(message, Ended):
                return self._ended(message)
            self._hear(message)
        self._catch_up()
        return None

    def _beat(self) -> None:
        """Prolong the leases, and store what epochs measured."""
        progress, self._unwritten = self._unwritten, NOTHING
        epochs = {
            id_: [epoch_row(epoch) for epoch in measured]
            for id_, measured in progress.epochs.items()
        }
        sent = self._written = time.monotonic()
        with self._while_held() as until:
            held = self._database.write(
                lambda session: runs.beat(session, self._held, self._settings.lease, epochs), until
            )
        if not held:
            raise LostLeaseError(f"{self._names()}: no longer held")
        self._held = held
        self._ends = sent + self._settings.lease
        if failed := {claim.id for claim in self._held} & progress.failures.keys():
            self._record({id_: progress.failures[id_] for id_ in failed})

    @contextmanager
    def _while_held(self) -> Iterator[float]:
        """Yield when the leases end; if the database is still away then, they are lost."""
        try:
            yield self._ends
        except DatabaseError as broken:
            if self._stopping.is_set():
                raise
            raise LostLeaseError(f"{self._names()}: database away") from broken

    def _record(self, ends: dict[str, End]) -> None:
        """Record how runs ended, in one transaction; they are no longer held afterwards."""
        ending = [claim for claim in self._held if claim.id in ends]
        self._held = [claim for claim in self._held if claim.id not in ends]

        def write(session: Session) -> list[str]:
            runs.hold(session, ending)
            return [_recorded(session, claim, ends[claim.id]) for claim in ending]

        for line in self._database.write(write):
            logger.info("%s", line)
        if not all(isinstance(ends[claim.id], Paused) for claim in ending):
            self._discard()

    def _discard(self) -> None:
        """Remove checkpoints that no run goes on from any more, nor starts from."""
        checkpoints = Checkpoints(self._settings.checkpoints)
        stacks = [self._stack, *([self._origin.stack] if self._origin else [])]
        try:
            for stack in stacks:
                checkpoints.discard(stack, self._over)
        except OSError as error:
            logger.warning("checkpoints of runs that have ended could not be removed: %s", error)

    def _over(self, ids: Collection[str]) -> set[str]:
        return self._database.read(lambda session: starts.over(session, ids))

    def _lost(self, died: DiedError) -> None:
        self._catch_up()
        kind: Failure = "out_of_memory" if died.out_of_memory else "lost"
        self._database.write(lambda session: runs.lose(session, self._held, str(died), kind))
        logger.warning("%s: lost: %s", self._names(), died)

    def _names(self) -> str:
        return ", ".join(map(name_of, self._held))


def _recorded(session: Session, claim: Claim, end: End) -> str:
    """Record how a run ended, unless another attempt holds it now; return a line for the log."""
    try:
        match end:
            case Outcome():
                runs.finish(session, claim, result_row(end))
                return f"{name_of(claim)}: accuracy {end.test_accuracy:.4f}"
            case Failed(kind, reason):
                runs.fail(session, claim, kind, reason)
                return f"{name_of(claim)}: failed: {kind}: {reason}"
            case Paused():
                runs.pause(session, claim)
                return f"{name_of(claim)}: paused at epoch {claim.target_epochs}"
    except LostLeaseError as lost:
        return f"{lost}; nothing was recorded"


def name_of(claim: Claim) -> str:
    """Return the log's name for an attempt."""
    return f"run {claim.id}, attempt {claim.attempt}"
