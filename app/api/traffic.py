"""Gives every request an id, for logs and its response, and measures how long it takes."""

import re
import time
import uuid
from collections.abc import Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.logs import about

REQUEST_ID: Final = "X-Request-ID"
REQUEST_ID_PATTERN: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
RESOURCE: Final = re.compile(r"/v1/(jobs|searches)/([A-Za-z0-9_-]{1,64})(?:/|$)")
ID_NAMES: Final[Mapping[str, str]] = {"jobs": "job_id", "searches": "search_id"}

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

    def note(self, scope: Scope, status: int, seconds: float) -> None:
        """Note a request that has been answered."""
        method = scope["method"] if scope["method"] in METHODS else OTHER
        route = getattr(scope.get("route"), "path", OTHER)
        self._requests.labels(method, route, status).inc()
        self._seconds.labels(method, route).observe(seconds)


class Observed:
    """Wraps an application from outside, so that answers to its failures are noted, too."""

    def __init__(self, app: ASGIApp, traffic: Traffic) -> None:
        self._app = app
        self._traffic = traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(Headers(scope=scope))
        started, status = time.perf_counter(), 500

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] != "http.response.start":
                await send(message)
                return
            status = message["status"]
            headers = MutableHeaders(scope=message)
            headers[REQUEST_ID] = request_id
            with about(**_ids(headers.get("Location", ""))):  # the server logs the request now
                await send(message)

        with about(request_id=request_id, **_ids(scope["path"])):
            try:
                await self._app(scope, receive, send_on)
            finally:
                self._traffic.note(scope, status, time.perf_counter() - started)


def _request_id(headers: Headers) -> str:
    """The client's id, if it can be put into logs and headers as it is; otherwise a new one."""
    given = headers.get(REQUEST_ID, "")
    return given if REQUEST_ID_PATTERN.fullmatch(given) else uuid.uuid4().hex


def _ids(path: str) -> dict[str, str]:
    """Which job or search a path is about."""
    found = RESOURCE.match(path)
    return {ID_NAMES[found[1]]: found[2]} if found else {}
