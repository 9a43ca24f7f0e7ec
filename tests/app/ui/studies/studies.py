"""Studies as the API answers them, with good defaults."""

from typing import Any

from app.experiments.recipes import Recipe
from app.schemas.studies import StudyView
from app.shipped import example
from tests.app.views import TIME

RUNS_HEAD = (
    "study,plan_hash,approach,resolution,budget,original,role,variant_id,architecture_id,params,"
    "flops,seed,state,test_accuracy,validation_accuracy,seconds,worker,attempt,failure,run_id"
)


def study(
    *,
    cells: list[dict[str, Any]] | None = None,
    approaches: tuple[str, ...] = ("III", "IV"),
    resolutions: tuple[int, ...] = (12, 16),
    contrast: str = "true_minus_upsampled",
    dataset: str = "mnist",
    **changes: Any,
) -> StudyView:
    """A study that has ended; its first cell of approach IV is primary."""
    if cells is None:
        cells = [
            cell(approach, resolution, is_primary=(approach, resolution) == ("IV", 12))
            for approach in approaches
            for resolution in resolutions
        ]
    primary = {"approach": "IV", "resolution": 12, "budget": "params", "contrast": contrast}
    return StudyView.model_validate(
        {
            "id": "57d1e5",
            "state": "succeeded",
            "phase": "ended",
            "created_at": TIME,
            "finished_at": TIME,
            "plan_hash": "a1b2c3d4e5f6",
            "progress": {"runs_done": 90, "runs_total": 90, "fraction": 1.0, "eta_seconds": None},
            "request": {
                "dataset": dataset,
                "resolutions": resolutions,
                "approaches": approaches,
                "architecture": example("digits-architecture"),
                "primary": primary if approaches else None,
                "recipe": Recipe().model_dump(mode="json"),
                "dataset_version": "1",
                "originals": 3,
                "training_images": 5_000,
            },
            "priority": 0,
            "notes": ["2 originals were left out"],
            "error": None,
            "verdict": "better",
            "grid": [{"resolution": 12, "combinations": 324, "invalid": 18}],
            "feasibility": [feasibility()],
            "plan": None,
            "cells": cells,
            "networks": [],
            **changes,
        }
    )


def networks() -> StudyView:
    """A study without approaches, as of Fig. 1: two networks of each of three resolutions."""
    found = [
        original(member=4 * place + number, resolution=side, mean=0.80 + 0.05 * place, seed=number)
        | {"params": 1_000 * (number + 1), "flops": 5_000 * (place + 1), "variants": []}
        for place, side in enumerate((7, 14, 28))
        for number in range(2)
    ]
    return study(cells=[], approaches=(), resolutions=(7, 14, 28), networks=found, feasibility=[])


def cell(
    approach: str = "IV", resolution: int = 12, *, is_primary: bool = True, **changes: Any
) -> dict[str, Any]:
    """A cell with three originals, each with two variants and a re-training."""
    return {
        "approach": approach,
        "resolution": resolution,
        "budget": "params",
        "is_primary": is_primary,
        "originals": 3,
        "accuracy": accuracy(0.9482),
        "seconds": [1.25, 2.75],
        "mean_variant": estimate(-0.0401, (-0.1, 0.02), verdict="not_decided", needed=41),
        "selected": estimate(0.0012, (-0.01, 0.012), verdict="not_decided", needed=300),
        "best_of_k": {"gain": 0.0221, "ci": [0.01, 0.034], "n": 3},
        "best_of_k_null": {"gain": 0.0107, "ci": [0.004, 0.017], "n": 3},
        "best_minus_null": estimate(0.0114, (-0.003, 0.026)),
        "true_minus_upsampled": estimate(0.0153, (0.0021, 0.0285), verdict="better"),
        "upsampled_minus_original": estimate(-0.0554, (-0.09, -0.02), verdict="worse"),
        "same_resolution": estimate(None),
        "no_more_rows": estimate(None),
        "better": {"share": 0.42, "ci": [0.2, 0.67], "n": 3},
        "spread": {},
        "networks": [original(member=number, seed=number) for number in (7, 19, 23)],
        **changes,
    }


def estimate(
    gain: float | None = 0.01, ci: tuple[float, float] | None = None, **changes: Any
) -> dict[str, Any]:
    p = None if ci is None else 0.031
    return {"gain": gain, "ci": ci, "p": p, "p_adjusted": p, "n": 3, **changes}


def original(
    *, member: int = 7, resolution: int = 12, mean: float = 0.94, seed: int = 0
) -> dict[str, Any]:
    variants = [
        network(f"v{member}-{it}", f"s-{it}", resolution + 3 + it, mean + it / 100)
        for it in range(2)
    ]
    return {
        **network(f"o{member}", None, resolution, mean + (seed % 5) / 500),
        "member": member,
        "found": 120,
        "retrained": [mean, mean + 0.01],
        "variants": variants,
    }


def network(id_: str, variant: str | None, resolution: int, mean: float) -> dict[str, Any]:
    return {
        "architecture_id": id_,
        "variant_id": variant,
        "resolution": resolution,
        "params": 4_434,
        "flops": 131_900 if variant else 92_975,
        "accuracy": accuracy(mean),
        "validation_accuracy": accuracy(mean),
        "seconds": 1.5,
    }


def accuracy(mean: float | None) -> dict[str, Any]:
    return {"mean": mean, "sd": 0.01, "n": 3}


def feasibility(**changes: Any) -> dict[str, Any]:
    return {
        "approach": "IV",
        "resolution": 12,
        "budget": "params",
        "tolerance": 0.0,
        "originals": 306,
        "with_variants": 41,
        "with_any": 47,
        "unknown": 2,
        **changes,
    }


def results_csv(*rows: dict[str, Any]) -> str:
    """A table of runs; columns that a row leaves out are empty."""
    names = RUNS_HEAD.split(",")
    lines = [",".join(str(row.get(name, "")) for name in names) for row in rows]
    return "\n".join([RUNS_HEAD, *lines, ""])
