"""Counts of the database's contents: the figures that operators watch."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db.models import (
    JobRow,
    LateWriteRow,
    ResultRow,
    RunRow,
    SearchRow,
    StudyRow,
    VariantRow,
)
from app.db.runs import IS_OVERDUE
from app.db.types import database_time
from app.states import STATES


@dataclass(frozen=True)
class Figures:
    """Numbers of rows, by state if they have one; times are in seconds.

    ``attempts`` and ``lost_leases`` are sums over all runs; a run's losses are forgotten when a
    later job queues it again. ``overdue`` counts running runs whose lease is over, ``workers`` the
    workers that hold a run, and ``late_writes`` the writes that were refused, since the run was no
    longer held.
    """

    searches: Mapping[str, int]
    jobs: Mapping[str, int]
    studies: Mapping[str, int]
    runs: Mapping[str, int]
    variants: int
    results: int
    attempts: int
    lost_leases: int
    overdue: int
    workers: int
    oldest_queued_run: float
    oldest_queued_search: float
    late_writes: int


def figures(session: Session) -> Figures:
    """Count everything; one pass over each table."""
    of_runs = select(
        RunRow.state, func.count(), func.sum(RunRow.attempt), func.sum(RunRow.lost)
    ).group_by(RunRow.state)
    runs = session.execute(of_runs).all()
    return Figures(
        searches=_by_state(session, SearchRow),
        jobs=_by_state(session, JobRow),
        studies=_by_state(session, StudyRow),
        runs=_all_states({state: number for state, number, _, _ in runs}),
        variants=_number(session, VariantRow),
        results=_number(session, ResultRow),
        attempts=sum(int(attempts) for _, _, attempts, _ in runs),
        lost_leases=sum(int(lost) for _, _, _, lost in runs),
        overdue=_overdue(session),
        workers=_workers(session),
        oldest_queued_run=_oldest_queued(session, RunRow),
        oldest_queued_search=_oldest_queued(session, SearchRow),
        late_writes=session.scalar(select(func.sum(LateWriteRow.writes))) or 0,
    )


def _by_state(session: Session, table: type[SearchRow | JobRow | StudyRow]) -> Mapping[str, int]:
    counted = session.execute(select(table.state, func.count()).group_by(table.state))
    return _all_states({state: number for state, number in counted})  # noqa: C416 - rows, to mypy


def _all_states(counted: Mapping[str, int]) -> Mapping[str, int]:
    """Fill in 0 for states without rows."""
    return {**dict.fromkeys(STATES, 0), **counted}


def _number(session: Session, table: type[VariantRow] | type[ResultRow]) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def _overdue(session: Session) -> int:
    return session.scalar(select(func.count()).where(IS_OVERDUE)) or 0


def _workers(session: Session) -> int:
    held = (RunRow.state == "running") & (RunRow.lease_expires_at >= database_time())
    return session.scalar(select(func.count(RunRow.worker.distinct())).where(held)) or 0


def _oldest_queued(session: Session, table: type[RunRow] | type[SearchRow]) -> float:
    """The age of the oldest queued row, by the database's clock; 0 if none is queued."""
    since, now = session.execute(
        select(func.min(table.created_at), database_time()).where(table.state == "queued")
    ).one()
    return max(0.0, (now - since).total_seconds()) if since else 0.0
