"""The schema; Alembic makes it, ``migrations/`` holds its history."""

from app.db.models.askers import AskedRun, Asker
from app.db.models.base import Base
from app.db.models.jobs import JobRow, JobRunRow
from app.db.models.runs import AttemptRow, EpochRow, LateWriteRow, ResultRow, RunRow
from app.db.models.searches import ArchitectureRow, SearchRow, VariantRow
from app.db.models.service import ApiKeyRow, IdempotencyRow, SecretRow
from app.db.models.studies import StudyRow, StudyRunRow, StudySearchRow
from app.db.models.workers import WorkerRow

__all__ = [
    "ApiKeyRow",
    "ArchitectureRow",
    "AskedRun",
    "Asker",
    "AttemptRow",
    "Base",
    "EpochRow",
    "IdempotencyRow",
    "JobRow",
    "JobRunRow",
    "LateWriteRow",
    "ResultRow",
    "RunRow",
    "SearchRow",
    "SecretRow",
    "StudyRow",
    "StudyRunRow",
    "StudySearchRow",
    "VariantRow",
    "WorkerRow",
]
