"""A study's results so far, from its recorded runs."""

from sqlalchemy.orm import Session

from app.db import studies
from app.db.models import StudyRow
from app.schemas.study_results import StudyResults
from trainer.statistics.study import StudyRun, summarise


def study_summary(session: Session, study: StudyRow) -> StudyResults:
    """Estimate what the variants of a planned study gain, from the runs that have succeeded."""
    assert study.plan is not None, "it has no runs before it is planned"
    runs = [StudyRun(**vars(run)) for run in studies.measured(session, study.id)]
    return summarise(study.plan, study.request, runs, studies.costs(session, study.id))
