import re
from pathlib import Path

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from app.db.engine import Database
from app.services import metrics
from tests.app.api.metrics import read
from tests.factories import queued_job

OPERATIONS = (Path(__file__).parents[3] / "docs/operations.md").read_text()


@pytest.fixture(autouse=True)
def _count_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "KEPT_SECONDS", 0.0)
    monkeypatch.setattr(metrics, "KEPT_FACTOR", 0.0)


@pytest.mark.parametrize("table", ["searches", "jobs", "runs"])
def test_metrics_are_what_sql_counts(client: TestClient, database: Database, table: str) -> None:
    queued_job(database, seeds=3)
    queued_job(database, seeds=2, tag="mnist")

    with database.read() as session:
        query = text(f"SELECT state, count(*) FROM {table} GROUP BY state")
        by_state = {state: number for state, number in session.execute(query)}  # noqa: C416
        variants = session.scalar(text("SELECT count(*) FROM variants"))

    found = read(client)
    shown = {
        labels[0]: value for (name, labels), value in found.items() if name == f"isobudget_{table}"
    }
    assert {state: value for state, value in shown.items() if value} == by_state
    assert found["isobudget_variants", ()] == variants > 0
    assert found["isobudget_runs_oldest_queued_seconds", ()] > 0
    assert found["isobudget_database_up", ()] == 1


def test_every_series_is_described_and_what_is_described_exists(
    sqlite_client: TestClient,
) -> None:
    sqlite_client.get("/healthz")
    parts = re.compile(r"_(bucket|sum|count)$")  # of a histogram
    shown = {parts.sub("", name) for name, _ in read(sqlite_client)}
    shown = {name for name in shown if not name.startswith("process_")}

    assert set(re.findall(r"isobudget_[a-z_]+", OPERATIONS)) == shown


def test_metrics_are_prometheus_own_formats(sqlite_client: TestClient) -> None:
    plain = sqlite_client.get("/metrics")
    new = sqlite_client.get("/metrics", headers={"Accept": "application/openmetrics-text"})

    assert plain.headers["Content-Type"].startswith("text/plain; version=")
    assert "# TYPE isobudget_runs gauge" in plain.text
    assert new.headers["Content-Type"].startswith("application/openmetrics-text")
    assert new.text.endswith("# EOF\n")


def test_memory_and_files_of_the_process_are_among_them(sqlite_client: TestClient) -> None:
    found = read(sqlite_client)

    assert found["process_resident_memory_bytes", ()] > 10_000_000
    assert found["process_open_fds", ()] > 0


@pytest.mark.slow
def test_the_number_of_series_is_bounded_whatever_is_asked(sqlite_client: TestClient) -> None:
    """Every call of ours with every kind of answer that a client brings about, and many others."""
    document = sqlite_client.get("/openapi.json").json()
    for path, item in document["paths"].items():
        for method in item:
            for id_ in ("none", "no such id", "x" * 100):
                sqlite_client.request(method, path.replace("{id}", id_), content=b"{")
        sqlite_client.put(path)
    for number in range(200):
        sqlite_client.request(f"METHOD{number}", f"/nothing/{number}", params={"q": number})

    assert len(read(sqlite_client)) <= 500
