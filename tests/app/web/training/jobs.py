"""Jobs that have ended, with accuracies that are known beforehand."""

from typing import Any

from app.db.engine import Database
from app.db.models import JobRow
from app.db.runs import Claim
from tests.factories import queued_job
from tests.workers import FakeWorker


def better_with_seeds(claim: Claim, epoch: int) -> float:
    return 0.5 + claim.seed / 10 + epoch / 100


def trained(database: Database, **changes: Any) -> JobRow:
    """A job of an original and two variants, which has ended."""
    job = queued_job(database, variants=(3, 5), **changes)
    FakeWorker(database, accuracy=better_with_seeds).work()
    return job
