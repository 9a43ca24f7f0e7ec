"""What server-sent events tell."""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from app.experiments.failures import Failure
from app.schemas.jobs import EpochView, ProgressView
from app.schemas.studies import Phase
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
        "`nearest_budget`, the sum of the shares by which the counts deviate; for `closest`, the "
        "largest change of a width, as a factor"
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


class StudyProgressEvent(ProgressView):
    """How far a study is: what it does, and its runs."""

    phase: Phase


class EndEvent(Schema):
    """The job or the study ended."""

    state: State
    error: str | None


class Message(Schema):
    """A server-sent event: lines `event`, `data` and `id`, and an empty line.

    The line `data` holds JSON.
    """

    id: str = Field(description="Sent back as `Last-Event-ID`, it continues after this event")

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler, /
    ) -> JsonSchemaValue:
        """Describe ``data`` as what is sent: text that holds JSON (as OpenAPI 3.2 has it)."""
        reference = handler(core_schema)
        fields = handler.resolve_ref_schema(reference)["properties"]
        if "data" in fields and "contentSchema" not in fields["data"]:
            fields["data"] = {
                "type": "string",
                "contentMediaType": "application/json",
                "contentSchema": fields["data"],
            }
        return reference


class EpochMessage(Message):
    """A run has measured an epoch."""

    event: Literal["epoch"]
    data: EpochEvent


class RunMessage(Message):
    """A run has ended."""

    event: Literal["run"]
    data: RunEvent


class ProgressMessage(Message):
    """The job's progress has changed."""

    event: Literal["progress"]
    data: ProgressView


class EndMessage(Message):
    """The job or the study has ended; no event follows."""

    event: Literal["end"]
    data: EndEvent


JobMessage = Annotated[
    EpochMessage | RunMessage | ProgressMessage | EndMessage, Discriminator("event")
]
"""An event of a job's stream."""


class SearchProgressMessage(Message):
    """The search has got further."""

    event: Literal["progress"]
    data: SearchProgressEvent


class SearchEndMessage(Message):
    """The search has ended; no event follows."""

    event: Literal["end"]
    data: SearchEndEvent


SearchMessage = Annotated[SearchProgressMessage | SearchEndMessage, Discriminator("event")]
"""An event of a search's stream."""


class StudyProgressMessage(Message):
    """The study has got further."""

    event: Literal["progress"]
    data: StudyProgressEvent


StudyMessage = Annotated[StudyProgressMessage | EndMessage, Discriminator("event")]
"""An event of a study's stream."""
