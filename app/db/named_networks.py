"""Networks as people look for them: by name, and by what was done with them."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.db.architectures import NEWEST_FIRST
from app.db.models import ArchitectureRow, SearchRow
from app.db.paging import page

_NAME: ColumnElement[str | None] = ArchitectureRow.document["name"].as_string()


class Network(NamedTuple):
    """A stored network with its counts.

    ``layers`` is the number of its layers, ``searches`` the number of searches that start from it.
    """

    id: str
    name: str | None
    resolution: int
    layers: int
    params: int
    macs: int
    flops: int
    searches: int
    created_at: datetime


class Origin(NamedTuple):
    """What a search starts from, and what it asks for."""

    architecture_id: str
    name: str | None
    resolution: int
    approach: str
    budget: str


def newest(
    session: Session, cursor: str | None, limit: int, *, name: str | None, is_searched: bool
) -> tuple[list[Network], str | None]:
    """A page of networks, the newest first.

    Parameters
    ----------
    name
        A part of their names, in any case; ``None`` lists those without a name, too.
    is_searched
        Whether to list only networks that a search starts from. Other networks are variants that
        jobs and studies train, and what was only stored.

    Raises
    ------
    CursorError
        The cursor is not one of this list's.
    """
    query = select(ArchitectureRow)
    if name is not None:
        query = query.where(_NAME.icontains(name, autoescape=True))
    if is_searched:
        starts = select(SearchRow.id).where(SearchRow.architecture_id == ArchitectureRow.id)
        query = query.where(starts.exists())
    listing = ["networks", name, is_searched]
    rows, following = page(session, query, NEWEST_FIRST, listing, cursor, limit)
    searches = _searches(session, [row.id for row in rows])
    return [_network(row, searches.get(row.id, 0)) for row in rows], following


def _searches(session: Session, ids: Collection[str]) -> Mapping[str, int]:
    """How many searches start from networks; those that none starts from are left out."""
    query = (
        select(SearchRow.architecture_id, func.count())
        .where(SearchRow.architecture_id.in_(ids))
        .group_by(SearchRow.architecture_id)
    )
    return {id_: number for id_, number in session.execute(query)}  # noqa: C416 - rows, to mypy


def _network(row: ArchitectureRow, searches: int) -> Network:
    return Network(
        id=row.id,
        name=row.document.get("name"),
        resolution=row.resolution,
        layers=len(row.document["layers"]),
        params=row.params,
        macs=row.macs,
        flops=row.flops,
        searches=searches,
        created_at=row.created_at,
    )


def names(session: Session, ids: Collection[str]) -> Mapping[str, str | None]:
    """The names of networks by their ids."""
    query = select(ArchitectureRow.id, _NAME).where(ArchitectureRow.id.in_(ids))
    return {id_: name for id_, name in session.execute(query)}  # noqa: C416 - rows, to mypy


def origins(session: Session, search_ids: Collection[str]) -> Mapping[str, Origin]:
    """What searches start from, by the searches' ids."""
    query = (
        select(
            SearchRow.id,
            ArchitectureRow.id,
            _NAME,
            ArchitectureRow.resolution,
            SearchRow.approach,
            SearchRow.budget,
        )
        .join(ArchitectureRow, ArchitectureRow.id == SearchRow.architecture_id)
        .where(SearchRow.id.in_(search_ids))
    )
    return {id_: Origin._make(of) for id_, *of in session.execute(query)}
