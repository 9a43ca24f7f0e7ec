"""The schema; Alembic makes it, ``migrations/`` holds its history."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    MetaData,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.db.types import AsSchema, Document, UTCDateTime, database_time
from app.experiments.failures import FAILURES
from app.experiments.halving import Rung
from app.keys import SCOPES, Scope
from app.schemas.environments import Environment
from app.schemas.job_terms import JobDocument
from app.schemas.results import Results
from app.schemas.search_terms import SearchTerms
from app.states import RUN_STATES, STATES

Id = String(40)


def _one_of(column: str, values: tuple[str, ...]) -> str:
    listed = ", ".join(f"'{value}'" for value in values)
    return f"{column} IN ({listed})"


class Base(DeclarativeBase):
    """The base of all tables; a convention makes constraint names, which migrations can use."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own declaration
        datetime: UTCDateTime(),
        dict[str, Any]: Document,
        list[int]: Document,
        Environment: AsSchema(Environment),
        JobDocument: AsSchema(JobDocument),
        tuple[Rung, ...]: AsSchema(tuple[Rung, ...]),
        Results: AsSchema(Results),
        SearchTerms: AsSchema(SearchTerms),
    }


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
    who goes away before that does not want it any more. ``best`` and ``bound`` are the objective's
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
        CheckConstraint(_one_of("state", STATES), name="state"),
        Index("ix_searches_created_at_id", "created_at", "id"),
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


class JobRow(Base):
    """A job: an original and variants of a search to train; ``results`` grow as runs end.

    ``rungs`` holds what halving has decided so far, one entry for each rung. It is empty if the job
    does not halve, or went through an older schema. ``retries`` counts how often what had
    failed was queued once more.
    """

    __tablename__ = "jobs"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    content_hash: Mapped[str] = mapped_column(String(64), index=True)
    search_id: Mapped[str] = mapped_column(ForeignKey("searches.id"), index=True)
    request: Mapped[JobDocument]
    state: Mapped[str] = mapped_column(String(12), default="queued")
    stale: Mapped[bool] = mapped_column(default=True)
    results: Mapped[Results | None]
    rungs: Mapped[tuple[Rung, ...]] = mapped_column(default=())
    error: Mapped[str | None]
    priority: Mapped[int] = mapped_column(default=0)
    retries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=database_time())
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint(_one_of("state", STATES), name="state"),
        Index("ix_jobs_created_at_id", "created_at", "id"),
        Index(
            "ix_jobs_stale",
            "created_at",
            postgresql_where=text("stale"),
            sqlite_where=text("stale"),
        ),
    )


class RunRow(Base):
    """One training of one network with one seed, shared by all jobs that need it.

    ``attempt`` is the fencing token: every write of a worker names the attempt that it claimed,
    and is refused once another worker has claimed the run. ``stack`` is the hash of the identity
    without the seed: runs that share it are trained at once. ``target_epochs`` is the epoch that
    the run is wanted to reach now, ``epochs_done`` the last one that was ever measured. ``detail``
    is the resolution to which images are reduced before they are enlarged again (a control).
    ``training_images`` is the number of images to train on, if not all. ``created_at`` is the time
    of the job that queued the run last. ``nice`` orders the queue, the least first: it is minus the
    highest priority of the open jobs that want the run.
    """

    __tablename__ = "runs"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    stack: Mapped[str] = mapped_column(Id)
    architecture_id: Mapped[str] = mapped_column(ForeignKey("architectures.id"))
    dataset: Mapped[str] = mapped_column(String(100))
    dataset_version: Mapped[str] = mapped_column(String(64))
    resolution: Mapped[int]
    recipe: Mapped[dict[str, Any]]
    seed: Mapped[int]
    training_images: Mapped[int | None]
    detail: Mapped[int | None]
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
        CheckConstraint(_one_of("state", RUN_STATES), name="state"),
        CheckConstraint(_one_of("failure", FAILURES), name="failure"),
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
        Index("ix_runs_progress", "id", "state", "failure", "epochs_done"),
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
    ended_at: Mapped[datetime] = mapped_column(default=database_time())
    reason: Mapped[str]


class LateWriteRow(Base):
    """Writes of one attempt that were refused, since it no longer held the run.

    There is no foreign key: checking it would wait for a transaction that writes to the run.
    """

    __tablename__ = "late_writes"

    run_id: Mapped[str] = mapped_column(Id, primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    writes: Mapped[int] = mapped_column(default=1)


class JobRunRow(Base):
    """A run that a job needs, and the network that it is for (no position: the original).

    ``target_epochs`` is the epoch that this job wants the run to reach. If halving cut the variant
    off, it stays the epoch of the variant's last rung. ``retry`` is the number of the job's last
    retry that queued the run again (0: none), and ``epochs_before`` what the run had measured then.
    """

    __tablename__ = "job_runs"

    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True, index=True)
    position: Mapped[int]
    search_id: Mapped[str | None] = mapped_column(Id)
    variant_position: Mapped[int | None]
    target_epochs: Mapped[int]
    reused: Mapped[bool]
    retry: Mapped[int] = mapped_column(default=0)
    epochs_before: Mapped[int] = mapped_column(default=0)

    __table_args__ = (
        UniqueConstraint("job_id", "position"),
        ForeignKeyConstraint(
            ["search_id", "variant_position"], ["variants.search_id", "variants.position"]
        ),
        Index("ix_job_runs_search_id_variant_position", "search_id", "variant_position"),
    )


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


class ApiKeyRow(Base):
    """A key of the API: its public id and a hash, from which the key cannot be found.

    ``digest`` is the SHA-256 of the whole key, in hexadecimal digits.
    """

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    scope: Mapped[Scope] = mapped_column(String(8))
    digest: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=database_time())
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    __table_args__ = (CheckConstraint(_one_of("scope", SCOPES), name="scope"),)


class IdempotencyRow(Base):
    """The resource that a ``POST`` with an ``Idempotency-Key`` made; a repetition makes none.

    ``owner`` is the id of the API key that it came with; it is empty without one.
    """

    __tablename__ = "idempotency_keys"

    owner: Mapped[str] = mapped_column(String(16), primary_key=True)
    route: Mapped[str] = mapped_column(String(100), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    body_hash: Mapped[str] = mapped_column(String(64))
    resource_id: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(default=database_time())


class SecretRow(Base):
    """A secret that all servers on this database share."""

    __tablename__ = "secrets"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[bytes]
