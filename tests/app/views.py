"""What the API answers, as JSON, with good defaults."""

from typing import Any

from app.experiments.recipes import Recipe
from app.shipped import example
from app.states import FINAL
from solver.problem import Question, Settings
from tests.studies import terms

SEARCH_ID = "5ea7c4"
JOB_ID = "10b10b"
STUDY_ID = "57d1e5"
TIME = "2026-11-23T20:31:00Z"
QUESTION = Question.model_validate(
    {"approach": "IV", "budget": "params", "ranges": {"resolution": [6, 8]}}
)


def counts() -> dict[str, int]:
    return {"params": 2972, "macs": 4124, "flops": 4124, "activations": 288}


def search_view(**changes: Any) -> dict[str, Any]:
    """A search that has ended."""
    return {
        "id": SEARCH_ID,
        "state": "succeeded",
        "created_at": TIME,
        "finished_at": TIME,
        "request": {
            **QUESTION.model_dump(mode="json"),
            **Settings().model_dump(mode="json"),
            "architecture_id": "0",
            "tolerance": {"below": 0.0, "above": 0.0},
        },
        "original": {"id": "0", "resolution": 5, "counts": counts()},
        "outcome": "complete",
        "found": 1556,
        "solver": None,
        "explanation": None,
        "error": None,
        "variants": [],
        "next": None,
        **changes,
    }


def variant_view(position: int = 0, resolution: int = 8) -> dict[str, Any]:
    return {
        "id": f"{SEARCH_ID}-{position}",
        "search_id": SEARCH_ID,
        "approach": "IV",
        "resolution": resolution,
        "assignment": {"N": resolution, "K1": 3, "C1": 6},
        "counts": counts(),
        "delta": {"params": 0, "macs": 0, "flops": 0},
        "coverage": 1.0,
        "receptive_field": 5,
        "architecture": example("digits-architecture"),
    }


def job_view(state: str = "succeeded", done: int = 15, **changes: Any) -> dict[str, Any]:
    """A job of fifteen runs."""
    return {
        "id": JOB_ID,
        "state": state,
        "created_at": TIME,
        "finished_at": TIME,
        "progress": {
            "runs_done": done,
            "runs_total": 15,
            "fraction": done / 15,
            "eta_seconds": None,
        },
        "request": {
            "search_id": SEARCH_ID,
            "dataset": "digits",
            "variants": {"select": "random", "count": 4, "seed": 0},
            "seeds": 3,
            "epochs": 10,
            "recipe": Recipe().model_dump(mode="json"),
            "training_images": None,
            "inputs": "native",
        },
        "priority": 0,
        "notes": [],
        "error": None,
        "results": None,
        **changes,
    }


def study_summary(state: str = "succeeded", **changes: Any) -> dict[str, Any]:
    """A study of thirty runs, as lists have it."""
    return {
        "id": STUDY_ID,
        "state": state,
        "phase": "ended" if state in FINAL else "training",
        "created_at": TIME,
        "finished_at": TIME,
        "plan_hash": "ab" * 32,
        "progress": {"runs_done": 3, "runs_total": 30, "fraction": 0.1, "eta_seconds": None},
        "request": terms().model_dump(mode="json"),
        "priority": 0,
        "notes": ["a note"],
        "error": None,
        "verdict": "not_decided",
        **changes,
    }


def study_view(state: str = "succeeded", **changes: Any) -> dict[str, Any]:
    """A study that has found nothing yet."""
    return {
        **study_summary(state),
        "grid": [{"resolution": 6, "combinations": 4, "invalid": 0}],
        "feasibility": [],
        "plan": {},
        "cells": [],
        "networks": [],
        **changes,
    }


def worker_view(**changes: Any) -> dict[str, Any]:
    return {
        "name": "worker-1",
        "state": "idle",
        "host": "host",
        "process_id": 4711,
        "engine": "process",
        "device": None,
        "versions": {"python": "3.11", "torch": None},
        "started_at": TIME,
        "seen_at": TIME,
        "stopped_at": None,
        "seen_seconds": 1.5,
        "trainings": [],
        "runs_ended": 3,
        "attempts_lost": 0,
        **changes,
    }


def run_view(network: str = "original", seed: int = 0, **changes: Any) -> dict[str, Any]:
    """A run that has ended."""
    return {
        "id": f"run-{network}-{seed}",
        "network": network,
        "architecture_id": "0",
        "resolution": 5,
        "seed": seed,
        "state": "succeeded",
        "starts_from": None,
        "reused": False,
        "epochs_wanted": 10,
        "attempt": 1,
        "worker": "host:1",
        "lost_attempts": [],
        "test_accuracy": 0.9 + seed / 100,
        "validation_accuracy": 0.9,
        "seconds": 0.5,
        "environment": None,
        "epochs": [],
        "failure": None,
        "error": None,
        "started_at": TIME,
        "finished_at": TIME,
        **changes,
    }


def epoch_view(epoch: int = 1, accuracy: float = 0.9) -> dict[str, Any]:
    """What a run measured after an epoch."""
    return {
        "epoch": epoch,
        "train_loss": 1.0,
        "validation_loss": 1.0,
        "validation_accuracy": accuracy,
        "seconds": 0.1,
    }
