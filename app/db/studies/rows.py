"""Studies from their request on: made, listed, counted, cancelled."""

from typing import Final

from sqlalchemy import update
from sqlalchemy.orm import Session, defer

from app.db import askers, asking, identity
from app.db import progress as counting
from app.db.askers import STUDIES
from app.db.errors import existing
from app.db.models import StudyRow
from app.db.models.studies import PLANNING
from app.db.progress import Progress
from app.db.statements import affected
from app.db.types import database_time
from app.schemas.study_terms import StudyTerms
from app.states import OPEN

ENDED: Final = {"phase": "ended", "lease_expires_at": None, "finished_at": database_time()}
"""What a study that ends before it has runs holds beside its state."""


def create(session: Session, terms: StudyTerms, plan_hash: str, priority: int = 0) -> StudyRow:
    """Store a study, which waits for a server to plan it.

    Its runs will be claimed before those of jobs and studies with a lower ``priority``.
    """
    digest = content_hash(terms)
    study = StudyRow(
        id=identity.fresh_id(session, StudyRow, digest),
        content_hash=digest,
        plan_hash=plan_hash,
        request=terms,
        priority=priority,
        stale=False,
    )
    session.add(study)
    session.flush()
    return study


def content_hash(terms: StudyTerms) -> str:
    """The hash that studies share if they ask for the same."""
    return identity.content_hash("study", terms.model_dump(mode="json"))


def get(session: Session, id_: str) -> StudyRow:
    """One study.

    Raises
    ------
    NotFoundError
        There is none with this id.
    """
    return existing(session.get(StudyRow, id_), "study")


def newest(
    session: Session, cursor: str | None, limit: int, dataset: str | None = None, **wanted: str
) -> tuple[list[StudyRow], str | None]:
    """A page of studies, the newest first, of a data set if one is given.

    ``wanted`` are the values that columns must have. Plans and results are loaded when they are
    used.
    """
    short = defer(StudyRow.plan), defer(StudyRow.results)
    return askers.newest(session, STUDIES, cursor, limit, *short, dataset=dataset, **wanted)


def progress(session: Session, study: StudyRow) -> Progress:
    """Count a study's runs; there are none while it is planned."""
    return counting.progress(session, STUDIES, study.id, study.request.recipe.epochs)


def version(session: Session, id_: str) -> tuple[int, int]:
    """How many of a study's runs have ended, and the number of attempts at all of its runs."""
    return counting.attempts(session, STUDIES, id_)


def cancel(session: Session, id_: str) -> bool:
    """Cancel a study, with the runs that nobody else needs. Returns whether it was still open.

    Raises
    ------
    NotFoundError
        There is none with this id.
    """
    if _cancel_planning(session, id_):
        return True
    return asking.cancel(session, STUDIES, get(session, id_), phase="ended")


def _cancel_planning(session: Session, id_: str) -> bool:
    """Cancel a study that has no runs yet.

    This is tried first. If it waits here for the study's plan, it sees the runs afterwards.
    """
    unplanned = (
        update(StudyRow)
        .where(StudyRow.id == id_, StudyRow.state.in_(OPEN), StudyRow.phase.in_(PLANNING))
        .values(state="cancelled", **ENDED)
        .execution_options(synchronize_session=False)  # the row may have changed meanwhile
    )
    return affected(session, unplanned) == 1
