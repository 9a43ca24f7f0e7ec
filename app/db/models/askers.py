"""What asks for runs: columns that jobs and studies share, and those of their links to runs."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models.base import Id, one_of
from app.db.types import database_time
from app.states import STATES


class Asker:
    """A job or a study: it asks for runs, waits for them, and has results made of them.

    ``stale`` tells that the results are out of date.
    """

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    content_hash: Mapped[str] = mapped_column(String(64), index=True)
    state: Mapped[str] = mapped_column(String(12), default="queued")
    stale: Mapped[bool] = mapped_column(default=True)
    error: Mapped[str | None]
    priority: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=database_time())
    finished_at: Mapped[datetime | None]


def asker_arguments(table: str) -> tuple[Any, ...]:
    """The constraints and indexes of a table of askers."""
    return (
        CheckConstraint(one_of("state", STATES), name="state"),
        Index(f"ix_{table}_created_at_id", "created_at", "id"),
        Index(f"ix_{table}_state_created_at_id", "state", "created_at", "id"),
        Index(
            f"ix_{table}_stale",
            "created_at",
            postgresql_where=text("stale"),
            sqlite_where=text("stale"),
        ),
    )


class AskedRun:
    """A link: a run that an asker needs.

    ``position`` is the run's place among those of its asker, ``target_epochs`` the epoch that this
    asker wants the run to reach. ``reused`` tells that another asker had asked for the run before.
    """

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True, index=True)
    position: Mapped[int]
    target_epochs: Mapped[int]
    reused: Mapped[bool]
