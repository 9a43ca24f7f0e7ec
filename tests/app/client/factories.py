"""A service that answers what a script says, and remembers what it was asked."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import httpx2

from app.client import AsyncClient, Client
from tests.app.views import JOB_ID

Answer = httpx2.Response | Exception | Callable[[httpx2.Request], httpx2.Response]
URL: Final = "http://service"


def answer(document: Any, status: int = 200, **headers: str) -> httpx2.Response:
    """JSON; ``Retry_After`` stands for the header ``Retry-After``."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.Response(status, json=document, headers=named)


def refusal(
    status: int, detail: str = "no", errors: Sequence[Mapping[str, str]] = (), **headers: str
) -> httpx2.Response:
    """A problem."""
    document = {"title": "Refused", "status": status, "detail": detail, "errors": [*errors]}
    return answer(document, status, **headers)


def page(items: Sequence[Any], following: str | None = None) -> httpx2.Response:
    return answer({"items": [*items], "next": following})


def away() -> Exception:
    """Nobody listens."""
    return httpx2.ConnectError("refused")


def lost() -> Exception:
    """The connection broke after the request had been sent."""
    return httpx2.ReadError("reset")


class Script:
    """Gives its answers one after another, and then the last one again and again."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = [*answers]
        self.requests: list[httpx2.Request] = []
        self.pauses: list[float] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        given = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(given, Exception):
            raise given
        return given(request) if callable(given) else given

    @property
    def calls(self) -> list[str]:
        """Methods and paths, with queries."""
        return [f"{it.method} {it.url.raw_path.decode()}" for it in self.requests]

    def header(self, name: str) -> list[str | None]:
        """A header of each request."""
        return [request.headers.get(name) for request in self.requests]

    def body(self) -> Any:
        """The last body."""
        return json.loads(self.requests[-1].content)

    def client(self, **options: Any) -> Client:
        """A client that passes no time."""
        transport = httpx2.MockTransport(self)
        return Client(URL, transport=transport, sleep=self.pauses.append, **options)

    def async_client(self, **options: Any) -> AsyncClient:
        """The same, in an event loop."""

        async def pause(seconds: float) -> None:
            self.pauses.append(seconds)

        transport = httpx2.MockTransport(self)
        return AsyncClient(URL, transport=transport, sleep=pause, **options)


def event(name: str, data: Any, id_: str) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\nid: {id_}\n\n"


def run_event(seed: int, id_: str) -> str:
    data = {
        "run_id": f"run-original-{seed}",
        "network": "original",
        "seed": seed,
        "state": "succeeded",
        "test_accuracy": 0.9,
        "validation_accuracy": 0.9,
        "failure": None,
        "error": None,
    }
    return event("run", data, id_)


def end_event(id_: str) -> str:
    return event("end", {"state": "succeeded", "error": None}, id_)


def stream(*events: str, breaks: bool = False) -> Answer:
    """An event stream, which ends, or breaks off in the middle of an event."""
    whole = "".join(events).encode()

    def broken() -> Iterator[bytes]:
        yield whole + b"event: run\ndata: {"
        raise lost()

    def open_(_: httpx2.Request) -> httpx2.Response:
        kind = {"Content-Type": "text/event-stream"}
        return httpx2.Response(200, headers=kind, content=broken() if breaks else whole)

    return open_


EVENTS: Final = f"GET /v1/jobs/{JOB_ID}/events"
