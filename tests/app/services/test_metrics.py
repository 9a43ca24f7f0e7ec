from dataclasses import replace
from pathlib import Path

import pytest

from app.db import figures
from app.db.engine import Database
from app.services import metrics
from app.services.metrics import DatabaseCollector
from tests.factories import queued_job


def values(collector: DatabaseCollector) -> dict[str, float]:
    """Those without a state."""
    return {
        sample.name: sample.value
        for family in collector.collect()
        for sample in family.samples
        if not sample.labels
    }


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which only the test lets pass."""
    now = [100.0]
    monkeypatch.setattr("app.services.metrics.time.monotonic", lambda: now[0])
    return now


def test_what_was_counted_is_kept_for_a_second(
    sqlite_database: Database, clock: list[float]
) -> None:
    collector = DatabaseCollector(sqlite_database)
    values(collector)
    queued_job(sqlite_database, seeds=2)

    clock[0] += 0.9
    assert values(collector)["isobudget_variants"] == 0
    clock[0] += 0.2
    assert values(collector)["isobudget_variants"] == 20


def test_what_takes_long_to_count_is_counted_less_often(
    sqlite_database: Database, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    times: list[float] = []

    def slowly(session: object) -> figures.Figures:
        times.append(clock[0])
        clock[0] += 3.0
        return figures.figures(session)  # type: ignore[arg-type]

    monkeypatch.setattr(metrics, "figures", slowly)
    collector = DatabaseCollector(sqlite_database)
    for _ in range(1000):
        values(collector)
        clock[0] += 1.0

    share = 3.0 * len(times) / (clock[0] - 100.0)
    assert share < 0.1


@pytest.mark.parametrize("url", ["postgresql+psycopg://nobody@127.0.0.1:1/none", "sqlite:///{}"])
def test_a_database_that_cannot_be_read_is_down_and_nothing_more_is_said(
    tmp_path: Path, url: str
) -> None:
    database = Database(url.format(tmp_path / "not-migrated.sqlite"))

    assert values(DatabaseCollector(database)) == {"isobudget_database_up": 0.0}
    database.close()


def test_a_database_that_comes_back_is_counted_again(
    tmp_path: Path, migrated_file: Path, clock: list[float]
) -> None:
    path = tmp_path / "late.sqlite"
    database = Database(f"sqlite:///{path}")
    collector = DatabaseCollector(database)
    assert values(collector)["isobudget_database_up"] == 0
    database.close()

    path.write_bytes(migrated_file.read_bytes())
    clock[0] += 2

    assert values(collector)["isobudget_database_up"] == 1
    database.close()


def test_refused_writes_are_shown(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert values(DatabaseCollector(sqlite_database))["isobudget_late_writes_total"] == 0
    counted = figures.figures
    monkeypatch.setattr(
        metrics, "figures", lambda session: replace(counted(session), late_writes=7)
    )

    assert values(DatabaseCollector(sqlite_database))["isobudget_late_writes_total"] == 7
