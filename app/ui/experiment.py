"""One job as a page shows it: what the API answers about it, and a row for each network."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.schemas.jobs import JobView, RunView
from app.schemas.results import NO_RESULTS, Accuracy, Results
from app.schemas.searches import SearchSummary
from app.schemas.variants import VariantView
from solver.network.counting import Counts


@dataclass(frozen=True)
class Experiment:
    """What the API answers about one job: the job, its search, runs and trained variants.

    ``name`` is the name of the original network, if it has one.
    """

    search: SearchSummary
    job: JobView
    runs: Sequence[RunView]
    variants: Sequence[VariantView]
    name: str | None = None

    @property
    def results(self) -> Results:
        """The job's results; an original without runs while there are none."""
        return self.job.results or NO_RESULTS


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
    remarks: tuple[str, ...]
    seeds: tuple[tuple[int, float], ...]
    """Seed and test accuracy of each run that has ended."""


def rows_of(experiment: Experiment) -> list[Row]:
    """The original first, then its variants as V1, V2, … in the job's order."""
    results, original = experiment.results, experiment.search.original
    known = {variant.id: variant for variant in experiment.variants}
    accuracy = results.original.accuracy
    rows = [
        _row(experiment, "original", "original", original.resolution, accuracy, original.counts, {})
    ]
    for number, result in enumerate(results.variants, start=1):
        id_ = result.variant_id
        variant = known.get(id_)
        counts = variant.counts if variant else None
        values = variant.assignment if variant else {}
        label, resolution = f"V{number}", result.resolution
        rows.append(_row(experiment, id_, label, resolution, result.accuracy, counts, values))
    return rows


def _row(
    experiment: Experiment,
    id_: str,
    label: str,
    resolution: int,
    accuracy: Accuracy,
    counts: Counts | None,
    values: Mapping[str, int],
) -> Row:
    baseline = None if id_ == "original" else experiment.results.original.accuracy.mean
    mean = accuracy.mean
    return Row(
        id=id_,
        label=label,
        resolution=resolution,
        assignment=_assignment(values),
        params=counts.params if counts else None,
        flops=counts.flops if counts else None,
        mean=mean,
        sd=accuracy.sd,
        n=accuracy.n,
        gain=None if mean is None or baseline is None else mean - baseline,
        remarks=tuple(_remarks(experiment.results, id_)),
        seeds=tuple(
            (run.seed, run.test_accuracy)
            for run in experiment.runs
            if run.network == id_ and run.test_accuracy is not None
        ),
    )


def _remarks(results: Results, id_: str) -> Iterator[str]:
    if results.selected.variant_id == id_:
        yield "selected"
    if results.best_of_k.variant_id == id_:
        yield "best of k"


def _assignment(values: Mapping[str, int]) -> str:
    return " ".join(f"{symbol}={value}" for symbol, value in values.items() if symbol != "N")


def label_of(experiment: Experiment, id_: str) -> str:
    """The label of a network in tables and plots."""
    return next(row.label for row in rows_of(experiment) if row.id == id_)
