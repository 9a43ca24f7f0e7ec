"""The commands of ``docker-compose.yml``, run without Docker on a real PostgreSQL, as it would."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import make_url

from app.keys import new_key
from app.shipped import example
from tests.containers import compose, stages, words
from tests.databases import new_postgres
from tests.e2e.processes import free_port, is_ready, running
from tests.factories import PATIENCE, until

pytestmark = pytest.mark.postgres

KEY = new_key()
SERVICES: dict[str, Any] = compose(POSTGRES_PASSWORD="secret", ISOBUDGET_BOOTSTRAP_KEY=KEY)[
    "services"
]


class Machine:
    """Stands in for Docker: runs a service's own command in its own environment.

    Only what a machine gives a container is another here: the server's address, the port, the
    folders.
    """

    def __init__(self, url: str, folder: Path) -> None:
        self.port = free_port()
        self.url = make_url(url)
        self._folder = folder

    def command(self, service: str) -> list[str]:
        """Arguments of ``python -m``."""
        assert words(stages()["api"].last("ENTRYPOINT")) == ["isobudget"]
        return ["app.cli", *SERVICES[service]["command"]]

    def environment(self, service: str) -> dict[str, str]:
        own = dict(SERVICES[service]["environment"])
        if "ISOBUDGET_DATABASE_URL" in own:
            given = make_url(own["ISOBUDGET_DATABASE_URL"])
            assert (given.drivername, given.host, given.port) == (
                "postgresql+psycopg",
                "postgres",
                5432,
            )
            own["ISOBUDGET_DATABASE_URL"] = self.url.render_as_string(hide_password=False)
        if "ISOBUDGET_PORT" in own:
            own["ISOBUDGET_PORT"] = str(self.port)
        folders = {"XDG_DATA_HOME": str(self._folder), "XDG_CACHE_HOME": str(self._folder)}
        server = {"PGPORT": str(self.url.port or 5432)}
        return {**os.environ, **server, **folders, **own}

    def run(self, service: str, *arguments: str) -> int:
        """Run a service to its end, or another command in its place; the exit code."""
        command = ["app.cli", *arguments] if arguments else self.command(service)
        command = [sys.executable, "-m", *command]
        return subprocess.run(command, env=self.environment(service), timeout=PATIENCE).returncode

    def is_healthy(self, service: str) -> bool:
        """Run its health check."""
        form, program, *arguments = SERVICES[service]["healthcheck"]["test"]
        assert form == "CMD"
        program = sys.executable if program == "python" else program
        environment = self.environment(service)
        checked = subprocess.run(
            [program, *arguments], env=environment, timeout=PATIENCE, stderr=subprocess.DEVNULL
        )
        return checked.returncode == 0


@pytest.fixture
def machine(postgres_url: str, tmp_path: Path) -> Iterator[Machine]:
    """With an empty database on a server that runs."""
    assert postgres_url
    with new_postgres() as url:
        yield Machine(url, tmp_path)


def test_the_services_one_after_the_other_take_a_job_to_its_end(
    machine: Machine, tmp_path: Path
) -> None:
    assert machine.is_healthy("postgres")
    assert not machine.is_healthy("api")
    assert machine.run("migrate") == 0
    api = machine.environment("api")
    with running(machine.command("api"), api) as serving, client_of(machine) as client:
        until(lambda: is_ready(client))
        assert machine.is_healthy("api")
        assert httpx2.get(f"{client.base_url}/v1/jobs").status_code == 401
        job = posted_job(client)
        work_off(machine, workers=2)
        ended = client.get(f"/v1/jobs/{job['id']}").json()
        assert ended["state"] == "succeeded"
        assert ended["results"]["original"]["accuracy"]["n"] == 2
        assert machine.run("migrate") == 0  # as every start does
        assert machine.run("api", "backup", str(tmp_path / "copy.dump")) == 0
        serving.terminate()
        serving.wait(grace("api"))


def client_of(machine: Machine) -> httpx2.Client:
    headers = {"Authorization": f"Bearer {KEY}"}
    return httpx2.Client(
        base_url=f"http://127.0.0.1:{machine.port}", headers=headers, timeout=PATIENCE
    )


def posted_job(client: httpx2.Client) -> dict[str, Any]:
    wait = {"Prefer": "wait=50"}  # OR-Tools takes long to load where much else runs
    search = client.post("/v1/searches", json=example("digits-search"), headers=wait).json()
    body = {
        "search_id": search["id"],
        "dataset": "digits",
        "seeds": 2,
        "epochs": 1,
        "variants": {"select": "random", "count": 1},
    }
    answer = client.post("/v1/jobs", json=body).raise_for_status()
    job: dict[str, Any] = answer.json()
    return job


def work_off(machine: Machine, workers: int) -> None:
    """Scale the workers; they end when nothing is queued."""
    command = [*machine.command("worker"), "--exit-when-idle"]
    with ExitStack() as stack:
        environment = machine.environment("worker")
        started = [stack.enter_context(running(command, environment)) for _ in range(workers)]
        assert [worker.wait(PATIENCE) for worker in started] == [0] * workers


def test_an_idle_worker_ends_in_the_time_that_it_is_given(machine: Machine) -> None:
    machine.run("migrate")
    with running(machine.command("worker"), machine.environment("worker")) as worker:
        until(lambda: catches_sigterm(worker))
        worker.terminate()
        assert worker.wait(grace("worker")) == 0


def test_a_service_without_its_database_ends_with_an_error_and_is_not_healthy(
    machine: Machine,
) -> None:
    machine.url = machine.url.set(port=1)

    assert machine.run("migrate") == 1
    assert not machine.is_healthy("postgres")


def catches_sigterm(process: subprocess.Popen[bytes]) -> bool:
    """Whether it has come so far that it ends in its own way."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    (caught,) = (line.split()[1] for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


def grace(service: str) -> float:
    """How long Docker waits before it kills, in seconds."""
    return float(SERVICES[service]["stop_grace_period"].removesuffix("s"))
