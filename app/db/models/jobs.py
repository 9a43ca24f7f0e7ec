"""Jobs, and the runs that they need."""

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models.askers import AskedRun, Asker, asker_arguments
from app.db.models.base import Base, Id
from app.experiments.halving import Rung
from app.schemas.job_terms import JobDocument
from app.schemas.results import Results


class JobRow(Asker, Base):
    """A job: an original and variants of a search to train; ``results`` grow as runs end.

    ``rungs`` holds what halving has decided so far, one entry for each rung. It is empty if the job
    does not halve, or went through an older schema. ``retries`` counts how often what had failed
    was queued once more.
    """

    __tablename__ = "jobs"

    search_id: Mapped[str] = mapped_column(ForeignKey("searches.id"), index=True)
    request: Mapped[JobDocument]
    results: Mapped[Results | None]
    rungs: Mapped[tuple[Rung, ...]] = mapped_column(default=())
    retries: Mapped[int] = mapped_column(default=0)

    __table_args__ = asker_arguments(__tablename__)


class JobRunRow(AskedRun, Base):
    """A run that a job needs, and the network that it is for (no position: the original).

    If halving cut the variant off, ``target_epochs`` stays the epoch of the variant's last rung.
    ``retry`` is the number of the job's last retry that queued the run again (0: none), and
    ``epochs_before`` what the run had measured then.
    """

    __tablename__ = "job_runs"

    job_id: Mapped[str] = mapped_column(
        ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True, sort_order=-1
    )
    search_id: Mapped[str | None] = mapped_column(Id)
    variant_position: Mapped[int | None]
    retry: Mapped[int] = mapped_column(default=0)
    epochs_before: Mapped[int] = mapped_column(default=0)

    __table_args__ = (
        UniqueConstraint("job_id", "position"),
        ForeignKeyConstraint(
            ["search_id", "variant_position"], ["variants.search_id", "variants.position"]
        ),
        Index("ix_job_runs_search_id_variant_position", "search_id", "variant_position"),
    )
