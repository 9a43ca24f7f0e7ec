"""The logs of real processes: every line is an event, and says what it is about."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from app.db.engine import Database
from app.shipped import example
from tests.e2e.processes import environment, running, serving
from tests.factories import PATIENCE

Events = list[dict[str, Any]]


def events(log: Path) -> Events:
    """All of them: a line that is no JSON fails the test."""
    return [json.loads(line) for line in log.read_text().splitlines()]


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> tuple[Events, Events]:
    """What the API and a worker log of a search and a job, as JSON since no terminal reads it."""
    folder = tmp_path_factory.mktemp("logs")
    path = folder / "test.sqlite"
    path.write_bytes(migrated_file.read_bytes())
    database = Database(f"sqlite:///{path}")
    api, worker = folder / "api.log", folder / "worker.log"
    with serving(database, api) as client:
        body = example("digits-search")
        search = client.post("/v1/searches", json=body, headers={"X-Request-ID": "s1"}).json()
        job = {"search_id": search["id"], "dataset": "digits", "seeds": 1, "epochs": 1}
        client.post("/v1/jobs", json=job, headers={"X-Request-ID": "j1"}).raise_for_status()
        bad = {"X-Request-ID": "bad", "Content-Type": "application/json"}
        client.post("/v1/jobs", content=b"{", headers=bad)
        client.get("/nothing?a=%0Ab", headers={"X-Request-ID": "odd"})
        work = ["trainer", "--exit-when-idle"]
        with running(work, environment(database, poll=0.1), worker) as working:
            assert working.wait(PATIENCE) == 0
    database.close()
    return events(api), events(worker)


def of(request_id: str, logged: Sequence[dict[str, Any]]) -> dict[str, Any]:
    (line,) = [event for event in logged if event.get("request_id") == request_id]
    return line


def test_every_event_has_its_time_level_and_process(logs: tuple[Events, Events]) -> None:
    for event in (*logs[0], *logs[1]):
        assert {"time", "level", "logger", "pid", "message"} <= set(event)
        assert event["level"] in ("info", "warning")


def test_a_request_is_logged_once_with_its_id_and_what_it_made(
    logs: tuple[Events, Events],
) -> None:
    search, job, bad, odd = (of(id_, logs[0]) for id_ in ("s1", "j1", "bad", "odd"))

    assert (search["method"], search["path"], search["status"]) == ("POST", "/v1/searches", 201)
    assert len(search["search_id"]) == len(job["job_id"]) == 32
    assert (bad["status"], "job_id" in bad) == (422, False)
    assert (odd["status"], odd["path"]) == (404, "/nothing?a=%0Ab")


def test_what_a_worker_logs_of_a_run_names_the_run(logs: tuple[Events, Events]) -> None:
    about_runs = [event for event in logs[1] if event["message"].startswith("run ")]

    assert len(about_runs) >= 2 * 5  # the original and four variants: started, ended
    for event in about_runs:
        ids = [event["run_id"]] if isinstance(event["run_id"], str) else event["run_id"]
        assert any(id_ in event["message"] for id_ in ids)
