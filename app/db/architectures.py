"""Architectures in the database."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.errors import existing
from app.db.models import ArchitectureRow
from app.db.paging import Key, page
from app.db.statements import insert_new
from solver.network.architecture import Architecture
from solver.network.counting import Counts, count

NEWEST_FIRST = (Key(ArchitectureRow.created_at, True), Key(ArchitectureRow.id, True))


def add(session: Session, architecture: Architecture) -> bool:
    """Store an architecture unless it is there already. Returns whether it was new.

    Raises
    ------
    OverflowError
        Its counts are too large to store.
    """
    row = {
        "id": architecture.id,
        "document": _document(architecture),
        "resolution": architecture.resolution,
        **count(architecture).model_dump(),
    }
    return bool(insert_new(session, ArchitectureRow, [row]))


def kept(session: Session, architecture: Architecture) -> Architecture:
    """Store an architecture, or find the one that computes the same, whose names may differ.

    Raises
    ------
    OverflowError
        Its counts are too large to store.
    """
    row = session.get(ArchitectureRow, architecture.id)
    if row is None and add(session, architecture):
        return architecture
    if row is not None and row.document == _document(architecture):
        return architecture
    return get(session, architecture.id)


def _document(architecture: Architecture) -> dict[str, Any]:
    return architecture.model_dump(mode="json", exclude_none=True)


def get(session: Session, id_: str) -> Architecture:
    """One architecture.

    Raises
    ------
    NotFoundError
        There is none with this id.
    """
    return Architecture.model_validate(_row(session, id_).document)


def counts(session: Session, id_: str) -> Counts:
    """The counts that were stored with an architecture.

    Raises
    ------
    NotFoundError
        There is none with this id.
    """
    row = _row(session, id_)
    return Counts(params=row.params, macs=row.macs, flops=row.flops, activations=row.activations)


def newest(
    session: Session, cursor: str | None, limit: int
) -> tuple[list[Architecture], str | None]:
    """A page of architectures, the newest first."""
    rows, following = page(
        session, select(ArchitectureRow), NEWEST_FIRST, ["architectures"], cursor, limit
    )
    return [Architecture.model_validate(row.document) for row in rows], following


def _row(session: Session, id_: str) -> ArchitectureRow:
    return existing(session.get(ArchitectureRow, id_), "architecture")
