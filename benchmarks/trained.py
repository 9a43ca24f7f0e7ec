"""Jobs whose runs have ended, recorded as a worker does, without training anything."""

from pathlib import Path
from typing import Any, Final

import numpy as np

from app.db import runs
from app.db.engine import Database
from app.db.runs import Claim
from app.schemas.environments import Environment
from app.schemas.requests import JobRequest
from app.services import jobs
from trainer.summary import settle_next

WORKER: Final = "benchmark"
LEASE: Final = 600.0
AT_ONCE: Final = 100
TEST_IMAGES: Final = 360


def trained_job(database: Database, search_id: str, variants: int, seeds: int) -> str:
    """The id of a job of random variants on digits; all of its runs have succeeded."""
    chosen = {"select": "random", "count": variants}
    asked = {"search_id": search_id, "dataset": "digits", "seeds": seeds, "variants": chosen}
    id_ = jobs.create(database, JobRequest.model_validate(asked), None, Path())
    random = np.random.default_rng(0)
    while True:
        with database.write() as session:
            held = runs.claim(session, WORKER, LEASE, AT_ONCE)
        if not held:
            break
        with database.write() as session:
            runs.beat(session, held, LEASE, {claim.id: _epochs(claim, random) for claim in held})
            for claim in held:
                runs.finish(session, claim, _result(claim, random))
    _settle(database)
    return id_


def _settle(database: Database) -> None:
    is_left = True
    while is_left:
        with database.write() as session:
            is_left = settle_next(session)


def _epochs(claim: Claim, random: np.random.Generator) -> list[dict[str, Any]]:
    accuracies = np.sort(random.uniform(0.1, 0.9, claim.target_epochs))
    return [
        {
            "epoch": epoch,
            "train_loss": float(1 - accuracy),
            "validation_loss": float(1 - accuracy),
            "validation_accuracy": float(accuracy),
            "seconds": 0.1,
        }
        for epoch, accuracy in enumerate(accuracies, start=1)
    ]


def _result(claim: Claim, random: np.random.Generator) -> dict[str, Any]:
    correct = random.uniform(size=TEST_IMAGES) < random.normal(0.8, 0.05)
    return {
        "test_accuracy": float(correct.mean()),
        "validation_accuracy": float(correct.mean()),
        "seconds": 0.1 * claim.target_epochs,
        "test_correct": np.packbits(correct).tobytes(),
        "environment": Environment(seed=claim.seed),
    }
