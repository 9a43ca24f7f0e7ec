"""Runs, and all that is recorded of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models.base import Base, Id, one_of
from app.db.types import database_time
from app.experiments.failures import FAILURES
from app.schemas.environments import Environment
from app.states import RUN_STATES


class RunRow(Base):
    """One training of one network with one seed, shared by all jobs and studies that need it.

    ``attempt`` is the fencing token: every write of a worker names the attempt that it claimed,
    and is refused once another worker has claimed the run. ``stack`` is the hash of the identity
    without the seed: runs that share it are trained at once. ``target_epochs`` is the epoch that
    the run is wanted to reach now, ``epochs_done`` the last one that was ever measured. ``detail``
    is the resolution to which images are reduced before they are enlarged again (a control).
    ``training_images`` is the number of images to train on, if not all. ``starts_from`` is the run
    whose final weights it starts with, if it does not start anew. ``created_at`` is the time
    of the job or study that queued the run last. ``nice`` orders the queue, the least first: it is
    minus the highest priority of the open jobs and studies that want the run.
    """

    __tablename__ = "runs"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    stack: Mapped[str] = mapped_column(Id)
    architecture_id: Mapped[str] = mapped_column(ForeignKey("architectures.id"), index=True)
    dataset: Mapped[str] = mapped_column(String(100))
    dataset_version: Mapped[str] = mapped_column(String(64))
    resolution: Mapped[int]
    recipe: Mapped[dict[str, Any]]
    seed: Mapped[int]
    training_images: Mapped[int | None]
    detail: Mapped[int | None]
    starts_from: Mapped[str | None] = mapped_column(
        # Of runs that are inserted at once, one may come before the run that it starts from.
        ForeignKey("runs.id", deferrable=True, initially="DEFERRED")
    )
    target_epochs: Mapped[int]
    epochs_done: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(12), default="queued")
    attempt: Mapped[int] = mapped_column(default=0)
    lost: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str | None] = mapped_column(String(200))
    lease_expires_at: Mapped[datetime | None]
    failure: Mapped[str | None] = mapped_column(String(20))
    error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=database_time())
    position: Mapped[int] = mapped_column(BigInteger)
    nice: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint(one_of("state", RUN_STATES), name="state"),
        CheckConstraint(one_of("failure", FAILURES), name="failure"),
        CheckConstraint("(state = 'failed') = (failure IS NOT NULL)", name="failed_runs_say_why"),
        CheckConstraint("target_epochs >= 1", name="target_epochs"),
        Index(
            "ix_runs_queued",
            "nice",
            "created_at",
            "position",
            "id",
            postgresql_where=text("state = 'queued'"),
            sqlite_where=text("state = 'queued'"),
        ),
        Index(
            "ix_runs_stacks",
            "stack",
            "target_epochs",
            "nice",
            "created_at",
            "position",
            "id",
            postgresql_where=text("state = 'queued'"),
            sqlite_where=text("state = 'queued'"),
        ),
        Index(
            "ix_runs_running",
            "lease_expires_at",
            postgresql_where=text("state = 'running'"),
            sqlite_where=text("state = 'running'"),
        ),
        Index(
            "ix_runs_starts_from",
            "starts_from",
            postgresql_where=text("starts_from IS NOT NULL"),
            sqlite_where=text("starts_from IS NOT NULL"),
        ),
        Index("ix_runs_progress", "id", "state", "failure", "epochs_done"),
        Index(
            "ix_runs_finished",
            "finished_at",
            "worker",
            "state",
            postgresql_where=text("finished_at IS NOT NULL"),
            sqlite_where=text("finished_at IS NOT NULL"),
        ),
    )


class AttemptRow(Base):
    """An attempt at a run that came to nothing: it was lost, or given back.

    An attempt that recorded an end has no row here: its run holds the outcome.
    """

    __tablename__ = "attempts"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    worker: Mapped[str | None] = mapped_column(String(200))
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime] = mapped_column(default=database_time(), index=True)
    reason: Mapped[str]


class LateWriteRow(Base):
    """Writes of one attempt that were refused, since it no longer held the run.

    There is no foreign key: checking it would wait for a transaction that writes to the run.
    """

    __tablename__ = "late_writes"

    run_id: Mapped[str] = mapped_column(Id, primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    writes: Mapped[int] = mapped_column(default=1)


class EpochRow(Base):
    """The measurements of one epoch of a run; losses are means per image, accuracies fractions."""

    __tablename__ = "epochs"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    epoch: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    attempt: Mapped[int]
    train_loss: Mapped[float]
    validation_loss: Mapped[float]
    validation_accuracy: Mapped[float]
    seconds: Mapped[float]

    __table_args__ = (
        CheckConstraint("validation_accuracy BETWEEN 0 AND 1", name="validation_accuracy"),
    )


class ResultRow(Base):
    """The result of a run that succeeded, written in the transaction that ends the run."""

    __tablename__ = "results"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    attempt: Mapped[int]
    test_accuracy: Mapped[float]
    validation_accuracy: Mapped[float]
    seconds: Mapped[float]
    test_correct: Mapped[bytes]
    environment: Mapped[Environment]

    __table_args__ = (
        CheckConstraint("test_accuracy BETWEEN 0 AND 1", name="test_accuracy"),
        CheckConstraint("validation_accuracy BETWEEN 0 AND 1", name="validation_accuracy"),
    )
