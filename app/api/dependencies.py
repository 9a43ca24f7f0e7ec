"""The arguments of endpoints: the application's parts, and the parameters that many share."""

from typing import Annotated, Final

from fastapi import Depends, Header, Query, Request

from app.api.access import key_id_of
from app.config import Settings
from app.db.engine import Database
from app.db.idempotency import OwnedKey
from app.services.asking import Asking, HangUp
from app.services.condition import Condition
from app.services.counting import Counting
from app.services.onnx_files import OnnxFiles
from app.services.planner.thread import Planner
from app.services.stopping import Closing
from app.services.watch import Watch
from solver.network.expectations import PRINTABLE

ID_PATTERN: Final = r"^[A-Za-z0-9_-]+$"


# They are coroutines, since FastAPI calls plain functions in threads, which takes far longer.
async def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


async def _condition(request: Request) -> Condition:
    condition: Condition = request.app.state.condition
    return condition


async def _asking(request: Request) -> Asking:
    state = request.app.state
    return Asking(state.database, state.solvers, state.watch, state.settings.max_queued_searches)


async def _counting(request: Request) -> Counting:
    counting: Counting = request.app.state.counting
    return counting


async def _onnx_files(request: Request) -> OnnxFiles:
    onnx_files: OnnxFiles = request.app.state.onnx_files
    return onnx_files


async def _hang_up(request: Request) -> HangUp:
    async def hung_up() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            continue

    return hung_up


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


async def _closing(request: Request) -> Closing:
    closing: Closing = request.app.state.closing
    return closing


async def _planner(request: Request) -> Planner:
    planner: Planner = request.app.state.planner
    return planner


async def _watch(request: Request) -> Watch:
    watch: Watch = request.app.state.watch
    return watch


TheDatabase = Annotated[Database, Depends(_database)]
TheCondition = Annotated[Condition, Depends(_condition)]
TheAsking = Annotated[Asking, Depends(_asking)]
TheCounting = Annotated[Counting, Depends(_counting)]
TheOnnxFiles = Annotated[OnnxFiles, Depends(_onnx_files)]
TheHangUp = Annotated[HangUp, Depends(_hang_up)]
"""Returns when the client has closed the connection; to be awaited once the body was read."""
TheSettings = Annotated[Settings, Depends(_settings)]
ThePlanner = Annotated[Planner, Depends(_planner)]
TheWatch = Annotated[Watch, Depends(_watch)]
TheClosing = Annotated[Closing, Depends(_closing)]
"""Set when the server is to stop; long responses, such as event streams, end then."""

Limit = Annotated[int, Query(ge=1, le=200, description="Most items to answer", examples=[50])]
Cursor = Annotated[
    str | None, Query(max_length=500, description="`next` of the page before; the first without")
]


async def _idempotency_key(
    request: Request,
    given: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            min_length=1,
            max_length=200,
            pattern=PRINTABLE,
            description="A request repeated with the same key makes nothing new",
        ),
    ] = None,
) -> OwnedKey | None:
    return None if given is None else OwnedKey(key_id_of(request.scope), given)


IdempotencyKey = Annotated[OwnedKey | None, Depends(_idempotency_key)]
"""Clients with API keys of their own cannot meet each other's."""
