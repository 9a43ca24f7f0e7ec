"""Workers, as users see them."""

from datetime import datetime
from typing import Final, Literal, TypeAlias, get_args

from pydantic import Field

from solver.network.schema import ANSWERED, Schema

Engine: TypeAlias = Literal["process", "ray"]
"""What trains for a worker: a process beside it, or the tasks of a cluster."""
AskerKind: TypeAlias = Literal["job", "study"]
WorkerState: TypeAlias = Literal["busy", "idle", "silent", "stopped"]

ENGINES: Final[tuple[Engine, ...]] = get_args(Engine)


class AskerView(Schema):
    """A job or a study that wants a run."""

    kind: AskerKind
    id: str


class TrainingView(Schema):
    """Runs of one network that a worker trains together."""

    architecture_id: str
    name: str | None = Field(description="The network's")
    dataset: str
    resolution: int
    seeds: list[int]
    epochs_done: int = Field(description="Of the run that is least far")
    target_epochs: int
    seconds: float = Field(description="Since the attempt was begun")
    asked: list[AskerView] = Field(description="The open jobs and studies that want these runs")


class WorkerView(Schema):
    """A worker, and what it does."""

    model_config = ANSWERED

    name: str
    state: WorkerState = Field(
        description="`busy`: it holds runs; `idle`: it waits for work; `silent`: it was not heard "
        "of for a lease's time; `stopped`: it has ended in good order"
    )
    host: str
    process_id: int
    engine: Engine = Field(
        description="`process`: it trains in a process beside it; `ray`: in tasks of a cluster"
    )
    device: str | None = Field(description="`null` until it has trained an epoch")
    versions: dict[str, str | None] = Field(
        description="Versions of Python and of packages by name; `null` if not installed"
    )
    started_at: datetime
    seen_at: datetime = Field(description="When it was heard of last")
    stopped_at: datetime | None
    seen_seconds: float = Field(description="Since then, by the database's clock")
    trainings: list[TrainingView]
    runs_ended: int = Field(description="Runs that it brought to an end within the last day")
    attempts_lost: int = Field(description="Attempts at runs that it lost within the last day")


class WorkerPage(Schema):
    """Workers that were heard of within the last day, the last one that began first."""

    items: list[WorkerView]
    next: str | None
