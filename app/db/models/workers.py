"""The register of workers."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models.base import Base, one_of
from app.db.types import database_time
from app.schemas.workers import ENGINES, Engine


class WorkerRow(Base):
    """A worker that works, or did lately.

    What it trains stands on the runs that it holds. A worker that is not heard of again before
    ``silent_at`` is silent from then on. ``device`` is what its trainings said that they run on;
    it is not known until an epoch was measured.
    """

    __tablename__ = "workers"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    host: Mapped[str] = mapped_column(String(255))
    process_id: Mapped[int]
    engine: Mapped[Engine] = mapped_column(String(12))
    device: Mapped[str | None]
    versions: Mapped[dict[str, Any]]
    started_at: Mapped[datetime] = mapped_column(default=database_time())
    seen_at: Mapped[datetime] = mapped_column(default=database_time())
    silent_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]

    __table_args__ = (CheckConstraint(one_of("engine", ENGINES), name="engine"),)
