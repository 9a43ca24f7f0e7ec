"""What server-sent events tell."""

from pydantic import Field

from app.experiments.failures import Failure
from app.schemas.jobs import EpochView
from app.states import RunState, State
from solver.network.schema import Schema


class EpochEvent(Schema):
    """An epoch of a run was measured."""

    run_id: str
    network: str = Field(description="`original`, or the variant's id")
    seed: int
    epoch: EpochView


class RunEvent(Schema):
    """A run ended."""

    run_id: str
    network: str = Field(description="`original`, or the variant's id")
    seed: int
    state: RunState
    test_accuracy: float | None
    validation_accuracy: float | None
    failure: Failure | None
    error: str | None


class EndEvent(Schema):
    """The job ended."""

    state: State
    error: str | None
