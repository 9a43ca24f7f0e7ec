"""Planning a study: a server counts its grid, makes searches, and draws what is trained."""

from collections.abc import Sequence

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.db.askers import STUDIES
from app.db.asking import ask
from app.db.models import StudyRow, StudySearchRow
from app.db.needs import Need
from app.db.studies.leases import write
from app.db.studies.rows import ENDED
from app.schemas.studies import Feasibility, GridCount
from app.schemas.study_plans import StudyPlan


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
    write(
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
    write(session, id_, attempt, phase=StudyRow.phase)  # locks it
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
    write(
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
    write(session, id_, attempt, state="failed", error=error, **ENDED)
