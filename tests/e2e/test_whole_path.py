"""The main job over HTTP, with a server and workers that are processes of their own."""

import os
import signal
from typing import Any

import httpx2
from sqlalchemy import func, select

from app.db.engine import Database
from app.db.models import EpochRow, ResultRow, RunRow
from app.shipped import example
from tests.e2e.processes import environment, running, serving
from tests.factories import until

EPOCHS = 60
LEASE = 6.0
"""Long enough to be kept on a busy machine; it ends while the next worker starts."""


def post_job(client: httpx2.Client, **changes: Any) -> dict[str, Any]:
    search = client.post("/v1/searches", json=example("digits-search")).json()
    body = {**example("digits-job"), "search_id": search["id"], **changes}
    job: dict[str, Any] = client.post("/v1/jobs", json=body).json()
    return job


def ended(client: httpx2.Client, job: dict[str, Any]) -> dict[str, Any] | None:
    now: dict[str, Any] = client.get(f"/v1/jobs/{job['id']}").json()
    return now if now["state"] not in ("queued", "running") else None


def test_a_job_is_finished_by_another_worker_when_one_is_killed_in_the_middle_of_a_run(
    database: Database,
) -> None:
    env = environment(database, lease=LEASE, poll=0.1)
    with serving(database) as client:
        variants = {"select": "random", "count": 1, "seed": 0}
        job = post_job(client, seeds=1, epochs=EPOCHS, variants=variants)
        with running(["trainer"], env) as killed:
            run_id, epochs = until(lambda: under_way(database))
            os.kill(killed.pid, signal.SIGKILL)
            killed.wait()

        assert 0 < epochs < EPOCHS
        with running(["trainer"], env):
            job = until(lambda: ended(client, job))

        assert job["state"] == "succeeded"
        items = client.get(f"/v1/jobs/{job['id']}/runs").json()["items"]
        attempts = {run["id"]: run["attempt"] for run in items}
        assert attempts.pop(run_id) == 2
        assert set(attempts.values()) == {1}
        assert all(len(run["epochs"]) == EPOCHS for run in items)
    with database.read() as session:
        recorded = session.execute(select(ResultRow.run_id, ResultRow.attempt)).all()
        assert len(recorded) == len(items)
        assert session.scalar(select(func.count()).select_from(EpochRow)) == EPOCHS * len(items)


def under_way(database: Database) -> tuple[str, int] | None:
    """The run that is being trained, once it has measured some epochs."""
    with database.read() as session:
        query = (
            select(RunRow.id, func.count())
            .join(EpochRow, EpochRow.run_id == RunRow.id)
            .where(RunRow.state == "running")
            .group_by(RunRow.id)
        )
        row = session.execute(query).first()
    return (row[0], row[1]) if row else None
