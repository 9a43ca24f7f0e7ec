"""What a search through the API costs beyond the solve, and how fast the API is beside busy cores.

- ``search_overhead_ms``: the time of a search through the API, from a client on a kept connection,
  beyond 1.05 times that of the same solve in process. Searches come back to back. They differ in
  their ``limit`` alone, so that none is answered from the database. Each way takes its turn; it is
  the median of the differences, of the worse of a small and a larger search.
- ``p99_busy_ms``: the 99th percentile of ``GET`` of a search with its first 50 variants, while a
  solver and a trainer saturate both cores.

``python -m benchmarks.api_searches [--quick] [--json]``
"""

import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx2

from app.db.engine import Database
from app.db.schema import migrate
from app.shipped import example
from benchmarks.timing import report
from solver.answers.search import solve
from solver.problem import SolveRequest

START_SECONDS: Final = 60.0
SMALL: Final[dict[str, Any]] = example("digits-search")
LARGER: Final[dict[str, Any]] = {
    **example("digits-search"),
    "tolerance": 0.3,
    "find": {"best": "min_flops", "top": 10},
}
"""Of many solutions few are answered: to store many takes its own time (``benchmarks.storing``)."""
ENDLESS: Final[dict[str, Any]] = {
    **example("digits-search"),
    "tolerance": 1.0,
    "ranges": {"resolution": [6, 500], "padding": [0, 60], "stride": [1, 60]},
    "time_limit": 3600.0,
}
JOB: Final[dict[str, Any]] = {
    "dataset": "digits",
    "variants": {"select": "random", "count": 4},
    "seeds": 3,
    "epochs": 1_000,
}
GOALS: Final = {"search_overhead_ms": "at most 20", "p99_busy_ms": "at most 50"}


def measure(is_quick: bool) -> dict[str, float]:
    """The figures."""
    with TemporaryDirectory() as folder, served(Path(folder)) as client:
        overhead = search_overhead_ms(client, 20 if is_quick else 100)
        return {
            "search_overhead_ms": overhead,
            "p99_busy_ms": _busy(client, Path(folder), is_quick),
        }


def search_overhead_ms(client: httpx2.Client, rounds: int) -> float:
    """The milliseconds that a search through the API costs beyond 1.05 times its solve."""
    return max(_overhead_ms(client, body, rounds) for body in (SMALL, LARGER))


def _overhead_ms(client: httpx2.Client, body: Mapping[str, Any], rounds: int) -> float:
    request = SolveRequest.model_validate(body)
    differences = []
    for limit in range(100_000, 100_000 + rounds):
        started = time.perf_counter()
        answer = client.post("/v1/searches", json={**body, "limit": limit})
        searched = time.perf_counter() - started
        assert answer.status_code == 201, answer.text
        started = time.perf_counter()
        solve(request.problem, request.settings)
        differences.append(searched - 1.05 * (time.perf_counter() - started))
    return 1e3 * statistics.median(differences)


def _busy(client: httpx2.Client, folder: Path, is_quick: bool) -> float:
    search = client.post("/v1/searches", json=SMALL).json()
    client.post("/v1/jobs", json={**JOB, "search_id": search["id"]}).raise_for_status()
    headers = {"Prefer": "wait=0"}
    client.post("/v1/searches", json=ENDLESS, headers=headers).raise_for_status()
    with _running(["work"], _environment(folder)):
        _until(lambda: client.get("/metrics").text.count("isobudget_workers_busy 1.0") == 1)
        return p99_busy_ms(client, f"/v1/searches/{search['id']}", 5.0 if is_quick else 30.0)


def p99_busy_ms(client: httpx2.Client, url: str, seconds: float) -> float:
    """The 99th percentile of the milliseconds that a ``GET`` takes, one every 10 ms."""
    took = []
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        started = time.perf_counter()
        client.get(url).raise_for_status()
        took.append(time.perf_counter() - started)
        time.sleep(0.01)
    return 1e3 * statistics.quantiles(took, n=100)[98]


def _environment(folder: Path) -> dict[str, str]:
    settings = {
        "DATABASE_URL": f"sqlite:///{folder / 'benchmark.sqlite'}",
        "DATA_DIR": str(folder),
        "CACHE_DIR": str(folder / "cache"),
        "CHECKPOINTS": str(folder / "checkpoints"),
        "SOLVER_PROCESSES": "1",
    }
    return {**os.environ, **{f"ISOBUDGET_{name}": value for name, value in settings.items()}}


@contextmanager
def served(folder: Path) -> Iterator[httpx2.Client]:
    """A server on an empty SQLite database, and a client of it."""
    database = Database(_environment(folder)["ISOBUDGET_DATABASE_URL"])
    migrate(database)
    database.close()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["serve", "--port", str(port), "--no-access-log"]
    with ExitStack() as stack:
        stack.enter_context(_running(command, _environment(folder)))
        client = stack.enter_context(
            httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False)
        )
        _until(lambda: _answers(client))
        yield client


@contextmanager
def _running(command: list[str], environment: dict[str, str]) -> Iterator[None]:
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", *command], env=environment, stderr=quiet
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _answers(client: httpx2.Client) -> bool:
    try:
        return client.get("/readyz").is_success
    except httpx2.TransportError:
        return False


def _until(condition: Any) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


if __name__ == "__main__":
    report(
        "What a search through the API costs, and how fast the API is beside busy cores",
        measure,
        GOALS,
    )
