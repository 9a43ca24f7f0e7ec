"""What workers do: the runs that they hold, those that they ended, and those they lost.

All times are the database's.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.orm import Session

from app.db.askers import ASKERS, JOBS
from app.db.models import AttemptRow, RunRow
from app.db.runs import GIVEN_BACK, has_state
from app.db.types import database_time
from app.schemas.workers import AskerKind
from app.states import OPEN


class HeldRun(NamedTuple):
    """A run in training."""

    worker: str
    run_id: str
    stack: str
    architecture_id: str
    dataset: str
    resolution: int
    seed: int
    epochs_done: int
    target_epochs: int
    started_at: datetime


class LostAttempt(NamedTuple):
    """An attempt that came to nothing: it was lost, or given back."""

    run_id: str
    attempt: int
    worker: str
    ended_at: datetime
    reason: str


class Asked(NamedTuple):
    """Who wants a run."""

    kind: AskerKind
    id: str


_HELD: Final = (
    select(*(RunRow.id if it == "run_id" else getattr(RunRow, it) for it in HeldRun._fields))
    .where(has_state(RunRow, "running"))
    .order_by(RunRow.worker, RunRow.stack, RunRow.seed)
)


def now(session: Session) -> datetime:
    """The time on the database's clock."""
    return session.execute(select(database_time())).scalar_one()


def held(session: Session, workers: Collection[str]) -> Sequence[HeldRun]:
    """All runs that workers have in training, by worker, network and seed."""
    query = _HELD.where(RunRow.worker.in_(workers))
    return [HeldRun._make(row) for row in session.execute(query)]


def _ago(seconds: float) -> ScalarSelect[datetime]:
    """A time on the database's clock, which is read once, so that an index serves."""
    return select(database_time(-seconds)).scalar_subquery()


def lost(session: Session, seconds: float, most: int) -> Sequence[LostAttempt]:
    """Up to ``most`` attempts of the last ``seconds`` that came to nothing, the last one first."""
    query = (
        select(*(getattr(AttemptRow, name) for name in LostAttempt._fields))
        .where(AttemptRow.ended_at >= _ago(seconds), AttemptRow.worker.is_not(None))
        .order_by(AttemptRow.ended_at.desc(), AttemptRow.run_id)
        .limit(most)
    )
    return [LostAttempt._make(row) for row in session.execute(query)]


def lost_by(session: Session, workers: Collection[str], seconds: float) -> Mapping[str, int]:
    """How many attempts workers lost in the last ``seconds``; what they gave back is not lost."""
    query = (
        select(AttemptRow.worker, func.count())
        .where(
            AttemptRow.ended_at >= _ago(seconds),
            AttemptRow.worker.in_(workers),
            AttemptRow.reason != GIVEN_BACK,
        )
        .group_by(AttemptRow.worker)
    )
    return {worker: number for worker, number in session.execute(query) if worker}


def ended_by(session: Session, workers: Collection[str], seconds: float) -> Mapping[str, int]:
    """How many runs workers brought to an end in the last ``seconds``."""
    query = (
        select(RunRow.worker, func.count())
        .where(
            RunRow.finished_at >= _ago(seconds),
            RunRow.state.in_(("succeeded", "failed")),
            RunRow.worker.in_(workers),
        )
        .group_by(RunRow.worker)
    )
    return {worker: number for worker, number in session.execute(query) if worker}


def asked(session: Session, run_ids: Collection[str]) -> Mapping[str, Sequence[Asked]]:
    """Who wants runs now: the open jobs and studies of each, by the run's id."""
    found: dict[str, list[Asked]] = {}
    for kind in ASKERS:
        name: AskerKind = "job" if kind is JOBS else "study"
        query = (
            select(kind.link.run_id, kind.row.id)
            .join(kind.row, kind.row.id == kind.key)
            .where(kind.link.run_id.in_(run_ids), kind.row.state.in_(OPEN))
            .order_by(kind.row.created_at, kind.row.id)
        )
        for run_id, id_ in session.execute(query):
            found.setdefault(run_id, []).append(Asked(name, id_))
    return found
