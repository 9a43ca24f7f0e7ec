"""One job as a page shows it: what the API answers about it, and a row for each network."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from app.experiments.curves import CurvePoint
from app.schemas.jobs import JobView
from app.schemas.results import NO_RESULTS, UNKNOWN, Accuracy, Results, VariantResult
from app.schemas.searches import SearchSummary
from app.schemas.variants import VariantView
from solver.network.counting import Counts

ORIGINAL: Final = "original"
"""The id of the original's row, and its label."""


class TrainedRun(Protocol):
    """What is told of a run: :class:`app.schemas.jobs.RunView` has it, and so do outlines."""

    @property
    def network(self) -> str:
        """``original``, or the variant's id."""

    @property
    def seed(self) -> int:
        """Of its training."""

    @property
    def reused(self) -> bool:
        """Whether others had asked for it before."""

    @property
    def test_accuracy(self) -> float | None:
        """A fraction; ``None`` until it has ended."""

    @property
    def seconds(self) -> float | None:
        """Training time; ``None`` until it has ended."""


@dataclass(frozen=True)
class Experiment:
    """What the API answers about one job: the job, its search, runs and trained variants.

    ``curves`` are the validation accuracies over the seeds of each network that has begun, by its
    id. ``name`` is the name of the original network, if it has one.
    """

    search: SearchSummary
    job: JobView
    runs: Sequence[TrainedRun]
    variants: Sequence[VariantView]
    curves: Mapping[str, Sequence[CurvePoint]]
    name: str | None = None

    @property
    def results(self) -> Results:
        """The job's results; networks of which nothing is known while there are none."""
        return self.job.results or NO_RESULTS.model_copy(update={"variants": self._untested})

    @property
    def _untested(self) -> list[VariantResult]:
        return [
            VariantResult(
                variant_id=variant.id,
                resolution=variant.resolution,
                accuracy=UNKNOWN,
                validation_accuracy=UNKNOWN,
            )
            for variant in self.variants
        ]


@dataclass(frozen=True)
class Row:
    """One trained network; accuracies and gains are fractions, ``None`` where not known yet."""

    id: str
    label: str
    resolution: int
    assignment: str
    params: int | None
    flops: int | None
    mean: float | None
    sd: float | None
    n: int
    gain: float | None
    remarks: tuple[str, ...] = ()
    seeds: tuple[tuple[int, float], ...] = ()
    """Seed and test accuracy of each run that has ended."""


def rows_of(experiment: Experiment) -> list[Row]:
    """The original first, then its variants as V1, V2, … in the job's order."""
    results, original = experiment.results, experiment.search.original
    known = {variant.id: variant for variant in experiment.variants}
    seeds = _seeds(experiment)
    accuracy = results.original.accuracy
    baseline = accuracy.mean
    rows = [_row(ORIGINAL, ORIGINAL, original.resolution, accuracy, None, original.counts, {})]
    for number, result in enumerate(results.variants, start=1):
        variant = known.get(result.variant_id)
        counts = variant.counts if variant else None
        values = variant.assignment if variant else {}
        label, resolution = f"V{number}", result.resolution
        rows.append(
            _row(result.variant_id, label, resolution, result.accuracy, baseline, counts, values)
        )
    return [
        replace(row, remarks=tuple(_remarks(results, row.id)), seeds=tuple(seeds[row.id]))
        for row in rows
    ]


def _seeds(experiment: Experiment) -> Mapping[str, list[tuple[int, float]]]:
    """Seed and test accuracy of each run that has ended, by network."""
    found = defaultdict(list)
    for run in experiment.runs:
        if run.test_accuracy is not None:
            found[run.network].append((run.seed, run.test_accuracy))
    return found


def _row(
    id_: str,
    label: str,
    resolution: int,
    accuracy: Accuracy,
    baseline: float | None,
    counts: Counts | None,
    values: Mapping[str, int],
) -> Row:
    mean = accuracy.mean
    return Row(
        id=id_,
        label=label,
        resolution=resolution,
        assignment=assigned(values),
        params=counts.params if counts else None,
        flops=counts.flops if counts else None,
        mean=mean,
        sd=accuracy.sd,
        n=accuracy.n,
        gain=None if mean is None or baseline is None else mean - baseline,
    )


def _remarks(results: Results, id_: str) -> Iterator[str]:
    if results.selected.variant_id == id_:
        yield "selected"
    if results.best_of_k.variant_id == id_:
        yield "best of k"


def assigned(values: Mapping[str, int]) -> str:
    """``K1=3 C1=6``: the unknowns, but for the resolution."""
    return " ".join(f"{symbol}={value}" for symbol, value in values.items() if symbol != "N")


def label_of(experiment: Experiment, id_: str) -> str:
    """The label of a network in tables and plots."""
    return next(row.label for row in rows_of(experiment) if row.id == id_)
