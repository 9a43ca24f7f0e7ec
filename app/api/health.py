"""``/healthz`` and ``/readyz``."""

from typing import Literal

from fastapi.responses import JSONResponse
from pydantic import BaseModel

from app.api.dependencies import TheDatabase
from app.api.errors import problem
from app.api.routes import Router
from app.db.errors import DatabaseError
from app.db.schema import is_current
from solver.network.schema import ANSWERED

router = Router(tags=["health"])


class Alive(BaseModel):
    """All is well."""

    model_config = ANSWERED

    status: Literal["ok"] = "ok"


@router.get("/healthz")
async def get_health() -> Alive:
    """The process answers."""
    return Alive()


@router.get("/readyz", response_model=Alive)
def get_readiness(database: TheDatabase) -> Alive | JSONResponse:
    """The database can be reached, and its schema is the newest."""
    try:
        current = is_current(database)
    except DatabaseError:
        return problem(503, "the database does not answer")
    if not current:
        return problem(503, "the database's schema is not current; run: isobudget migrate")
    return Alive()
