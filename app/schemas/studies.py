"""Studies, as users see them."""

from datetime import datetime
from typing import Literal, TypeAlias

from pydantic import Field

from app.schemas.jobs import ProgressView
from app.schemas.results import Verdict
from app.schemas.study_plans import StudyPlan
from app.schemas.study_results import Spread, StudyCell, StudyOriginal
from app.schemas.study_terms import Contrast, StudyTerms
from app.states import State
from solver.network.schema import ANSWERED, Schema
from solver.problem import ApproachName, Budget
from solver.variation.tolerance import Tolerance

Phase: TypeAlias = Literal["counting", "searching", "training", "ended"]
"""What a study does: count variants of all originals, draw some, train them."""


class Feasibility(Schema):
    """How many networks of the grid have variants enough; the paper is silent on it."""

    approach: ApproachName
    resolution: int
    budget: Budget
    tolerance: Tolerance
    originals: int = Field(description="Networks of the grid that are valid at this resolution")
    with_variants: int = Field(description="Those with at least as many variants as are drawn")
    with_any: int = Field(description="Those with any variant")
    unknown: int = Field(
        description="Those whose variants could not be counted; they are not drawn"
    )


class GridCount(Schema):
    """The grid at one resolution: combinations, and those that are no networks."""

    resolution: int
    combinations: int
    invalid: int


class StudySummary(Schema):
    """A study: what was asked, and how far it is."""

    model_config = ANSWERED

    id: str
    state: State
    phase: Phase
    created_at: datetime
    finished_at: datetime | None
    plan_hash: str = Field(description="Of all that was asked, with the data set's version")
    progress: ProgressView
    request: StudyTerms
    priority: int
    notes: list[str] = Field(description="What the service decided where the request left it open")
    error: str | None
    verdict: Verdict | None = Field(description="Of the primary contrast")


class StudyView(StudySummary):
    """A study with all that it has found so far."""

    grid: list[GridCount] = Field(description="Empty until the grid was counted")
    feasibility: list[Feasibility]
    plan: StudyPlan | None = Field(description="`null` until all was drawn")
    cells: list[StudyCell]
    networks: list[StudyOriginal] = Field(
        description="Networks of the grid, where the study has no approach"
    )


class StudyPage(Schema):
    """Studies, the newest first."""

    items: list[StudySummary]
    next: str | None


class PlannedSize(Schema):
    """How large a study must be to show an effect with a power of 80 %."""

    effect: float = Field(description="As a fraction: 0.01 is one percentage point")
    contrast: Contrast
    originals: int | None = Field(description="`null` where more than 1,000 would be needed")
    variants: int | None
    seeds: int | None
    power: float | None
    runs: int | None
    seconds: float | None = Field(
        description="Training time with a worker on each core of the server; `null` where no run "
        "of the data set was recorded"
    )


class StudyPlanning(Schema):
    """How large studies must be, from the spread that was seen so far."""

    model_config = ANSWERED

    dataset: str
    source: str = Field(description="Where the spread comes from, in words")
    spread: Spread = Field(description="Which the sizes are planned from")
    sizes: list[PlannedSize]
