"""Networks, searches, and the variants that they found."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models.base import Base, Id, one_of
from app.db.types import database_time
from app.schemas.search_terms import SearchTerms
from app.states import STATES


class ArchitectureRow(Base):
    """A network, under the hash of what it computes."""

    __tablename__ = "architectures"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    document: Mapped[dict[str, Any]]
    resolution: Mapped[int]
    params: Mapped[int] = mapped_column(BigInteger)
    macs: Mapped[int] = mapped_column(BigInteger)
    flops: Mapped[int] = mapped_column(BigInteger)
    activations: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=database_time())

    __table_args__ = (Index("ix_architectures_created_at_id", "created_at", "id"),)


class SearchRow(Base):
    """A search: what was asked, how far it is, and how it ended.

    ``attempt`` is the fencing token: a writer must name the attempt that it claimed. ``wanted`` is
    the number of clients who want it: those who wait for it, and those who were told its id. One
    who goes away before that does not want it any more. ``by_study`` tells that only studies have
    asked for it so far. ``best`` and ``bound`` are the objective's
    value of the best solution so far, and what no solution can surpass.
    """

    __tablename__ = "searches"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    content_hash: Mapped[str] = mapped_column(String(64), index=True)
    architecture_id: Mapped[str] = mapped_column(ForeignKey("architectures.id"))
    approach: Mapped[str] = mapped_column(String(8))
    budget: Mapped[str] = mapped_column(String(8))
    scope: Mapped[str] = mapped_column(String(8))
    request: Mapped[SearchTerms]
    time_limit: Mapped[float]
    state: Mapped[str] = mapped_column(String(12), default="queued")
    attempt: Mapped[int] = mapped_column(default=0)
    wanted: Mapped[int] = mapped_column(default=1)
    by_study: Mapped[bool] = mapped_column(default=False)
    lease_expires_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(12))
    found: Mapped[int] = mapped_column(BigInteger, default=0)
    best: Mapped[float | None]
    bound: Mapped[float | None]
    solver: Mapped[dict[str, Any] | None]
    explanation: Mapped[dict[str, Any] | None]
    error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=database_time())
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint(one_of("state", STATES), name="state"),
        Index("ix_searches_created_at_id", "created_at", "id"),
        *(
            Index(f"ix_searches_{name}_created_at_id", name, "created_at", "id")
            for name in ("architecture_id", "state", "approach", "budget", "by_study")
        ),
        Index(
            "ix_searches_open",
            "created_at",
            postgresql_where=text("state IN ('queued', 'running')"),
            sqlite_where=text("state IN ('queued', 'running')"),
        ),
    )


class VariantRow(Base):
    """One solution of a search: the values of its unknowns, in the approach's order.

    The values are JSON, since each approach has its own number of them. Numbers that follow from
    them are stored, so that lists can be filtered and sorted by them; architectures are derived.
    """

    __tablename__ = "variants"

    search_id: Mapped[str] = mapped_column(
        ForeignKey("searches.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    resolution: Mapped[int]
    params: Mapped[int] = mapped_column(BigInteger)
    flops: Mapped[int] = mapped_column(BigInteger)
    unknowns: Mapped[list[int]]
    macs: Mapped[int] = mapped_column(BigInteger)
    activations: Mapped[int] = mapped_column(BigInteger)
    coverage: Mapped[float]
    receptive_field: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (Index("ix_variants_resolution", "resolution", "search_id", "position"),)
