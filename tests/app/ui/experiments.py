"""Experiments as the API answers them, with good defaults."""

from collections.abc import Sequence
from typing import Any

from app.schemas.jobs import JobView, RunView
from app.schemas.searches import SearchView
from app.schemas.variants import VariantView
from app.ui.charts.curves import curves_of
from app.ui.experiment import Experiment
from tests.app.views import SEARCH_ID, epoch_view, job_view, run_view, search_view, variant_view

RESOLUTIONS = (6, 7, 7, 8)
EPOCHS = [epoch_view(1, 0.7), epoch_view(2, 0.9)]


def experiment(
    *,
    gain: float | None = 0.02,
    interval: tuple[float, float] | None = (0.01, 0.03),
    name: str | None = "lenet-5",
    resolutions: Sequence[int] = RESOLUTIONS,
    results: Any = ...,
    verdict: str | None = None,
    **job: Any,
) -> Experiment:
    """A job that trained an original of 5 px, and variants with three seeds each."""
    ids = [f"{SEARCH_ID}-{position}" for position in range(len(resolutions))]
    known = _results(ids, resolutions, gain, interval) if results is ... else results
    if verdict is not None:
        known["mean_variant"]["verdict"] = verdict
    runs = [
        RunView.model_validate(run_view(network, seed, epochs=EPOCHS))
        for network in ("original", *ids)
        for seed in range(3)
    ]
    return Experiment(
        search=SearchView.model_validate(search_view()),
        job=JobView.model_validate(job_view(**{"results": known, **job})),
        runs=runs,
        variants=[
            VariantView.model_validate(variant_view(position, resolution))
            for position, resolution in enumerate(resolutions)
        ],
        curves=curves_of(runs),
        name=name,
    )


def halved() -> Experiment:
    """A job that trained only the best to the end: there is no mean variant."""
    ids = [f"{SEARCH_ID}-{position}" for position in range(len(RESOLUTIONS))]
    results = _results(ids, RESOLUTIONS, 0.02, (0.01, 0.03))
    results["mean_variant"] = None
    results["variants"][0]["accuracy"] = {"mean": None, "sd": None, "n": 0}
    return experiment(results=results)


def _results(
    ids: Sequence[str],
    resolutions: Sequence[int],
    gain: float | None,
    interval: tuple[float, float] | None,
) -> dict[str, Any]:
    return {
        "original": {"accuracy": _accuracy(0.90)},
        "variants": [
            {
                "variant_id": id_,
                "resolution": resolution,
                "accuracy": _accuracy(0.92),
                "validation_accuracy": _accuracy(0.93),
            }
            for id_, resolution in zip(ids, resolutions, strict=True)
        ],
        "mean_variant": {"gain": gain, "ci": interval},
        "selected": {"variant_id": ids[1], "gain": gain, "ci": interval},
        "best_of_k": {"variant_id": ids[2], "gain": gain, "optimistic": True},
    }


def _accuracy(mean: float) -> dict[str, Any]:
    return {"mean": mean, "sd": 0.01, "n": 3}
