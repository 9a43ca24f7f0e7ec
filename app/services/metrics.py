"""Metrics of the database's contents, in the form that Prometheus reads."""

import threading
import time
from collections.abc import Iterator, Mapping
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from app.db.engine import Database
from app.db.errors import DatabaseError
from app.db.figures import Figures, figures

KEPT_SECONDS: Final = 1.0
KEPT_FACTOR: Final = 10.0
"""Figures are kept for this many times the time of counting them, if that is longer."""


class DatabaseCollector(Collector):
    """Counts the database's contents on request, but never keeps the database busy with that."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._counted: Figures | None = None
        self._kept_until = 0.0

    def collect(self) -> Iterator[Metric]:
        """Yield all figures, or only that the database is down if it cannot be read."""
        counted = self._figures()
        yield GaugeMetricFamily(
            "isobudget_database_up",
            "1 if the database could be read and has our schema.",
            value=float(counted is not None),
        )
        if counted is not None:
            yield from _families(counted)

    def _figures(self) -> Figures | None:
        with self._lock:
            started = time.monotonic()
            if started >= self._kept_until:
                self._counted = self._count()
                took = time.monotonic() - started
                self._kept_until = started + took + max(KEPT_SECONDS, KEPT_FACTOR * took)
            return self._counted

    def _count(self) -> Figures | None:
        try:
            with self._database.read() as session:
                return figures(session)
        except DatabaseError:
            return None


def _families(counted: Figures) -> Iterator[Metric]:
    yield _states("isobudget_searches", "Searches, by state.", counted.searches)
    yield _states("isobudget_jobs", "Jobs, by state.", counted.jobs)
    yield _states("isobudget_studies", "Studies, by state.", counted.studies)
    yield _states("isobudget_runs", "Runs, by state.", counted.runs)
    gauges = (
        ("isobudget_variants", "Variants stored.", counted.variants),
        ("isobudget_runs_lost_leases", "Leases lost by the runs.", counted.lost_leases),
        ("isobudget_runs_overdue", "Running, but their lease is over.", counted.overdue),
        ("isobudget_workers_busy", "Workers that hold a run.", counted.workers),
        (
            "isobudget_runs_oldest_queued_seconds",
            "How long the oldest queued run has waited; 0 if none does.",
            counted.oldest_queued_run,
        ),
        (
            "isobudget_searches_oldest_queued_seconds",
            "How long the oldest queued search has waited; 0 if none does.",
            counted.oldest_queued_search,
        ),
    )
    for name, meaning, value in gauges:
        yield GaugeMetricFamily(name, meaning, value=value)
    counters = (
        ("isobudget_results", "Results recorded.", counted.results),
        ("isobudget_run_attempts", "Times that a worker claimed a run.", counted.attempts),
        (
            "isobudget_late_writes",
            "Writes refused: the run was not held.",
            counted.late_writes,
        ),
    )
    for name, meaning, number in counters:
        yield CounterMetricFamily(name, meaning, value=number)


def _states(name: str, meaning: str, numbers: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(name, meaning, labels=("state",))
    for state, number in numbers.items():
        family.add_metric((state,), number)
    return family
