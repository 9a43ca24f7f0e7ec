"""The tables of jobs for spreadsheets; accuracies and gains are fractions."""

from collections.abc import Iterator
from operator import attrgetter
from typing import Final, NamedTuple

from app.schemas.results import BestOfK, Gain, HalvingResult, Results, RungResult
from app.web.tables import Columns
from app.web.training.intervals import high_of, low_of
from app.web.training.job_page import TrainedNetwork


class JobEstimate(NamedTuple):
    """What the variants of a job gain, by one reading."""

    name: str
    found: Gain | BestOfK


class Try(NamedTuple):
    """A variant on a rung of successive halving; rungs are numbered from 1."""

    number: int
    rung: RungResult
    variant_id: str

    @property
    def validation_accuracy(self) -> float | None:
        """The mean over seeds, once all variants of the rung are trained."""
        return (self.rung.validation_accuracy or {}).get(self.variant_id)

    @property
    def is_kept(self) -> bool | None:
        """Whether the variant goes on; ``None`` until that is decided."""
        return None if self.rung.kept is None else self.variant_id in self.rung.kept


def estimates_of(results: Results) -> Iterator[JobEstimate]:
    """Yield the estimates that a job's page shows."""
    if results.mean_variant is not None:
        yield JobEstimate("mean_variant", results.mean_variant)
    yield JobEstimate("selected", results.selected)
    yield JobEstimate("best_of_k", results.best_of_k)


def tries_of(halving: HalvingResult | None) -> Iterator[Try]:
    """Yield the variants of each rung; none of a job that does not halve."""
    for number, rung in enumerate(halving.rungs if halving else (), 1):
        for variant_id in rung.tried:
            yield Try(number, rung, variant_id)


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
ESTIMATES: Final[Columns[JobEstimate]] = {
    "estimate": attrgetter("name"),
    "gain": attrgetter("found.gain"),
    "low": lambda it: low_of(it.found),
    "high": lambda it: high_of(it.found),
    "p": lambda it: getattr(it.found, "p", None),
    "verdict": lambda it: getattr(it.found, "verdict", None),
}
RUNGS: Final[Columns[Try]] = {
    "rung": attrgetter("number"),
    "epochs": attrgetter("rung.epochs"),
    "variant_id": attrgetter("variant_id"),
    "validation_accuracy": attrgetter("validation_accuracy"),
    "is_kept": attrgetter("is_kept"),
}
