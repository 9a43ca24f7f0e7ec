"""What the client knows of searches, jobs, studies and networks, without asking again.

The blocking and the asynchronous objects derive from these.
"""

from datetime import datetime
from typing import Final, Generic, TypeVar

from app.schemas.architectures import ArchitectureView, WidthGroupView
from app.schemas.job_terms import JobTerms
from app.schemas.jobs import JobView, ProgressView
from app.schemas.results import NO_RESULTS, Results, Verdict
from app.schemas.searches import Original, SearchSummary, SearchView, TermsView
from app.schemas.studies import Feasibility, GridCount, Phase, StudySummary, StudyView
from app.schemas.study_plans import StudyPlan
from app.schemas.study_results import StudyCell, StudyOriginal
from app.schemas.study_terms import StudyTerms
from app.schemas.variants import VariantView
from app.states import FINAL, State
from solver.answers.variants import Explanation, Outcome, SolverReport
from solver.network.architecture import Architecture
from solver.network.counting import Counts, Delta, LayerReport

SHORT_ID: Final = 8


View = TypeVar("View", bound=SearchSummary | JobView | StudySummary)


class AskedData(Generic[View]):
    """What the service was asked for and works on, as it was when it was last asked."""

    def __init__(self, view: View) -> None:
        self._view = view

    @property
    def view(self) -> View:
        """All that the service answered."""
        return self._view

    @property
    def id(self) -> str:
        """Its id."""
        return self._view.id

    @property
    def state(self) -> State:
        """``queued``, ``running``, ``succeeded``, ``failed`` or ``cancelled``."""
        return self._view.state

    @property
    def has_ended(self) -> bool:
        """Whether it is over, one way or another."""
        return self._view.state in FINAL

    @property
    def error(self) -> str | None:
        """Why it failed, if it did."""
        return self._view.error

    @property
    def created_at(self) -> datetime:
        """When it was asked for."""
        return self._view.created_at

    @property
    def finished_at(self) -> datetime | None:
        """When it ended."""
        return self._view.finished_at


class SearchData(AskedData[SearchSummary]):
    """A search as it was when the service was last asked."""

    def __init__(self, view: SearchSummary) -> None:
        super().__init__(view)
        self._is_reused = isinstance(view, SearchView) and view.reused

    @property
    def outcome(self) -> Outcome | None:
        """``complete``, ``truncated``, ``infeasible`` or ``timed_out``; ``None`` before the end."""
        return self._view.outcome

    @property
    def found(self) -> int:
        """How many variants were found."""
        return self._view.found

    @property
    def reused(self) -> bool:
        """Whether an equal search had been asked for before, so that nothing was solved anew."""
        return self._is_reused

    @property
    def original(self) -> Original:
        """The network that the search starts from, with its counts."""
        return self._view.original

    @property
    def request(self) -> TermsView:
        """What was asked, with the defaults filled in."""
        return self._view.request

    @property
    def explanation(self) -> Explanation | None:
        """Why there is no variant, where there is none."""
        return self._view.explanation

    @property
    def solver(self) -> SolverReport | None:
        """What CP-SAT says of the solve."""
        return self._view.solver

    def __repr__(self) -> str:
        asked = f"{self.request.approach}, equal {self.request.budget}"
        outcome = f"{self.outcome or self.state}, {self.found:,} variants"
        return f"<{type(self).__name__} {_short(self.id)}: {asked}: {outcome}>"


class JobData(AskedData[JobView]):
    """A job as it was when the service was last asked."""

    @property
    def progress(self) -> ProgressView:
        """How far it is."""
        return self._view.progress

    @property
    def request(self) -> JobTerms:
        """What was asked, with the defaults filled in."""
        return self._view.request

    @property
    def results(self) -> Results:
        """Accuracies and gains, partial while it runs; ``None`` stands for what is not known."""
        return self._view.results or NO_RESULTS

    @property
    def notes(self) -> list[str]:
        """What the service decided where the request left it open."""
        return self._view.notes

    def __repr__(self) -> str:
        done = f"{self.progress.runs_done:,} of {self.progress.runs_total:,} runs"
        return f"<{type(self).__name__} {_short(self.id)}: {self.state}, {done}>"


class StudyData(AskedData[StudySummary]):
    """A study as it was when the service was last asked.

    A list of studies does not hold what they drew and found: look at one again for that.
    """

    @property
    def phase(self) -> Phase:
        """``counting``, ``searching``, ``training`` or ``ended``."""
        return self._view.phase

    @property
    def plan_hash(self) -> str:
        """The hash of all that was asked, with the data set's version."""
        return self._view.plan_hash

    @property
    def progress(self) -> ProgressView:
        """How far its runs are; there are none until all was drawn."""
        return self._view.progress

    @property
    def request(self) -> StudyTerms:
        """What was asked, with the defaults filled in."""
        return self._view.request

    @property
    def notes(self) -> list[str]:
        """What the service decided where the request left it open."""
        return self._view.notes

    @property
    def verdict(self) -> Verdict | None:
        """Of the primary contrast; ``None`` before it is known."""
        return self._view.verdict

    @property
    def whole(self) -> StudyView | None:
        """All that it drew and found; ``None`` if it comes from a list."""
        return self._view if isinstance(self._view, StudyView) else None

    @property
    def grid(self) -> list[GridCount]:
        """The grid at each resolution; empty until it was counted."""
        return self.whole.grid if self.whole else []

    @property
    def feasibility(self) -> list[Feasibility]:
        """How many networks of the grid have variants enough; empty until that was counted."""
        return self.whole.feasibility if self.whole else []

    @property
    def plan(self) -> StudyPlan | None:
        """All that was drawn; ``None`` before."""
        return self.whole.plan if self.whole else None

    @property
    def cells(self) -> list[StudyCell]:
        """What it found in each cell, partial while it runs."""
        return self.whole.cells if self.whole else []

    @property
    def networks(self) -> list[StudyOriginal]:
        """The networks that were trained for themselves, where it has no approach."""
        return self.whole.networks if self.whole else []

    def __repr__(self) -> str:
        done = f"{self.progress.runs_done:,} of {self.progress.runs_total:,} runs"
        return f"<{type(self).__name__} {_short(self.id)}: {self.state}, {self.phase}, {done}>"


class VariantData:
    """A stored variant."""

    def __init__(self, view: VariantView) -> None:
        self._view = view

    @property
    def view(self) -> VariantView:
        """All that the service answered."""
        return self._view

    @property
    def id(self) -> str:
        """The search's id and the variant's position in it."""
        return self._view.id

    @property
    def search_id(self) -> str:
        """The search that found it."""
        return self._view.search_id

    @property
    def approach(self) -> str:
        """The approach that made it."""
        return self._view.approach

    @property
    def resolution(self) -> int:
        """Side of its images, in pixels."""
        return self._view.resolution

    @property
    def assignment(self) -> dict[str, int]:
        """The unknowns by the paper's symbols."""
        return self._view.assignment

    @property
    def counts(self) -> Counts:
        """What it costs, per image."""
        return self._view.counts

    @property
    def delta(self) -> Delta:
        """Its counts minus the original's."""
        return self._view.delta

    @property
    def coverage(self) -> float:
        """Share of the input's rows that conv1 reads."""
        return self._view.coverage

    @property
    def receptive_field(self) -> int:
        """Receptive field, in pixels, of the last layer before the first linear one."""
        return self._view.receptive_field

    @property
    def architecture(self) -> Architecture:
        """The network, complete."""
        return self._view.architecture

    def __repr__(self) -> str:
        values = " ".join(f"{symbol}={value}" for symbol, value in self.assignment.items())
        return f"<{type(self).__name__} {self.id}: {values}, {_costs(self.counts)}>"


class ArchitectureData:
    """A stored architecture."""

    def __init__(self, view: ArchitectureView) -> None:
        self._view = view

    @property
    def view(self) -> ArchitectureView:
        """All that the service answered."""
        return self._view

    @property
    def id(self) -> str:
        """Hash of what the network computes."""
        return self._view.id

    @property
    def architecture(self) -> Architecture:
        """The network, with all that was inferred."""
        return self._view.architecture

    @property
    def counts(self) -> Counts:
        """What it costs, per image."""
        return self._view.counts

    @property
    def layers(self) -> list[LayerReport]:
        """What each layer makes, and what it costs."""
        return self._view.layers

    @property
    def groups(self) -> list[WidthGroupView]:
        """Its width groups: channels that are as many everywhere."""
        return self._view.groups

    def __repr__(self) -> str:
        name = self.architecture.name or "unnamed"
        resolution = f"{self.architecture.resolution} px"
        about = f"{name}, {resolution}, {_costs(self.counts)}"
        return f"<{type(self).__name__} {_short(self.id)}: {about}>"


def _costs(counts: Counts) -> str:
    return f"{counts.params:,} parameters, {counts.flops:,} FLOPs"


def _short(id_: str) -> str:
    return id_ if len(id_) <= SHORT_ID else f"{id_[:SHORT_ID]}…"
