"""Studies, the searches that they refer to, and the runs that they need."""

from datetime import datetime
from typing import Final, get_args

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models.askers import AskedRun, Asker, asker_arguments
from app.db.models.base import Base, one_of
from app.schemas.studies import Feasibility, GridCount, Phase
from app.schemas.study_plans import StudyPlan
from app.schemas.study_results import StudyResults
from app.schemas.study_terms import StudyTerms

PHASES: Final[tuple[Phase, ...]] = get_args(Phase)
PLANNING: Final[tuple[Phase, ...]] = ("counting", "searching")
"""Phases in which a server plans the study; it has no runs yet."""
_IS_PLANNED: Final = text(one_of("phase", PLANNING))


class StudyRow(Asker, Base):
    """A study: many searches, of whose variants it draws some to train them beside originals.

    While a server plans it, ``attempt`` is the fencing token: every write of a server names the
    attempt that it claimed. ``lost`` counts the servers that vanished meanwhile. ``plan`` holds all
    that was drawn, and is stored together with the links to the runs. ``settled_at`` is the time at
    which ``results`` were last made.
    """

    __tablename__ = "studies"

    plan_hash: Mapped[str] = mapped_column(String(64))
    request: Mapped[StudyTerms]
    phase: Mapped[Phase] = mapped_column(String(10), default="counting")
    attempt: Mapped[int] = mapped_column(default=0)
    lost: Mapped[int] = mapped_column(default=0)
    lease_expires_at: Mapped[datetime | None]
    grid: Mapped[tuple[GridCount, ...]] = mapped_column(default=())
    feasibility: Mapped[tuple[Feasibility, ...]] = mapped_column(default=())
    plan: Mapped[StudyPlan | None]
    results: Mapped[StudyResults | None]
    settled_at: Mapped[datetime | None]
    notes: Mapped[list[str]] = mapped_column(default=list)

    __table_args__ = (
        *asker_arguments(__tablename__),
        CheckConstraint(one_of("phase", PHASES), name="phase"),
        Index(
            "ix_studies_planning",
            "created_at",
            postgresql_where=_IS_PLANNED,
            sqlite_where=_IS_PLANNED,
        ),
    )


class StudySearchRow(Base):
    """A search that a study refers to, and that is kept for it."""

    __tablename__ = "study_searches"

    study_id: Mapped[str] = mapped_column(
        ForeignKey("studies.id", ondelete="CASCADE"), primary_key=True
    )
    search_id: Mapped[str] = mapped_column(ForeignKey("searches.id"), primary_key=True, index=True)


class StudyRunRow(AskedRun, Base):
    """A run that a study needs; its plan tells for which networks."""

    __tablename__ = "study_runs"

    study_id: Mapped[str] = mapped_column(
        ForeignKey("studies.id", ondelete="CASCADE"), primary_key=True, sort_order=-1
    )

    __table_args__ = (UniqueConstraint("study_id", "position"),)
