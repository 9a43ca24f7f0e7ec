"""Architectures: stored once, under the hash of what they compute."""

from typing import NamedTuple

from app.db import architectures
from app.db.engine import Database
from app.errors import Fault, RefusedError
from app.schemas.architectures import ArchitecturePage, ArchitectureView
from solver.network.architecture import Architecture
from solver.network.counting import count


class Registered(NamedTuple):
    """An architecture, and whether it is new."""

    view: ArchitectureView
    created: bool


def checked(architecture: Architecture, place: str = "#") -> Architecture:
    """The architecture, if its counts can be stored.

    Raises
    ------
    RefusedError
        A count is too large.
    """
    try:
        count(architecture)
    except OverflowError as too_large:
        raise RefusedError(Fault(place, str(too_large))) from too_large
    return architecture


def register(database: Database, architecture: Architecture) -> Registered:
    """Store an architecture, or find the one that computes the same.

    Raises
    ------
    RefusedError
        Its counts are too large.
    """
    with database.write() as session:
        created = architectures.add(session, checked(architecture))
        return Registered(ArchitectureView.of(architectures.get(session, architecture.id)), created)


def get(database: Database, id_: str) -> ArchitectureView:
    """One architecture.

    Raises
    ------
    app.db.errors.NotFoundError
        There is none with this id.
    """
    with database.read() as session:
        return ArchitectureView.of(architectures.get(session, id_))


def newest(database: Database, cursor: str | None, limit: int) -> ArchitecturePage:
    """A page of architectures."""
    with database.read() as session:
        found, following = architectures.newest(session, cursor, limit)
    return ArchitecturePage(items=[ArchitectureView.of(item) for item in found], next=following)
