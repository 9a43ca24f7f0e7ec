"""``/networks/{id}``, ``/variants/{id}`` and ``/compare``."""

from typing import Annotated, Final

from fastapi import Path, Query, Request, Response

from app.api.dependencies import ID_PATTERN, TheDatabase
from app.api.encodings import AcceptEncoding
from app.db.engine import Database
from app.documents import document
from app.services import networks, onnx_files, searches
from app.services.networks import Network
from app.ui.sentences import budget_of
from app.web.networks.columns import LAYERS
from app.web.networks.comparing import Compared, chosen, comparison
from app.web.networks.kinds import shortened
from app.web.networks.view import Wanted, view_of
from app.web.pages import TEMPLATES, page
from app.web.routes import PageRouter
from app.web.tables import csv

router = PageRouter()
TEMPLATES.filters["shortened"] = shortened

MOST_SEARCHES: Final = 5
"""Searches that are listed of those that start from a network."""
Id = Annotated[str, Path(pattern=ID_PATTERN, max_length=64)]


@router.get("/networks/{id}")
def show_architecture(
    request: Request,
    id: Id,  # noqa: A002
    wanted: Annotated[Wanted, Query()],
    database: TheDatabase,
) -> Response:
    """An architecture: its picture, and what its layers cost."""
    return _shown(request, database, networks.architecture(database, id), wanted)


@router.get("/variants/{id}")
def show_variant(
    request: Request,
    id: Id,  # noqa: A002
    wanted: Annotated[Wanted, Query()],
    database: TheDatabase,
) -> Response:
    """A variant, in the same way."""
    return _shown(request, database, networks.variant(database, id), wanted)


@router.get("/networks/{id}/architecture.json")
def download_architecture(id: Id, database: TheDatabase) -> Response:  # noqa: A002
    """An architecture as a file that a search can start from."""
    return _file(networks.architecture(database, id))


@router.get("/variants/{id}/architecture.json")
def download_variant(id: Id, database: TheDatabase) -> Response:  # noqa: A002
    """A variant, in the same way."""
    return _file(networks.variant(database, id))


@router.get("/networks/{id}/layers.csv")
def download_layers(
    id: Id,  # noqa: A002
    database: TheDatabase,
    accept_encoding: AcceptEncoding = None,
) -> Response:
    """The layers of an architecture as a table."""
    return _layers(networks.architecture(database, id), accept_encoding)


@router.get("/variants/{id}/layers.csv")
def download_variant_layers(
    id: Id,  # noqa: A002
    database: TheDatabase,
    accept_encoding: AcceptEncoding = None,
) -> Response:
    """The layers of a variant, in the same way."""
    return _layers(networks.variant(database, id), accept_encoding)


@router.get("/compare")
def compare(
    request: Request, wanted: Annotated[Compared, Query()], database: TheDatabase
) -> Response:
    """Up to five networks side by side."""
    ids = chosen(wanted)
    found = networks.several(database, ids)
    trained = networks.accuracies_of(database, [it.view.id for it in found])
    table = comparison(found, trained) if found else None
    return page(request, "compare.html", table=table, ids=",".join(ids), only=wanted.only)


def _shown(request: Request, database: Database, network: Network, wanted: Wanted) -> Response:
    return page(
        request,
        "network.html",
        network=network,
        budget=network.origin and budget_of(network.origin.question),
        shown=view_of(network, wanted),
        onnx_obstacle=onnx_files.obstacle(network.view.architecture),
        accuracies=networks.accuracies_of(database, [network.view.id]),
        searches=searches.newest(
            database, None, MOST_SEARCHES, architecture_id=network.view.id
        ).items,
    )


def _layers(network: Network, accepted: str | None) -> Response:
    return csv(f"{network.stem}_layers", LAYERS, [network.view.layers], accepted)


def _file(network: Network) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{network.id}.json"'}
    text = document(network.view.architecture)
    return Response(text, headers=headers, media_type="application/json")
