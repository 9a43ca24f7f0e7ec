"""Counts and times requests for Prometheus."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
OTHER: Final = "other"
BUCKETS: Final = (0.005, 0.025, 0.1, 0.5, 2.0, 10.0, 60.0)
"""Seconds; the last is a minute, since a client may wait that long for a search."""


class Traffic:
    """Counts and times requests, by labels with a bounded number of values: no ids, no paths.

    A route is its template, ``/v1/jobs/{id}``; ``other`` stands for unknown routes and methods.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "isobudget_http_requests",
            "Requests answered by this process.",
            ("method", "route", "status"),
            registry=registry,
        )
        self._seconds = Histogram(
            "isobudget_http_request_duration_seconds",
            "Time to the end of the response.",
            ("method", "route"),
            buckets=BUCKETS,
            registry=registry,
        )
        self._series: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def note(self, method: str, route: object, status: int, seconds: float) -> None:
        """Note a request to a route of the application, or to none, that has been answered."""
        path: str = getattr(route, "path", OTHER)
        key = (method if method in METHODS else OTHER, path, status)
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = self._found(*key)
        counter, histogram = series
        counter.inc()
        histogram.observe(seconds)

    def _found(self, method: str, path: str, status: int) -> tuple[Counter, Histogram]:
        """Return the series of a request, which prometheus_client looks up slowly.

        A method that a route does not have is not timed with it: that would be ten more series.
        """
        timed = (OTHER, OTHER) if status == 405 else (method, path)
        return self._requests.labels(method, path, status), self._seconds.labels(*timed)
