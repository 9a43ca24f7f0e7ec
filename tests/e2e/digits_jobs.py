"""Jobs on the variants of a search, trained on digits."""

from pathlib import Path
from typing import Any

from app.db.engine import Database
from tests.workers import settings_in
from trainer.worker import Worker


def trained(
    client: Any, database: Database, folder: Path, search_id: str, *, count: int, seeds: int
) -> Any:
    """Train some variants of a search and their original, and return the job, which succeeded."""
    job = {
        "search_id": search_id,
        "dataset": "digits",
        "variants": {"select": "random", "count": count},
        "seeds": seeds,
        "recipe": {"name": "fast", "epochs": 4},
    }
    accepted = client.post("/v1/jobs", json=job)
    assert accepted.status_code == 202

    Worker(database, settings_in(folder, lease=60)).work(exit_when_idle=True)

    ended = client.get(accepted.headers["Location"]).json()
    runs = client.get(f"{accepted.headers['Location']}/runs").json()["items"]
    assert ended["state"] == "succeeded", [run["error"] for run in runs]
    return ended
