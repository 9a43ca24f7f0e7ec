"""The outermost layer of the API: what every request and every answer goes through.

One layer does all of it, since each costs time: it gives the request an id, for logs and the
answer; refuses what the application should not see; bounds the body; answers ``HEAD`` as ``GET``
without its body; adds the headers that protect browsers; and measures how long all of it takes.
"""

import os
import re
import time
from collections.abc import Mapping
from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.bodies import Body
from app.api.errors import problem
from app.api.hosts import Hosts
from app.api.protection import ADDED_BY_SERVER, missing
from app.api.refusals import Head, has_body, refusal_of
from app.api.traffic import Traffic
from app.logs import about

REQUEST_ID: Final = b"x-request-id"
REQUEST_ID_PATTERN: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
RESOURCE: Final = re.compile(r"/v1/(jobs|searches)/([A-Za-z0-9_-]{1,64})(?:/|$)")
ID_NAMES: Final[Mapping[str, str]] = {"jobs": "job_id", "searches": "search_id"}
GONE: Final = 499
"""In the metrics, the status of a request whose client went away before it was answered."""
METHODS: Final = ("DELETE", "GET", "HEAD", "OPTIONS", "POST")
"""All methods that any path has."""
BODY_SECONDS: Final = 20.0


class Edge:
    """Wraps an application from outside, so that answers to its failures are noted, too.

    A body must arrive within ``body_seconds``, or at a steady rate.
    """

    def __init__(
        self,
        app: ASGIApp,
        traffic: Traffic,
        hosts: Hosts,
        body_seconds: float = BODY_SECONDS,
    ) -> None:
        self._app = app
        self._traffic = traffic
        self._hosts = hosts
        self._body_seconds = body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        head = dict(scope["headers"])
        request_id = _request_id(scope, head)
        answer = _Answer(scope, send, request_id)
        inner = {**scope, "method": "GET"} if answer.is_head else scope
        started = time.perf_counter()
        with about(request_id=request_id, **_ids(scope["path"])):
            try:
                app = self._admit(inner, head)
                if has_body(head):
                    receive = Body(receive, self._body_seconds)
                await app(inner, receive, answer.send)
            except Exception:
                answer.status = 500 if answer.status == GONE else answer.status
                raise
            finally:
                seconds = time.perf_counter() - started
                self._traffic.note(scope["method"], inner.get("route"), answer.status, seconds)

    def _admit(self, scope: Scope, head: Head) -> ASGIApp:
        """Return who answers: the application, or a problem."""
        refusal = refusal_of(scope, head, self._hosts)
        if refusal is not None:
            return problem(refusal.status, refusal.detail, headers=dict(refusal.headers))
        if scope["path"] == "*":  # OPTIONS of the server as a whole
            return Response(status_code=204, headers={"Allow": ", ".join(METHODS)})
        return self._app


class _Answer:
    """Sends an answer on, with the headers that every answer has.

    An answer to ``HEAD`` ends with its headers, also if what would follow is a stream.
    """

    def __init__(self, scope: Scope, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self._is_protected = ADDED_BY_SERVER in scope.get("state", ())
        self.is_head = scope["method"] == "HEAD"
        self.status = GONE

    async def send(self, message: Message) -> None:
        """Send a message of the application to the server."""
        if message["type"] == "http.response.start":
            await self._start(message)
        elif not self.is_head:
            await self._send(message)

    async def _start(self, message: Message) -> None:
        self.status = message["status"]
        headers = list(message.get("headers", ()))
        given = dict(headers)
        if not self._is_protected:
            headers += missing(given)
        headers.append((REQUEST_ID, self._request_id.encode("ascii")))
        message["headers"] = headers
        location = given.get(b"location")
        if location:
            with about(**_ids(location.decode("latin-1"))):  # the server logs the request now
                await self._send(message)
        else:
            await self._send(message)
        if self.is_head:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})


def _request_id(scope: Scope, head: Head) -> str:
    """The client's id, if it can be put into logs and headers as it is; otherwise a new one."""
    given = head.get(REQUEST_ID)
    if given is not None and REQUEST_ID_PATTERN.fullmatch(given):
        names = [name for name, _ in scope["headers"]]
        if names.count(REQUEST_ID) == 1:
            return given.decode("ascii")
    return os.urandom(16).hex()


def _ids(path: str) -> dict[str, str]:
    """Which job or search a path is about."""
    found = RESOURCE.match(path)
    return {ID_NAMES[found[1]]: found[2]} if found else {}
