"""Bringing the results of studies up to date, and ending them."""

from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.db.models import RunRow, StudyRow, StudyRunRow
from app.db.progress import failed_runs
from app.db.studies.rows import progress
from app.db.types import database_time
from app.schemas.study_results import StudyResults
from app.states import FINAL, OPEN

EVERY_SECONDS: Final = 10.0
"""Results of many runs take a while, so they are not made at the end of each run."""


def next_stale(session: Session) -> StudyRow | None:
    """A study whose results are out of date, locked until the transaction ends.

    While it waits for runs, it is left alone for some seconds after it was settled.
    """
    waits = (
        select(RunRow.id)
        .join(StudyRunRow, StudyRunRow.run_id == RunRow.id)
        .where(StudyRunRow.study_id == StudyRow.id, RunRow.state.in_(OPEN))
        .exists()
    )
    is_due = or_(
        StudyRow.settled_at.is_(None),
        StudyRow.settled_at < database_time(-EVERY_SECONDS),
        ~waits,
    )
    return session.scalars(
        select(StudyRow)
        .where(StudyRow.stale, is_due)
        .order_by(StudyRow.created_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()


def settle(session: Session, study: StudyRow, results: StudyResults) -> None:
    """Store a study's results, and end the study if it no longer waits for any run.

    A study succeeds although runs failed, as long as one succeeded.
    """
    study.results, study.verdict = results, results.verdict
    study.stale = False
    study.settled_at = session.scalar(select(database_time()))
    now = progress(session, study)
    if study.state in FINAL or now.done < now.total:
        return
    has_results = now.number("succeeded") > 0
    study.state, study.error = ("succeeded", None) if has_results else ("failed", failed_runs(now))
    study.phase = "ended"
    study.finished_at = study.settled_at
