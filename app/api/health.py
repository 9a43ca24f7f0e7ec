"""``/healthz`` and ``/readyz``."""

from typing import Literal

from fastapi.responses import JSONResponse, Response
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


ALIVE = Alive().model_dump_json()


@router.get("/healthz", response_model=Alive)
async def get_health() -> Response:
    """The process answers."""
    return Response(ALIVE, media_type="application/json")


@router.get("/readyz", response_model=Alive)
def get_readiness(condition: TheCondition) -> Alive | JSONResponse:
    """The database can be read and written, and its schema is the newest."""
    cause = condition.look()
    return unavailable(cause) if cause else Alive()
