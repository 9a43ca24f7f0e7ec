"""Jobs and their runs, as users see them."""

from datetime import datetime

from pydantic import Field

from app.experiments.failures import Failure
from app.schemas.environments import Environment
from app.schemas.job_terms import JobTerms
from app.schemas.results import Results
from app.states import RunState, State
from solver.network.schema import Schema


class ProgressView(Schema):
    """How far a job is; ``fraction`` counts epochs, those of unfinished runs too."""

    runs_done: int = Field(description="Those that ended, and those that halving cut off")
    runs_total: int
    fraction: float
    eta_seconds: float | None = Field(description="Estimated; `null` until a run has ended")


class JobView(Schema):
    """A job, its progress, and its results so far."""

    id: str
    state: State
    created_at: datetime
    finished_at: datetime | None
    progress: ProgressView
    request: JobTerms
    priority: int
    notes: list[str] = Field(description="What the service decided where the request left it open")
    error: str | None
    results: Results | None


class JobPage(Schema):
    """Jobs, the newest first."""

    items: list[JobView]
    next: str | None


class EpochView(Schema):
    """What one epoch measured."""

    epoch: int
    train_loss: float
    validation_loss: float
    validation_accuracy: float
    seconds: float


class AttemptView(Schema):
    """An attempt that came to nothing: its worker or its process died, or gave the run back."""

    attempt: int
    worker: str | None
    started_at: datetime | None
    ended_at: datetime
    reason: str


class RunView(Schema):
    """One training of one network with one seed."""

    id: str
    network: str = Field(description="`original`, or the variant's id")
    architecture_id: str
    resolution: int
    seed: int
    state: RunState = Field(
        description="`paused`: trained as far as it is wanted now; it can be trained further"
    )
    starts_from: str | None = Field(
        description="The original's run whose final weights it starts with; `null`: it starts anew"
    )
    reused: bool = Field(description="Whether an earlier job had it trained, or does")
    epochs_wanted: int = Field(
        description="How far this job wants it trained: fewer epochs than the recipe's where "
        "halving has not decided yet, or has cut it off"
    )
    attempt: int
    worker: str | None
    lost_attempts: list[AttemptView] = Field(
        description="Attempts that came to nothing, the first one first; three that are lost, not "
        "given back, make a run fail"
    )
    test_accuracy: float | None
    validation_accuracy: float | None
    seconds: float | None
    environment: Environment | None
    epochs: list[EpochView]
    failure: Failure | None = Field(description="The kind of failure, if it failed")
    error: str | None = Field(description="The failure in words")
    started_at: datetime | None
    finished_at: datetime | None


class RunPage(Schema):
    """A job's runs: the original's first, then each variant's."""

    items: list[RunView]
    next: str | None
