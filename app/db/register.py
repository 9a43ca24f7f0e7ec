"""The register of workers: each writes itself down, is heard of now and then, and says goodbye.

Nothing depends on it but what people see: runs are held by leases alone. All times are the
database's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from app.db.models import WorkerRow
from app.db.paging import Key, page
from app.db.statements import affected
from app.db.types import database_time
from app.schemas.workers import Engine

RECENT_SECONDS: Final = 24 * 3600.0
"""Workers that were not heard of for longer are left out, and removed when another one starts."""
NEWEST_FIRST: Final = (Key(WorkerRow.started_at, True), Key(WorkerRow.name, True))


@dataclass(frozen=True)
class Identity:
    """Who a worker is, from its start to its end."""

    name: str
    host: str
    process_id: int
    engine: Engine
    versions: Mapping[str, str | None]


def enter(session: Session, worker: Identity, lease: float, age: float) -> None:
    """Write a worker down that began ``age`` seconds ago, in the place of one with its name."""
    is_old = WorkerRow.seen_at < database_time(-RECENT_SECONDS)
    session.execute(delete(WorkerRow).where(or_(WorkerRow.name == worker.name, is_old)))
    session.add(
        WorkerRow(
            name=worker.name,
            host=worker.host,
            process_id=worker.process_id,
            engine=worker.engine,
            versions=dict(worker.versions),
            started_at=database_time(-age),
            silent_at=database_time(lease),
        )
    )


def beat(session: Session, name: str, lease: float, device: str | None) -> bool:
    """Note that a worker lives, for ``lease`` seconds. Returns whether it is in the register."""
    heard = update(WorkerRow).where(WorkerRow.name == name)
    values = {"seen_at": database_time(), "silent_at": database_time(lease), "device": device}
    return affected(session, heard.values(**values, stopped_at=None)) == 1


def leave(session: Session, name: str) -> None:
    """Note that a worker has ended in good order."""
    stopped = {"seen_at": database_time(), "stopped_at": database_time()}
    session.execute(update(WorkerRow).where(WorkerRow.name == name).values(**stopped))


def newest(session: Session, cursor: str | None, limit: int) -> tuple[list[WorkerRow], str | None]:
    """A page of the workers that were heard of lately, the last one that began first.

    Raises
    ------
    CursorError
        The cursor is not one of this list's.
    """
    recent = select(WorkerRow).where(WorkerRow.seen_at >= database_time(-RECENT_SECONDS))
    return page(session, recent, NEWEST_FIRST, ["workers"], cursor, limit)
