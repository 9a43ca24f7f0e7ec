"""The steps from a study's terms to its plan and its runs."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.db import studies
from app.db.engine import Database
from app.experiments.catalogue import Dataset
from app.schemas.study_plans import StudyPlan
from app.schemas.study_terms import StudyTerms
from app.services.planner.collecting import Collecting
from app.services.planner.counting import Counted, counted
from app.services.planner.drawing import Drawn, draw, draw_networks
from app.services.planner.holding import Hold
from app.services.planner.searching import Searching, UnplannableError
from app.services.solvers import Limits, Solvers
from app.services.study_arms import needs_of


@dataclass(frozen=True)
class Planning:
    """One attempt at planning a study.

    Each step gives the same whenever it is done again, and only the last one queues runs: another
    attempt after a crash begins anew, and finds the searches of the first one answered.
    """

    database: Database
    solvers: Solvers
    hold: Hold
    terms: StudyTerms
    dataset: Dataset

    def run(self, limits: Limits) -> None:
        """Count, draw, search, and queue the runs.

        Raises
        ------
        UnplannableError
            The study cannot go on.
        solver.processes.process.SolverStartError
            No child process can be started.
        app.services.planner.holding.StoppedError, app.db.errors.LostLeaseError
            The work is to be given up.
        """
        found = counted(self.terms, self.dataset, limits, self.hold.check)
        drawn = draw(self.terms, found)
        self._store_counts(found, drawn.notes)
        plan = self._plan(found, drawn)
        if not (plan.networks or any(cell.originals for cell in plan.cells)):
            raise UnplannableError(self._nothing())
        self._store_plan(plan, [*drawn.notes, *_notes(self.terms, plan)])

    def _store_counts(self, found: Counted, notes: Sequence[str]) -> None:
        id_, attempt = self.hold.id, self.hold.attempt
        grid, feasibility = found.grid_counts(), found.feasibility(self.terms)
        self.hold.write(
            lambda session: studies.counted(session, id_, attempt, grid, feasibility, notes)
        )

    def _plan(self, found: Counted, drawn: Drawn) -> StudyPlan:
        """Have variants of all originals searched for, and collect them."""
        collecting = Collecting(self.database, self.hold, self.terms)
        if not self.terms.approaches:
            networks = collecting.networks(draw_networks(self.terms, found))
            return StudyPlan(networks=tuple(networks))
        searching = Searching(self.database, self.solvers, self.hold, self.terms, self.dataset)
        ids = searching.found(drawn.originals)
        return StudyPlan(cells=tuple(collecting.cells(drawn.originals, ids)))

    def _store_plan(self, plan: StudyPlan, notes: Sequence[str]) -> None:
        id_, attempt = self.hold.id, self.hold.attempt
        needs = needs_of(self.terms, plan)
        self.hold.write(lambda session: studies.plan(session, id_, attempt, plan, needs, notes))

    def _nothing(self) -> str:
        """Why there is nothing to train."""
        if not self.terms.approaches:
            return "no network of the grid is valid at these resolutions"
        return (
            f"no network of the grid has {self.terms.variants} variants in any cell; allow a "
            "tolerance, ask for fewer variants, or give the grid or the ranges more values"
        )


def _notes(terms: StudyTerms, plan: StudyPlan) -> list[str]:
    """Where the control of equal resolution has fewer variants than the others."""
    if "same_resolution" not in terms.controls:
        return []
    originals = [it for cell in plan.cells if cell.has_controls for it in cell.originals]
    few = sum(len(it.same_resolution) < terms.variants for it in originals)
    if not few:
        return []
    return [
        f"{few} of {len(originals)} originals have fewer than {terms.variants} variants of their "
        "own resolution, for the control"
    ]
