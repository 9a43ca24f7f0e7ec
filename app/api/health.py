"""``/healthz`` and ``/readyz``."""

from typing import Literal

from fastapi.responses import JSONResponse
from pydantic import BaseModel

from app.api.dependencies import TheCondition
from app.api.errors import unavailable
from app.api.routes import Router
from app.schemas.problems import ProblemDetails

router = Router(tags=["health"])


class Alive(BaseModel):
    """All is well."""

    status: Literal["ok"] = "ok"


@router.get("/healthz")
async def get_health() -> Alive:
    """The process answers."""
    return Alive()


@router.get("/readyz", response_model=Alive, responses={503: {"model": ProblemDetails}})
def get_readiness(condition: TheCondition) -> Alive | JSONResponse:
    """The database can be read and written, and its schema is the newest."""
    cause = condition.look()
    return unavailable(cause) if cause else Alive()
