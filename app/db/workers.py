"""What is known of workers: the runs that they hold, those that they ended, and those they lost.

There is no register of workers. One that waits for work holds nothing and says nothing.
All times are the database's.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db.askers import ASKERS, JOBS
from app.db.models import AttemptRow, RunRow
from app.db.runs import has_state
from app.db.types import database_time
from app.states import OPEN


class HeldRun(NamedTuple):
    """A run in training; its worker is silent if the lease is over."""

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
    lease_expires_at: datetime


class LostAttempt(NamedTuple):
    """An attempt that came to nothing: it was lost, or given back."""

    run_id: str
    attempt: int
    worker: str
    ended_at: datetime
    reason: str


class Ended(NamedTuple):
    """How many runs a worker brought to an end, and when the last one ended."""

    worker: str
    runs: int
    last_at: datetime


class Asked(NamedTuple):
    """Who wants a run: the id of a job, or of a study."""

    kind: str
    id: str


_HELD: Final = (
    select(*(RunRow.id if it == "run_id" else getattr(RunRow, it) for it in HeldRun._fields))
    .where(has_state(RunRow, "running"))
    .order_by(RunRow.worker, RunRow.stack, RunRow.seed)
)


def now(session: Session) -> datetime:
    """The time on the database's clock."""
    return session.execute(select(database_time())).scalar_one()


def held(session: Session) -> Sequence[HeldRun]:
    """All runs in training, by worker, network and seed."""
    return [HeldRun._make(row) for row in session.execute(_HELD)]


def lost(session: Session, seconds: float, most: int) -> Sequence[LostAttempt]:
    """Up to ``most`` attempts of the last ``seconds`` that came to nothing, the last one first."""
    query = (
        select(*(getattr(AttemptRow, name) for name in LostAttempt._fields))
        .where(AttemptRow.ended_at >= database_time(-seconds), AttemptRow.worker.is_not(None))
        .order_by(AttemptRow.ended_at.desc(), AttemptRow.run_id)
        .limit(most)
    )
    return [LostAttempt._make(row) for row in session.execute(query)]


def ended(session: Session, seconds: float) -> Sequence[Ended]:
    """The workers that brought runs to an end in the last ``seconds``."""
    query = (
        select(RunRow.worker, func.count(), func.max(RunRow.finished_at))
        .where(
            RunRow.finished_at >= database_time(-seconds),
            RunRow.state.in_(("succeeded", "failed")),
            RunRow.worker.is_not(None),
        )
        .group_by(RunRow.worker)
    )
    return [Ended._make(row) for row in session.execute(query)]


def asked(session: Session, run_ids: Collection[str]) -> Mapping[str, Sequence[Asked]]:
    """Who wants runs now: the open jobs and studies of each, by the run's id."""
    found: dict[str, list[Asked]] = {}
    for kind in ASKERS:
        name = "job" if kind is JOBS else "study"
        query = (
            select(kind.link.run_id, kind.row.id)
            .join(kind.row, kind.row.id == kind.key)
            .where(kind.link.run_id.in_(run_ids), kind.row.state.in_(OPEN))
            .order_by(kind.row.created_at, kind.row.id)
        )
        for run_id, id_ in session.execute(query):
            found.setdefault(run_id, []).append(Asked(name, id_))
    return found
