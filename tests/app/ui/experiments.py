"""Experiments as the API answers them, with good defaults."""

from collections.abc import Sequence
from typing import Any

from app.ui.experiment import Experiment

SEARCH_ID = "5ea7c4"
JOB_ID = "10b10b"
RESOLUTIONS = (6, 7, 7, 8)


def experiment(
    *,
    gain: float | None = 0.02,
    interval: tuple[float, float] | None = (0.01, 0.03),
    name: str | None = "lenet-5",
    resolutions: Sequence[int] = RESOLUTIONS,
    **job: Any,
) -> Experiment:
    """A job that trained an original of 5 px, and variants with three seeds each."""
    ids = [f"{SEARCH_ID}-{position}" for position in range(len(resolutions))]
    pairs = list(zip(ids, resolutions, strict=True))
    results = {
        "original": {"accuracy": _accuracy(0.90)},
        "variants": [
            {
                "variant_id": id_,
                "resolution": resolution,
                "accuracy": _accuracy(0.92),
                "validation_accuracy": _accuracy(0.93),
            }
            for id_, resolution in pairs
        ],
        "mean_variant": {"gain": gain, "ci": interval},
        "selected": {"variant_id": ids[1], "gain": gain, "ci": interval},
        "best_of_k": {"variant_id": ids[2], "gain": gain, "optimistic": True},
    }
    return Experiment(
        search=search(),
        job={**_job(results), **job},
        runs=[
            run for id_, resolution in (("original", 5), *pairs) for run in _runs(id_, resolution)
        ],
        variants=[_variant(id_, resolution) for id_, resolution in pairs],
        name=name,
    )


def search(**changes: Any) -> dict[str, Any]:
    """A search that has ended."""
    return {
        "id": SEARCH_ID,
        "request": {
            "approach": "IV",
            "budget": "params",
            "scope": "network",
            "tolerance": {"below": 0.0, "above": 0.0},
            "ranges": {"resolution": [6, 8]},
        },
        "original": {"id": "0", "resolution": 5, "counts": _counts()},
        "outcome": "complete",
        "found": 1556,
        **changes,
    }


def _job(results: Any) -> dict[str, Any]:
    return {
        "id": JOB_ID,
        "state": "succeeded",
        "finished_at": "2026-11-23T20:31:00Z",
        "progress": {"runs_done": 15, "runs_total": 15, "fraction": 1.0, "eta_seconds": 0.0},
        "request": {
            "dataset": "digits",
            "variants": {"select": "random", "count": 4, "seed": 0},
            "seeds": 3,
            "epochs": 10,
            "recipe": {"name": "paper", "optimizer": "adadelta", "batch_size": 100},
        },
        "notes": [],
        "error": None,
        "results": results,
    }


def _runs(network: str, resolution: int) -> list[dict[str, Any]]:
    return [
        {
            "network": network,
            "resolution": resolution,
            "seed": seed,
            "test_accuracy": 0.9 + seed / 100,
            "seconds": 0.5,
            "reused": False,
        }
        for seed in range(3)
    ]


def _variant(id_: str, resolution: int) -> dict[str, Any]:
    return {
        "id": id_,
        "resolution": resolution,
        "assignment": {"N": resolution, "K1": 3, "C1": 6},
        "counts": _counts(),
    }


def _counts() -> dict[str, int]:
    return {"params": 2972, "macs": 4124, "flops": 4124, "activations": 288}


def _accuracy(mean: float) -> dict[str, Any]:
    return {"mean": mean, "sd": 0.01, "n": 3}
