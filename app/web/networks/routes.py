"""``/networks/{id}``, ``/variants/{id}`` and ``/compare``."""

from typing import Annotated, Final

from fastapi import Path, Query, Request, Response

from app.api.dependencies import ID_PATTERN, TheDatabase
from app.db.engine import Database
from app.services import networks, onnx_files, searches
from app.services.networks import Network
from app.ui.sentences import budget_of
from app.web.networks.comparing import Compared, chosen, comparison
from app.web.networks.kinds import shortened
from app.web.networks.view import Wanted, view_of
from app.web.pages import TEMPLATES, page
from app.web.routes import PageRouter

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
