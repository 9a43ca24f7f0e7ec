"""A job in outline: what a page and a report show of it, read at once."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.db import architectures, jobs, outlines
from app.db.engine import Database
from app.db.identity import network_name
from app.db.outlines import RunOutline
from app.experiments.curves import CurvePoint
from app.schemas.jobs import JobView
from app.schemas.searches import SearchSummary
from app.schemas.variants import VariantView
from app.services import searches, variants
from app.services.job_views import job_view
from app.states import FINAL, RunState


@dataclass(frozen=True, kw_only=True)
class JobStanding:
    """How far a job is, run by run."""

    job: JobView
    runs: Sequence[RunOutline]

    @property
    def is_open(self) -> bool:
        """Whether more is to come."""
        return self.job.state not in FINAL

    @property
    def states(self) -> Mapping[RunState, int]:
        """The number of runs in each state, the most frequent first."""
        return dict(Counter(run.state for run in self.runs).most_common())

    @property
    def can_retry(self) -> bool:
        """Whether the job has ended, and something in it failed or was cancelled."""
        return not self.is_open and not {"failed", "cancelled"}.isdisjoint(self.states)

    @property
    def workers(self) -> list[str]:
        """The names of the workers that train something of the job now."""
        busy = {run.worker for run in self.runs if run.state == "running" and run.worker}
        return sorted(busy)


@dataclass(frozen=True, kw_only=True)
class JobOutline(JobStanding):
    """A job with its search, its runs, and its variants in the job's order.

    Attributes
    ----------
    name
        That of the original network, if it has one.
    curves
        The validation accuracies over the seeds of each network, by the networks' names.
    """

    search: SearchSummary
    name: str | None
    variants: Sequence[VariantView]
    curves: Mapping[str, Sequence[CurvePoint]]


def standing(database: Database, id_: str) -> JobStanding:
    """How far a job is.

    Raises
    ------
    app.db.errors.NotFoundError
        There is none with this id.
    """
    with database.read() as session:
        job = jobs.get(session, id_)
        return JobStanding(job=job_view(session, job), runs=outlines.runs(session, id_))


def get(database: Database, id_: str) -> JobOutline:
    """All that a page shows of a job.

    Raises
    ------
    app.db.errors.NotFoundError
        There is none with this id.
    """
    with database.read() as session:
        job = jobs.get(session, id_)
        search_id = job.search_id
        search = searches.summarised(session, search_id)
        curves = outlines.curves(session, id_)
        runs = outlines.runs(session, id_)
        positions = [it for it in dict.fromkeys(run.variant for run in runs) if it is not None]
        return JobOutline(
            job=job_view(session, job),
            search=search,
            name=architectures.get(session, search.original.id).name,
            runs=runs,
            variants=variants.at(database, session, search_id, positions),
            curves={network_name(search_id, it): points for it, points in curves.items()},
        )
