"""A job in outline, as a page shows it: few columns of its runs, and curves added up in SQL.

A job may have thousands of runs with many epochs each; loading all of them takes too long.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db.askers import JOBS, AskerKind
from app.db.identity import network_name
from app.db.models import AttemptRow, EpochRow, JobRunRow, ResultRow, RunRow
from app.experiments.curves import CurvePoint
from app.experiments.failures import Failure
from app.states import RunState


class LostAttempt(NamedTuple):
    """An attempt at a run that came to nothing."""

    attempt: int
    worker: str | None
    ended_at: datetime
    reason: str


class RunOutline(NamedTuple):
    """A run of a job without its epochs.

    ``variant`` is a position in the search, ``None`` for the original. ``lost`` are the attempts
    that came to nothing, the first one first.
    """

    id: str
    search_id: str | None
    variant: int | None
    resolution: int
    seed: int
    state: RunState
    reused: bool
    epochs_done: int
    epochs_wanted: int
    attempt: int
    worker: str | None
    test_accuracy: float | None
    validation_accuracy: float | None
    seconds: float | None
    failure: Failure | None
    error: str | None
    lost: Sequence[LostAttempt] = ()

    @property
    def network(self) -> str:
        """``original``, or the variant's id."""
        return network_name(self.search_id, self.variant)


def runs(session: Session, job_id: str) -> list[RunOutline]:
    """All runs of a job, in its order: the original's first, then each variant's."""
    query = (
        select(
            RunRow.id,
            JobRunRow.search_id,
            JobRunRow.variant_position,
            RunRow.resolution,
            RunRow.seed,
            RunRow.state,
            JobRunRow.reused,
            RunRow.epochs_done,
            JobRunRow.target_epochs,
            RunRow.attempt,
            RunRow.worker,
            ResultRow.test_accuracy,
            ResultRow.validation_accuracy,
            ResultRow.seconds,
            RunRow.failure,
            RunRow.error,
        )
        .join(JobRunRow, JobRunRow.run_id == RunRow.id)
        .outerjoin(ResultRow, ResultRow.run_id == RunRow.id)
        .where(JobRunRow.job_id == job_id)
        .order_by(JobRunRow.position)
    )
    lost = lost_attempts(session, JOBS, job_id)
    return [RunOutline._make([*row, lost.get(row.id, ())]) for row in session.execute(query)]


def lost_attempts(
    session: Session, kind: AskerKind, id_: str
) -> Mapping[str, Sequence[LostAttempt]]:
    """The attempts at runs of a job or a study that came to nothing, by run, in their order."""
    query = (
        select(
            AttemptRow.run_id,
            AttemptRow.attempt,
            AttemptRow.worker,
            AttemptRow.ended_at,
            AttemptRow.reason,
        )
        .join(kind.link, kind.link.run_id == AttemptRow.run_id)
        .where(kind.key == id_)
        .order_by(AttemptRow.run_id, AttemptRow.attempt)
    )
    found = defaultdict(list)
    for run_id, *fields in session.execute(query):
        found[run_id].append(LostAttempt._make(fields))
    return found


def curves(session: Session, job_id: str) -> Mapping[int | None, Sequence[CurvePoint]]:
    """The learning curve of each network of a job over its seeds, by the variant's position."""
    accuracy = EpochRow.validation_accuracy
    query = (
        select(
            JobRunRow.variant_position,
            EpochRow.epoch,
            func.count(),
            func.sum(accuracy),
            func.sum(accuracy * accuracy),
        )
        .join(EpochRow, EpochRow.run_id == JobRunRow.run_id)
        .where(JobRunRow.job_id == job_id)
        .group_by(JobRunRow.variant_position, EpochRow.epoch)
        .order_by(EpochRow.epoch)
    )
    found = defaultdict(list)
    for variant, *fields in session.execute(query):
        found[variant].append(CurvePoint._make(fields))
    return found
