"""Asking for runs: they are shared by all who need them, and end when nobody wants them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.db.askers import AskerKind, want
from app.db.models import JobRow, RunRow, StudyRow
from app.db.needs import Need
from app.db.runs import locked
from app.db.statements import affected, batches, insert_new
from app.db.types import database_time
from app.states import FINAL, OPEN

AnyNeed = TypeVar("AnyNeed", bound=Need)


def ask(
    session: Session,
    kind: AskerKind,
    asker: JobRow | StudyRow,
    needs: Sequence[AnyNeed],
    more: Callable[[AnyNeed], Mapping[str, Any]] = lambda _need: {},
) -> None:
    """Link an asker to the runs that it needs, and queue those that nobody has recorded.

    Runs that are recorded or under way are shared, not repeated.

    Parameters
    ----------
    needs
        Each run once.
    more
        The columns of a link that only this kind of asker has.
    """
    new = _insert_runs(session, asker, needs)
    shared = sorted({need.run["id"] for need in needs} - new)
    for ids in batches(shared):
        session.execute(select(locked(RunRow.id.in_(ids), RunRow.state != "succeeded")))
    links = [
        {
            kind.key.key: asker.id,
            "run_id": need.run["id"],
            "position": position,
            "target_epochs": need.epochs,
            "reused": need.run["id"] not in new,
            **more(need),
        }
        for position, need in enumerate(needs)
    ]
    session.execute(insert(kind.link), links)
    for ids in batches(shared):
        queue_again(session, asker, ids)
        want(session, ids, asker.created_at)


def _insert_runs(session: Session, asker: JobRow | StudyRow, needs: Sequence[Need]) -> set[str]:
    """Queue the runs that nobody has asked for before. Returns their ids."""
    rows = [
        {
            **need.run,
            "position": position,
            "target_epochs": need.epochs,
            "created_at": asker.created_at,
            "nice": -asker.priority,
        }
        for position, need in enumerate(needs)
    ]
    # Sorted by id, since two who insert the same runs must not wait for each other.
    return set(insert_new(session, RunRow, sorted(rows, key=lambda row: str(row["id"]))))


def queue_again(session: Session, asker: JobRow | StudyRow, ids: Sequence[str]) -> None:
    """Give another chance to runs that failed, or were cancelled with whoever needed them."""
    session.execute(
        update(RunRow)
        .where(RunRow.id.in_(ids), RunRow.state.in_(("failed", "cancelled")))
        .values(
            state="queued",
            lost=0,
            failure=None,
            error=None,
            finished_at=None,
            created_at=asker.created_at,
        )
    )


def cancel(session: Session, kind: AskerKind, asker: JobRow | StudyRow, **values: Any) -> bool:
    """Cancel an asker, with the runs that no other open one needs; ``values`` are stored with it.

    Its paused runs stay paused: nobody works on them, and a later asker can go on from there.
    Returns whether it was still open.
    """
    if asker.state in FINAL:
        return False
    mine = select(kind.link.run_id).where(kind.key == asker.id).scalar_subquery()
    not_ended = locked(RunRow.id.in_(mine), RunRow.state.in_((*OPEN, "paused")))
    ids = list(session.scalars(select(not_ended)))
    ended = (
        update(kind.row)
        .where(kind.row.id == asker.id, kind.row.state.not_in(FINAL))
        .values(state="cancelled", finished_at=database_time(), stale=True, **values)
    )
    if not affected(session, ended):
        return False
    for some in batches(ids):
        want(session, some, asker.created_at)
    return True
