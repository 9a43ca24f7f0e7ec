"""Planning a study: a server counts its grid, makes searches, and draws what is trained.

The server holds a lease meanwhile. Each of its writes names its attempt, and is refused once
another server has claimed the study, or a user has cancelled it.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Update, and_, case, exists, insert, or_, select, update
from sqlalchemy.orm import Session

from app.db.askers import STUDIES
from app.db.asking import ask
from app.db.errors import LostLeaseError
from app.db.models import StudyRow, StudySearchRow
from app.db.models.studies import PLANNING
from app.db.needs import Need
from app.db.statements import affected
from app.db.types import database_time
from app.schemas.studies import Feasibility, GridCount
from app.schemas.study_plans import StudyPlan
from app.states import OPEN

MAX_LOST: Final = 3
"""A study that has lost this many servers is given up: it probably kills them."""
_IS_PLANNED: Final = and_(StudyRow.state.in_(OPEN), StudyRow.phase.in_(PLANNING))
_IS_LOST: Final = and_(_IS_PLANNED, StudyRow.lease_expires_at < database_time())
_ENDED: Final = {
    "phase": "ended",
    "lease_expires_at": None,
    "finished_at": database_time(),
}


def has_claimable(session: Session) -> bool:
    """Whether a study waits for a server to plan it, or its server vanished."""
    waits = or_(StudyRow.lease_expires_at.is_(None), _IS_LOST)
    return bool(session.scalar(select(exists().where(_IS_PLANNED, waits))))


def claim(session: Session, lease_seconds: float) -> StudyRow | None:
    """Take the most urgent study that no server plans; ties go to the oldest.

    Studies whose server vanished can be claimed again, and go on in the phase that they were in.
    """
    _give_up(session)
    first = (
        select(StudyRow.id)
        .where(_IS_PLANNED, or_(StudyRow.lease_expires_at.is_(None), _IS_LOST))
        .order_by(StudyRow.priority.desc(), StudyRow.created_at, StudyRow.id)
        .limit(1)
        .with_for_update(skip_locked=True)  # SQLite: the transaction holds the write lock already
        .cte("first")
    )
    statement = (
        update(StudyRow)
        .where(StudyRow.id == select(first.c.id).scalar_subquery())
        .values(
            state="running",
            attempt=StudyRow.attempt + 1,
            lost=StudyRow.lost + case((_IS_LOST, 1), else_=0),
            lease_expires_at=database_time(lease_seconds),
        )
        .returning(StudyRow)
    )
    options = {"synchronize_session": False, "populate_existing": True}
    return session.scalars(statement, execution_options=options).first()


def _give_up(session: Session) -> None:
    """Fail the studies whose servers vanished too often."""
    error = f"given up: {MAX_LOST} servers stopped while they planned it"
    session.execute(
        update(StudyRow)
        .where(_IS_LOST, StudyRow.lost + 1 >= MAX_LOST)
        .values(state="failed", error=error, **_ENDED)
    )


def hold(session: Session, id_: str, attempt: int, lease_seconds: float) -> None:
    """Prolong the lease.

    Raises
    ------
    LostLeaseError
        Another server holds the study, or it was cancelled.
    """
    _write(session, id_, attempt, lease_expires_at=database_time(lease_seconds))


def counted(
    session: Session,
    id_: str,
    attempt: int,
    grid: Sequence[GridCount],
    feasibility: Sequence[Feasibility],
    notes: Sequence[str],
) -> None:
    """Store what was counted; searches come next.

    Raises
    ------
    LostLeaseError
        Another server holds the study, or it was cancelled; nothing was written.
    """
    _write(
        session,
        id_,
        attempt,
        phase="searching",
        grid=tuple(grid),
        feasibility=tuple(feasibility),
        notes=list(notes),
    )


def refer(session: Session, id_: str, attempt: int, search_ids: Sequence[str]) -> None:
    """Have a study refer to searches, so that they are kept; some may be referred to already.

    Raises
    ------
    LostLeaseError
        Another server holds the study, or it was cancelled; nothing was written.
    """
    _write(session, id_, attempt, phase=StudyRow.phase)  # locks it
    known = session.scalars(
        select(StudySearchRow.search_id).where(StudySearchRow.study_id == id_)
    ).all()
    new = sorted(set(search_ids) - set(known))
    if new:
        links = [{"study_id": id_, "search_id": search_id} for search_id in new]
        session.execute(insert(StudySearchRow), links)


def plan(
    session: Session,
    id_: str,
    attempt: int,
    plan: StudyPlan,
    needs: Sequence[Need],
    notes: Sequence[str],
) -> None:
    """Store all that was drawn, and queue the runs; those that are recorded are shared.

    Parameters
    ----------
    needs
        At least one, and each run once.
    notes
        All notes; they replace those that were stored before.

    Raises
    ------
    LostLeaseError
        Another server holds the study, or it was cancelled; nothing was written.
    """
    # Nobody who holds a run waits for this study, since it has no runs yet: it may be locked first.
    _write(
        session,
        id_,
        attempt,
        phase="training",
        plan=plan,
        notes=list(notes),
        lease_expires_at=None,
        stale=True,
    )
    study = session.get_one(StudyRow, id_, populate_existing=True)
    ask(session, STUDIES, study, needs)


def fail(session: Session, id_: str, attempt: int, error: str) -> None:
    """End a study that cannot be planned.

    Raises
    ------
    LostLeaseError
        Another server holds the study, or it was cancelled; nothing was written.
    """
    _write(session, id_, attempt, state="failed", error=error, **_ENDED)


def release(session: Session, id_: str, attempt: int) -> None:
    """Give a study back, so that another server can plan it at once, unless it is held no more."""
    session.execute(_held(id_, attempt).values(state="queued", lease_expires_at=None))


def _write(session: Session, id_: str, attempt: int, **values: Any) -> None:
    if not affected(session, _held(id_, attempt).values(**values)):
        raise LostLeaseError(f"study {id_} is no longer planned by attempt {attempt}")


def _held(id_: str, attempt: int) -> Update:
    return update(StudyRow).where(
        StudyRow.id == id_,
        StudyRow.attempt == attempt,
        StudyRow.state == "running",
        StudyRow.phase.in_(PLANNING),
    )
