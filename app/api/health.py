"""``/healthz`` and ``/readyz``."""

from typing import Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from app.api.dependencies import TheDatabase
from app.api.errors import ProblemDetails, problem
from app.db.errors import DatabaseError
from app.db.schema import is_current

router = APIRouter(tags=["health"])


class Alive(BaseModel):
    """All is well."""

    status: Literal["ok"] = "ok"


@router.get("/healthz")
async def is_alive() -> Alive:
    """The process answers."""
    return Alive()


@router.get("/readyz", response_model=Alive, responses={503: {"model": ProblemDetails}})
def is_ready(database: TheDatabase) -> Alive | JSONResponse:
    """The database can be reached, and its schema is the newest."""
    try:
        current = is_current(database)
    except DatabaseError:
        return problem(503, "the database does not answer")
    if not current:
        return problem(503, "the database's schema is not current; run: isobudget migrate")
    return Alive()
