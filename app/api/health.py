"""``/healthz`` and ``/readyz``."""

from typing import Literal

from fastapi.responses import JSONResponse
from pydantic import BaseModel

from app.api.dependencies import TheCondition
from app.api.errors import unavailable
from app.api.routes import Router
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
def get_readiness(condition: TheCondition) -> Alive | JSONResponse:
    """The database can be read and written, and its schema is the newest."""
    cause = condition.look()
    return unavailable(cause) if cause else Alive()
