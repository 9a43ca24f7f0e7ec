"""One job as a page shows it: what the API answers about it, and a row for each network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Experiment:
    """What the API answers about one job: the job, its search, runs and trained variants.

    ``name`` is the name of the original network, if it has one.
    """

    search: Json
    job: Json
    runs: Sequence[Json]
    variants: Sequence[Json]
    name: str | None = None

    @property
    def results(self) -> Json:
        """The job's results; an original without runs while there are none."""
        return self.job["results"] or NO_RESULTS


NO_RESULTS: Final[Json] = {
    "original": {"accuracy": {"mean": None, "sd": None, "n": 0}},
    "variants": [],
    "mean_variant": {"gain": None, "ci": None},
    "selected": {"variant_id": None, "gain": None, "ci": None},
    "best_of_k": {"variant_id": None, "gain": None, "optimistic": True},
}


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
    results, original = experiment.results, experiment.search["original"]
    baseline = results["original"]["accuracy"]["mean"]
    known = {variant["id"]: variant for variant in experiment.variants}
    rows = [_row(experiment, "original", "original", original, results["original"], None)]
    for number, result in enumerate(results["variants"], start=1):
        id_ = result["variant_id"]
        rows.append(_row(experiment, id_, f"V{number}", known.get(id_, {}), result, baseline))
    return rows


def _row(
    experiment: Experiment,
    id_: str,
    label: str,
    network: Json,
    result: Json,
    baseline: float | None,
) -> Row:
    accuracy, counts = result["accuracy"], network.get("counts", {})
    mean = accuracy["mean"]
    return Row(
        id=id_,
        label=label,
        resolution=result["resolution"] if "resolution" in result else network["resolution"],
        assignment=_assignment(network.get("assignment", {})),
        params=counts.get("params"),
        flops=counts.get("flops"),
        mean=mean,
        sd=accuracy["sd"],
        n=accuracy["n"],
        gain=None if mean is None or baseline is None else mean - baseline,
        remarks=_remarks(experiment.results, id_),
        seeds=tuple(
            (run["seed"], run["test_accuracy"])
            for run in experiment.runs
            if run["network"] == id_ and run["test_accuracy"] is not None
        ),
    )


def _remarks(results: Json, id_: str) -> tuple[str, ...]:
    said = {"selected": "selected", "best_of_k": "best of k"}
    return tuple(words for key, words in said.items() if results[key]["variant_id"] == id_)


def _assignment(values: Mapping[str, int]) -> str:
    return " ".join(f"{symbol}={value}" for symbol, value in values.items() if symbol != "N")


def label_of(experiment: Experiment, id_: str) -> str:
    """The label of a network in tables and plots."""
    return next(row.label for row in rows_of(experiment) if row.id == id_)
