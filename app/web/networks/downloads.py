"""A network as a file, its tables as CSV, and those of networks side by side."""

from typing import Annotated, TypeAlias

from fastapi import Depends, Path, Query, Request, Response

from app.api.dependencies import ID_PATTERN, TheDatabase
from app.api.encodings import AcceptEncoding
from app.documents import document
from app.services import networks
from app.services.networks import Network
from app.web.networks import columns
from app.web.networks.comparing import Compared, chosen, layer_lines
from app.web.routes import PageRouter
from app.web.tables import csv

router = PageRouter()


def _asked(
    request: Request,
    id: Annotated[str, Path(pattern=ID_PATTERN, max_length=64)],  # noqa: A002
    database: TheDatabase,
) -> Network:
    is_variant = request.url.path.startswith("/variants/")
    find = networks.variant if is_variant else networks.architecture
    return find(database, id)


Asked: TypeAlias = Annotated[Network, Depends(_asked)]
"""The architecture or the variant that a path names."""


@router.get("/networks/{id}/architecture.json")
@router.get("/variants/{id}/architecture.json")
def download_architecture(network: Asked) -> Response:
    """A network as a file that a search can start from."""
    headers = {"Content-Disposition": f'attachment; filename="{network.id}.json"'}
    text = document(network.view.architecture)
    return Response(text, headers=headers, media_type="application/json")


@router.get("/networks/{id}/layers.csv")
@router.get("/variants/{id}/layers.csv")
def download_layers(network: Asked, accept_encoding: AcceptEncoding = None) -> Response:
    """The layers of a network."""
    name = f"{network.stem}_layers"
    return csv(name, columns.LAYERS, [network.view.layers], accept_encoding)


@router.get("/networks/{id}/groups.csv")
@router.get("/variants/{id}/groups.csv")
def download_groups(network: Asked, accept_encoding: AcceptEncoding = None) -> Response:
    """The width groups of a network."""
    name = f"{network.stem}_groups"
    return csv(name, columns.GROUPS, [network.view.groups], accept_encoding)


@router.get("/networks/{id}/accuracies.csv")
@router.get("/variants/{id}/accuracies.csv")
def download_accuracies(
    network: Asked, database: TheDatabase, accept_encoding: AcceptEncoding = None
) -> Response:
    """The accuracies of a network, for each way in which it was trained."""
    trained = networks.accuracies_of(database, [network.view.id])
    found = [*columns.measured(network, trained)]
    return csv(f"{network.stem}_accuracies", columns.ACCURACIES, [found], accept_encoding)


@router.get("/compare/networks.csv")
def download_compared_networks(
    wanted: Annotated[Compared, Query()],
    database: TheDatabase,
    accept_encoding: AcceptEncoding = None,
) -> Response:
    """What some networks cost, a line for each way in which one was trained."""
    found = networks.several(database, chosen(wanted))
    trained = networks.accuracies_of(database, [it.view.id for it in found])
    lines = ([*columns.costed(network, trained)] for network in found)
    return csv("networks", columns.NETWORKS, lines, accept_encoding)


@router.get("/compare/layers.csv")
def download_compared_layers(
    wanted: Annotated[Compared, Query()],
    database: TheDatabase,
    accept_encoding: AcceptEncoding = None,
) -> Response:
    """The layers of some networks, those of one name below each other."""
    found = networks.several(database, chosen(wanted))
    lines = (
        [*columns.placed(line, found)]
        for line in layer_lines(found)
        if line.is_changed or not wanted.only
    )
    return csv("layers", columns.COMPARED_LAYERS, lines, accept_encoding)
