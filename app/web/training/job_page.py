"""What the page of a job shows: its networks with their runs, its estimates and its plots."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean, stdev
from typing import Final

from app.db.errors import existing
from app.db.outlines import RunOutline
from app.schemas.results import Accuracy, HalvingResult
from app.services.job_outlines import JobOutline
from app.ui.charts.job import charts
from app.ui.experiment import ORIGINAL, Experiment, Row, rows_of
from app.ui.plots.chart import Chart
from app.ui.report import asked_of
from app.ui.sentences import budget_of, headline
from app.web.networks.comparing import MOST as MOST_COMPARED
from app.web.training.estimates import EstimateRow, estimates

MOST_LISTED: Final = 2_000
"""With more runs than this, a page lists only those of networks that need attention."""


@dataclass(frozen=True)
class TrainedNetwork:
    """A network of a job: the row of the results' table, and its runs."""

    row: Row
    link: str
    validation: Accuracy
    runs: Sequence[RunOutline]

    @property
    def states(self) -> Mapping[str, int]:
        """The number of runs in each state."""
        return Counter(run.state for run in self.runs)

    @property
    def needs_attention(self) -> bool:
        """Whether a run failed or an attempt was lost."""
        return any(run.lost or run.state == "failed" for run in self.runs)


class JobPage:
    """A job, as its page shows it."""

    def __init__(self, outline: JobOutline) -> None:
        self.outline = outline
        self.job = outline.job
        self.experiment = Experiment(
            search=outline.search,
            job=outline.job,
            runs=outline.runs,
            variants=outline.variants,
            curves=outline.curves,
            name=outline.name,
        )

    @property
    def title(self) -> str:
        """What is trained, and at which budget."""
        name = self.outline.name or "An architecture"
        return f"{name}: larger images at {budget_of(self.outline.search.request)}"

    @property
    def comparison(self) -> str:
        """The address of some networks side by side: the original, those with a remark, others."""
        ordered = sorted(self.networks[1:], key=lambda it: not it.row.remarks)
        ids = [self.outline.search.original.id, *(it.row.id for it in ordered)]
        return f"/compare?ids={','.join(ids[:MOST_COMPARED])}"

    @property
    def lists_runs(self) -> bool:
        """Whether the page lists all runs; in a larger job each network has a page of its own."""
        return len(self.outline.runs) <= MOST_LISTED

    def network(self, id_: str) -> TrainedNetwork:
        """One of the networks.

        Raises
        ------
        NotFoundError
            The job has none with this id.
        """
        found = next((it for it in self.networks if it.row.id == id_), None)
        return existing(found, "network of this job")

    @property
    def asked(self) -> Sequence[tuple[str, str]]:
        """The names and values of what was asked for."""
        return [*asked_of(self.experiment), ("Seeds", f"{self.job.request.seeds} a network")]

    @property
    def headline(self) -> str:
        """The mean variant against the original, in a sentence."""
        return headline(self.experiment)

    @property
    def halving(self) -> HalvingResult | None:
        """How successive halving chose, if it did."""
        return self.experiment.results.halving

    @cached_property
    def networks(self) -> Sequence[TrainedNetwork]:
        """The original first, then its variants in the job's order."""
        runs = defaultdict(list)
        for run in self.outline.runs:
            runs[run.network].append(run)
        validated = {
            it.variant_id: it.validation_accuracy for it in self.experiment.results.variants
        }
        return [
            TrainedNetwork(
                row,
                self._link(row),
                validated.get(row.id) or _validated(runs[row.id]),
                runs[row.id],
            )
            for row in rows_of(self.experiment)
        ]

    def _link(self, row: Row) -> str:
        if row.id == ORIGINAL:
            return f"/networks/{self.outline.search.original.id}"
        return f"/variants/{row.id}"

    @property
    def estimates(self) -> Iterator[EstimateRow]:
        """What the variants gain, by three readings, once something is known."""
        return estimates(self.experiment)

    @property
    def charts(self) -> Iterator[Chart]:
        """The accuracies, the learning curves, and accuracy against what networks cost."""
        rows, links = [it.row for it in self.networks], {it.row.id: it.link for it in self.networks}
        return charts(rows, self.outline.curves, links)


def _validated(runs: Sequence[RunOutline]) -> Accuracy:
    """The validation accuracy over runs that have ended; results do not hold the original's."""
    known = [run.validation_accuracy for run in runs if run.validation_accuracy is not None]
    return Accuracy(
        mean=fmean(known) if known else None,
        sd=stdev(known) if len(known) > 1 else None,
        n=len(known),
    )
