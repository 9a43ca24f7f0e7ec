"""The tables of jobs and studies for spreadsheets; accuracies and gains are fractions."""

from collections.abc import Iterator
from operator import attrgetter
from typing import Any, Final, NamedTuple

from app.schemas.results import BestOfK, Gain, Results
from app.schemas.study_results import Estimate, StudyCell
from app.ui.studies.cells import ESTIMATES, estimate_of
from app.web.tables import Columns
from app.web.training.job_page import TrainedNetwork


class JobEstimate(NamedTuple):
    """What the variants of a job gain, by one reading."""

    name: str
    found: Gain | BestOfK


class CellEstimate(NamedTuple):
    """What the variants of a study's cell gain, by one reading."""

    cell: StudyCell
    name: str
    found: Estimate


def estimates_of_job(results: Results) -> Iterator[JobEstimate]:
    """Yield the estimates that a job's page shows."""
    if results.mean_variant is not None:
        yield JobEstimate("mean_variant", results.mean_variant)
    yield JobEstimate("selected", results.selected)
    yield JobEstimate("best_of_k", results.best_of_k)


def estimates_of_cell(cell: StudyCell) -> Iterator[CellEstimate]:
    """Yield all estimates of a cell."""
    return (CellEstimate(cell, name, estimate_of(cell, name)) for name in ESTIMATES)


def _end(found: Any, place: int) -> float | None:
    """An end of an interval, where there is one."""
    interval = getattr(found, "ci", None)
    return interval and interval[place]


NETWORKS: Final[Columns[TrainedNetwork]] = {
    "network": attrgetter("row.id"),
    "label": attrgetter("row.label"),
    "resolution": attrgetter("row.resolution"),
    "test_accuracy": attrgetter("row.mean"),
    "test_sd": attrgetter("row.sd"),
    "gain": attrgetter("row.gain"),
    "validation_accuracy": attrgetter("validation.mean"),
    "validation_sd": attrgetter("validation.sd"),
    "seeds": attrgetter("row.n"),
    "params": attrgetter("row.params"),
    "flops": attrgetter("row.flops"),
    "unknowns": attrgetter("row.assignment"),
    "remarks": lambda it: "; ".join(it.row.remarks),
}
JOB_ESTIMATES: Final[Columns[JobEstimate]] = {
    "estimate": attrgetter("name"),
    "gain": attrgetter("found.gain"),
    "low": lambda it: _end(it.found, 0),
    "high": lambda it: _end(it.found, 1),
    "p": lambda it: getattr(it.found, "p", None),
    "verdict": lambda it: getattr(it.found, "verdict", None),
}
STUDY_ESTIMATES: Final[Columns[CellEstimate]] = {
    "approach": attrgetter("cell.approach"),
    "resolution": attrgetter("cell.resolution"),
    "budget": attrgetter("cell.budget"),
    "is_primary": attrgetter("cell.is_primary"),
    "estimate": attrgetter("name"),
    "gain": attrgetter("found.gain"),
    "low": lambda it: _end(it.found, 0),
    "high": lambda it: _end(it.found, 1),
    "p": attrgetter("found.p"),
    "p_adjusted": attrgetter("found.p_adjusted"),
    "originals": attrgetter("found.n"),
    "verdict": attrgetter("found.verdict"),
    "needed": attrgetter("found.needed"),
}
