"""Studies, as users see them."""

from typing import Any

from app.db import studies
from app.db.engine import Session
from app.db.models import StudyRow
from app.db.progress import Progress, failed_runs, shared_runs
from app.schemas.jobs import ProgressView
from app.schemas.studies import StudySummary, StudyView
from app.schemas.study_results import StudyResults
from app.services.job_views import progress_of

NO_RESULTS = StudyResults()


def summary(session: Session, row: StudyRow) -> StudySummary:
    """A study with its progress, without what it found."""
    return StudySummary.trusted(**_fields(session, row))


def study_view(session: Session, row: StudyRow) -> StudyView:
    """A study with all that it found."""
    results = row.results or NO_RESULTS
    return StudyView.trusted(
        **_fields(session, row),
        grid=[*row.grid],
        feasibility=[*row.feasibility],
        plan=row.plan,
        cells=[*results.cells],
        networks=[*results.networks],
    )


def _fields(session: Session, row: StudyRow) -> dict[str, Any]:
    now = studies.progress(session, row)
    return {
        "id": row.id,
        "state": row.state,
        "phase": row.phase,
        "created_at": row.created_at,
        "finished_at": row.finished_at,
        "plan_hash": row.plan_hash,
        "progress": _progress(row, now),
        "request": row.request,
        "priority": row.priority,
        "notes": [*row.notes, *_notes(row, now)],
        "error": row.error,
        "verdict": row.verdict,
    }


def progress_view(session: Session, row: StudyRow) -> ProgressView:
    """How far a study's runs are; there are none until it is planned."""
    return _progress(row, studies.progress(session, row))


def _progress(row: StudyRow, now: Progress) -> ProgressView:
    epochs = row.request.recipe.epochs
    return progress_of(now, epochs, now.total * epochs, now.epochs_left)


def _notes(row: StudyRow, now: Progress) -> list[str]:
    """Notes on events of a study's runs that the user may not expect."""
    notes = []
    if shared := shared_runs(now):
        notes.append(shared)
    if row.state != "failed" and (failed := failed_runs(now)):
        notes.append(failed)
    return notes
