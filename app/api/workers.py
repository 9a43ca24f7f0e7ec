"""``/v1/workers``."""

from app.api.dependencies import Cursor, Limit, TheDatabase
from app.api.routes import Router
from app.schemas.workers import WorkerPage
from app.services import workers

router = Router(prefix="/v1", tags=["jobs"])


@router.get("/workers")
def list_workers(database: TheDatabase, limit: Limit = 50, cursor: Cursor = None) -> WorkerPage:
    """The workers that were heard of within the last day, and what they do.

    `isobudget work` starts one.
    """
    return workers.newest(database, cursor, limit)
