"""What server-sent events tell."""

from pydantic import Field

from app.experiments.failures import Failure
from app.schemas.jobs import EpochView
from app.states import RunState, State
from solver.answers.variants import Outcome
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


class SearchProgressEvent(Schema):
    """How far a search is."""

    state: State
    found: int = Field(description="How many solutions were found so far")
    best: float | None = Field(
        description="Where there is an objective: its value for the best solution so far. For "
        "`nearest_budget`, the sum of the shares by which the counts deviate"
    )
    bound: float | None = Field(
        description="Where there is an objective: no solution is better than this"
    )
    elapsed: float | None = Field(description="Seconds since a solver began; null before")


class SearchEndEvent(Schema):
    """The search ended."""

    state: State
    outcome: Outcome | None
    found: int
    error: str | None


class EndEvent(Schema):
    """The job ended."""

    state: State
    error: str | None
