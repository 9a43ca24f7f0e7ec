"""A server's hold on a study that it plans: claimed, kept and given back.

Each write names the server's attempt, and is refused once another server has claimed the study, or
a user has cancelled it.
"""

from typing import Any, Final

from sqlalchemy import Update, and_, case, exists, or_, select, update
from sqlalchemy.orm import Session

from app.db.errors import LostLeaseError
from app.db.models import StudyRow
from app.db.models.studies import PLANNING
from app.db.statements import affected
from app.db.studies.rows import ENDED
from app.db.types import database_time
from app.states import OPEN

MAX_LOST: Final = 3
"""A study that has lost this many servers is given up: it probably kills them."""
_IS_PLANNED: Final = and_(StudyRow.state.in_(OPEN), StudyRow.phase.in_(PLANNING))
_IS_LOST: Final = and_(_IS_PLANNED, StudyRow.lease_expires_at < database_time())


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
        .values(state="failed", error=error, **ENDED)
    )


def hold(session: Session, id_: str, attempt: int, lease_seconds: float) -> None:
    """Prolong the lease.

    Raises
    ------
    LostLeaseError
        Another server holds the study, or it was cancelled.
    """
    write(session, id_, attempt, lease_expires_at=database_time(lease_seconds))


def release(session: Session, id_: str, attempt: int) -> None:
    """Give a study back, so that another server can plan it at once, unless it is held no more."""
    session.execute(_held(id_, attempt).values(state="queued", lease_expires_at=None))


def write(session: Session, id_: str, attempt: int, **values: Any) -> None:
    """Change a study that an attempt holds.

    Raises
    ------
    LostLeaseError
        Another server holds the study, or it was cancelled; nothing was written.
    """
    if not affected(session, _held(id_, attempt).values(**values)):
        raise LostLeaseError(f"study {id_} is no longer planned by attempt {attempt}")


def _held(id_: str, attempt: int) -> Update:
    return update(StudyRow).where(
        StudyRow.id == id_,
        StudyRow.attempt == attempt,
        StudyRow.state == "running",
        StudyRow.phase.in_(PLANNING),
    )
