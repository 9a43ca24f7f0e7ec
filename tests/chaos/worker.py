"""A worker to be killed: ours, but for the training, which only takes its time."""

import logging
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from sqlalchemy import CTE

from app.db import runs
from app.db.models import RunRow
from app.db.runs import Claim, locked
from tests.chaos.journal import Journal, JournalledDatabase, note_writes
from tests.chaos.sleeping import Sleeping
from trainer.attempt import WorkerSettings
from trainer.process import TrainingProcess, _die_with_the_worker
from trainer.worker import Worker


@dataclass(frozen=True)
class Life:
    """How a worker lives.

    Attributes
    ----------
    seconds
        The least and the most that a stack of runs takes.
    fenced
        Whether late writes are refused.
    most_lost
        Leases that a run may lose; ``None``: as many as usual.
    """

    url: str
    journals: Path
    lease: float = 1.0
    poll: float = 0.05
    seconds: tuple[float, float] = (0.05, 0.05)
    fenced: bool = True
    most_lost: int | None = None


def live(name: str, life: Life) -> None:
    """Work until killed."""
    os.setpgid(0, 0)
    threading.Thread(target=_die_with_the_worker, daemon=True).start()  # here: with the test
    logging.disable(logging.INFO)
    journal = Journal(life.journals, name)
    note_writes(journal)
    if not life.fenced:
        patch.object(runs, "_still_held", _unfenced).start()
    if life.most_lost is not None:
        patch.object(runs, "MAX_LOST", life.most_lost).start()
    database = JournalledDatabase(life.url, journal)
    settings = WorkerSettings(
        name=name,
        data_dir=life.journals,
        cache_dir=life.journals,
        checkpoints=str(life.journals.with_name("checkpoints")),
        lease=life.lease,
        poll=life.poll,
        threads=1,
    )
    Worker(database, settings, TrainingProcess(Sleeping(life.seconds))).work()


def _unfenced(held: list[Claim]) -> CTE:
    """The mutant: whoever once held a run may write to it."""
    return locked(RunRow.id.in_([claim.id for claim in held]))
