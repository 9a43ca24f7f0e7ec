"""A job in outline: what a page and a report show of it, read at once."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.db import architectures, jobs, outlines
from app.db.engine import Database, Session
from app.db.identity import split_id
from app.db.models import JobRow
from app.db.outlines import CurvePoint, LostAttempt
from app.experiments.failures import Failure
from app.schemas.jobs import JobView
from app.schemas.searches import SearchSummary
from app.schemas.variants import VariantView
from app.services import searches, variants
from app.services.job_views import job_view, network_name
from app.states import FINAL, RunState


@dataclass(frozen=True)
class Run:
    """A run of a job without its epochs; ``network`` is ``original``, or the variant's id."""

    id: str
    network: str
    resolution: int
    seed: int
    state: RunState
    reused: bool
    epochs_done: int
    epochs_wanted: int
    attempt: int
    worker: str | None
    test_accuracy: float | None
    validation_accuracy: float | None
    seconds: float | None
    failure: Failure | None
    error: str | None
    lost: Sequence[LostAttempt] = ()


@dataclass(frozen=True, kw_only=True)
class JobStanding:
    """How far a job is, run by run."""

    job: JobView
    runs: Sequence[Run]

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
        return JobStanding(job=job_view(session, job), runs=_runs(session, job))


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
        runs = _runs(session, job)
        names = dict.fromkeys(run.network for run in runs)
        positions = [split_id(name)[1] for name in names if name != "original"]
        return JobOutline(
            job=job_view(session, job),
            search=search,
            name=architectures.get(session, search.original.id).name,
            runs=runs,
            variants=variants.at(database, session, search_id, positions),
            curves={network_name(search_id, it): points for it, points in curves.items()},
        )


def _runs(session: Session, job: JobRow) -> list[Run]:
    lost = outlines.lost_attempts(session, job.id)
    runs = []
    for row in outlines.runs(session, job.id):
        fields = row._asdict()
        network = network_name(job.search_id, fields.pop("variant"))
        runs.append(Run(**fields, network=network, lost=lost.get(row.id, ())))
    return runs
