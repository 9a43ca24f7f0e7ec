"""``/v1/architectures``."""

from typing import Annotated

from fastapi import Body, Path, Response
from fastapi.concurrency import run_in_threadpool

from app.api import caching, examples, onnx_files
from app.api.caching import IfNoneMatch
from app.api.dependencies import (
    ID_PATTERN,
    Cursor,
    Limit,
    TheDatabase,
    TheHangUp,
    TheOnnxFiles,
)
from app.api.onnx_files import OnnxFile
from app.api.python_files import DESCRIBED, PythonFile, answered
from app.api.responses import LOCATION
from app.api.routes import Router
from app.schemas.architectures import ArchitecturePage, ArchitectureView
from app.services import architectures, networks, sources
from solver.network.architecture import Architecture

router = Router(prefix="/v1/architectures", tags=["architectures"])

Id = Annotated[str, Path(pattern=ID_PATTERN, max_length=64, examples=[examples.ARCHITECTURE_ID])]


@router.post("", status_code=201, responses={200: {"model": ArchitectureView, "headers": LOCATION}})
def create_architecture(
    architecture: Annotated[Architecture, Body(examples=[examples.ARCHITECTURE])],
    database: TheDatabase,
    response: Response,
) -> ArchitectureView:
    """Validate and count an architecture, and store it under the hash of what it computes.

    The same architecture gets the same id: 201 the first time, then 200.
    """
    view, created = architectures.register(database, architecture)
    response.status_code = 201 if created else 200
    response.headers["Location"] = f"/v1/architectures/{view.id}"
    return view


@router.get("")
def list_architectures(
    database: TheDatabase, limit: Limit = 50, cursor: Cursor = None
) -> ArchitecturePage:
    """Architectures, the newest first."""
    return architectures.newest(database, cursor, limit)


@router.get("/{id}", response_model=ArchitectureView, responses=caching.KEPT)
def get_architecture(
    id: Id,  # noqa: A002
    database: TheDatabase,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """One architecture with its counts, layer by layer."""
    return caching.kept(architectures.get(database, id).model_dump_json(), if_none_match)


@router.get("/{id}/model.py", response_class=PythonFile, responses=DESCRIBED)
def download_architecture_source(id: Id, database: TheDatabase) -> PythonFile:  # noqa: A002
    """An architecture as PyTorch source.

    The file has a class `Variant`; run as a script, it checks its own counts.
    """
    return answered(sources.of_architecture(database, id))


@router.get("/{id}/model.onnx", response_class=OnnxFile, responses=onnx_files.DESCRIBED)
async def download_architecture_onnx(
    id: Id,  # noqa: A002
    database: TheDatabase,
    files: TheOnnxFiles,
    hang_up: TheHangUp,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """An architecture as ONNX, which takes some seconds.

    The weights are PyTorch's initial ones, of a fixed seed.
    """
    network = await run_in_threadpool(networks.architecture, database, id)
    return await onnx_files.answered(network, files, hang_up, if_none_match)
