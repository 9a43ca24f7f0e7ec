"""Searches, as users see them."""

from datetime import datetime

from pydantic import Field

from app.schemas.variants import VariantView
from app.states import State
from solver.answers.variants import Explanation, Outcome, SolverReport
from solver.network.counting import Counts
from solver.network.schema import ANSWERED, Schema
from solver.problem import Question, Settings
from solver.variation.tolerance import Tolerance


class TermsView(Question, Settings):
    """What was asked: defaults filled in, the architecture by its id."""

    model_config = ANSWERED

    architecture_id: str
    tolerance: Tolerance = Field(description="Fractions of the original's count")


class Original(Schema):
    """The network that a search starts from."""

    id: str
    resolution: int
    counts: Counts


class SearchSummary(Schema):
    """A search in a list: all but its variants."""

    id: str
    state: State
    created_at: datetime
    finished_at: datetime | None
    request: TermsView
    original: Original
    outcome: Outcome | None = Field(
        description="`complete`: every solution is there; `timed_out`: what is there was found "
        "before the time limit, and is neither all nor a sample or the best of all"
    )
    found: int = Field(
        description="How many solutions were found: all there are where the outcome is `complete` "
        "or `truncated` (but see docs/model.md), else those that time allowed; while the search "
        "runs, how many were found so far"
    )
    solver: SolverReport | None
    explanation: Explanation | None
    error: str | None


class SearchView(SearchSummary):
    """A search with its first variants."""

    variants: list[VariantView]
    next: str | None = Field(description="Cursor for `/v1/searches/{id}/variants`")
    reused: bool = Field(
        default=False,
        description="In the answer to `POST`: whether an equal search had been asked for before, "
        "so that nothing is solved anew",
    )


class SearchPage(Schema):
    """Searches, the newest first."""

    items: list[SearchSummary]
    next: str | None
