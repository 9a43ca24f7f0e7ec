"""The columns of lists as tables for spreadsheets."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final, NamedTuple

from app.db.named_networks import Network, Origin
from app.schemas.datasets import DatasetView, FaultyDatasetView
from app.schemas.jobs import JobView
from app.schemas.results import Accuracy, Gain
from app.schemas.searches import SearchSummary
from app.schemas.studies import StudySummary
from app.schemas.workers import WorkerView
from app.web.tables import Columns


class ListedSearch(NamedTuple):
    """A search, and the name of the network that it starts from."""

    search: SearchSummary
    network: str | None


class ListedJob(NamedTuple):
    """A job, and what its search starts from."""

    job: JobView
    origin: Origin | None


NETWORKS: Final[Columns[Network]] = {
    name: attrgetter(name)
    for name in (
        "id", "name", "resolution", "layers", "params", "macs", "flops", "searches", "created_at",
    )
}  # fmt: skip


SEARCHES: Final[Columns[ListedSearch]] = {
    "id": attrgetter("search.id"),
    "network": attrgetter("network"),
    "architecture_id": attrgetter("search.original.id"),
    "resolution": attrgetter("search.original.resolution"),
    "approach": attrgetter("search.request.approach"),
    "budget": attrgetter("search.request.budget"),
    "count": attrgetter("search.request.count"),
    "scope": attrgetter("search.request.scope"),
    "tolerance_below": attrgetter("search.request.tolerance.below"),
    "tolerance_above": attrgetter("search.request.tolerance.above"),
    "state": attrgetter("search.state"),
    "outcome": attrgetter("search.outcome"),
    "found": attrgetter("search.found"),
    "created_at": attrgetter("search.created_at"),
    "finished_at": attrgetter("search.finished_at"),
}


def _of_origin(name: str) -> Callable[[ListedJob], Any]:
    of = attrgetter(name)
    return lambda it: of(it.origin) if it.origin else None


def _accuracy(listed: ListedJob) -> Accuracy | None:
    return listed.job.results.original.accuracy if listed.job.results else None


def _gain(listed: ListedJob) -> Gain | None:
    return listed.job.results.mean_variant if listed.job.results else None


JOBS: Final[Columns[ListedJob]] = {
    "id": attrgetter("job.id"),
    "dataset": attrgetter("job.request.dataset"),
    "network": _of_origin("name"),
    "architecture_id": _of_origin("architecture_id"),
    "search_id": attrgetter("job.request.search_id"),
    "approach": _of_origin("approach"),
    "budget": _of_origin("budget"),
    "state": attrgetter("job.state"),
    "runs_done": attrgetter("job.progress.runs_done"),
    "runs_total": attrgetter("job.progress.runs_total"),
    "seeds": attrgetter("job.request.seeds"),
    "epochs": attrgetter("job.request.epochs"),
    "original_accuracy": lambda it: (found := _accuracy(it)) and found.mean,
    "original_sd": lambda it: (found := _accuracy(it)) and found.sd,
    "mean_gain": lambda it: (found := _gain(it)) and found.gain,
    "verdict": lambda it: (found := _gain(it)) and found.verdict,
    "created_at": attrgetter("job.created_at"),
}
STUDIES: Final[Columns[StudySummary]] = {
    "id": attrgetter("id"),
    "dataset": attrgetter("request.dataset"),
    "approaches": lambda it: " ".join(it.request.approaches),
    "resolutions": lambda it: " ".join(map(str, it.request.resolutions)),
    "budgets": lambda it: " ".join(it.request.budgets),
    "originals": attrgetter("request.originals"),
    "variants": attrgetter("request.variants"),
    "seeds": attrgetter("request.seeds"),
    "state": attrgetter("state"),
    "phase": attrgetter("phase"),
    "runs_done": attrgetter("progress.runs_done"),
    "runs_total": attrgetter("progress.runs_total"),
    "verdict": attrgetter("verdict"),
    "created_at": attrgetter("created_at"),
}
DATASETS: Final[Columns[DatasetView | FaultyDatasetView]] = {
    "name": attrgetter("name"),
    "resolution": attrgetter("resolution"),
    "channels": attrgetter("channels"),
    "classes": attrgetter("classes"),
    "present": attrgetter("present"),
    "faults": lambda it: "; ".join(it.faults) if isinstance(it, FaultyDatasetView) else None,
}
WORKERS: Final[Columns[WorkerView]] = {
    "name": attrgetter("name"),
    "state": attrgetter("state"),
    "host": attrgetter("host"),
    "process_id": attrgetter("process_id"),
    "engine": attrgetter("engine"),
    "device": attrgetter("device"),
    "versions": lambda it: "; ".join(f"{name} {of}" for name, of in it.versions.items() if of),
    "networks": lambda it: "; ".join(training.architecture_id for training in it.trainings),
    "datasets": lambda it: "; ".join(training.dataset for training in it.trainings),
    "runs_held": lambda it: sum(len(training.seeds) for training in it.trainings),
    "runs_ended": attrgetter("runs_ended"),
    "attempts_lost": attrgetter("attempts_lost"),
    "started_at": attrgetter("started_at"),
    "seen_at": attrgetter("seen_at"),
    "stopped_at": attrgetter("stopped_at"),
}
