"""Reading what streams of events tell."""

import json
from collections.abc import Iterator
from typing import Any

from starlette.testclient import TestClient


def events(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    """Read events as a browser does."""
    event: dict[str, Any] = {}
    for line in lines:
        if not line:
            if event:
                yield {**event, "data": json.loads(event["data"])}
            event = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(": ")
            event[name] = value


def told(client: TestClient, job_id: str, last: str | None = None) -> list[dict[str, Any]]:
    """All events of a job that ends, from a place on."""
    headers = {"Last-Event-ID": last} if last else {}
    with client.stream("GET", f"/v1/jobs/{job_id}/events", headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        return list(events(answer.iter_lines()))


def about(found: list[dict[str, Any]]) -> list[Any]:
    """What events say, but for the progress, which depends on when one looks."""
    return [(event["event"], event["data"]) for event in found if event["event"] != "progress"]
