"""Uvicorn's HTTP/1.1 with deadlines and limits, which it has not."""

import asyncio
from typing import TYPE_CHECKING, Any, Final, cast

import h11
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, H11Protocol

from app.api.errors import problem
from app.api.protection import ADDED_BY_SERVER
from app.api.refusals import Refusal
from app.api.traffic import OTHER
from app.server.connection import GuardedConnection
from app.server.lingering import LingeringTransport

if TYPE_CHECKING:
    from app.server.config import ServerConfig

LINGER_SECONDS: Final = 2.0
LINGER_BYTES: Final = 16 << 20
"""For how long, and how much, a client may go on to send after it has been answered."""
SPARE_CONNECTIONS: Final = 100
"""Connections beyond the limit that are told so; others are closed unheard."""
NEVER: Final = float("inf")
FULL: Final = Refusal(
    503,
    "too many connections are open; try again",
    {"Retry-After": "2", "Connection": "close"},
)


class GuardedProtocol(H11Protocol):
    """One connection.

    The head of a request must arrive within ``head_seconds``; a connection that is kept alive must
    begin one within uvicorn's ``timeout_keep_alive``; and a body that nobody reads, since the
    request has been answered, must end soon. Bodies that are read are bounded by
    :class:`app.api.bodies.Body`. Answers may be read as slowly as a client likes.

    Attributes
    ----------
    deadline
        When the connection ends, on the clock of the event loop.
    """

    def __init__(self, config: "ServerConfig", **others: Any) -> None:
        super().__init__(config, **others)
        self.app_state = {**self.app_state, ADDED_BY_SERVER: True}
        self.conn = self._connection = GuardedConnection()
        self.deadline = NEVER
        self._limits = config
        self._waits_for = ""
        self._unread = 0
        self._is_refused = False
        self._is_lingering = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        lingering = LingeringTransport(transport, self._is_client_sending, self._linger)
        super().connection_made(cast(asyncio.Transport, lingering))
        self._wait("head", self._limits.head_seconds)
        self._limits.deadlines.watch(self.loop, cast(Any, self.connections))
        beyond = len(self.connections) - self._limits.max_connections
        if beyond > SPARE_CONNECTIONS:
            transport.abort()
        elif beyond > 0:
            self.app_state = {**self.app_state, "refusal": FULL}

    def data_received(self, data: bytes) -> None:
        """Read a part of a request, or throw away what comes after its answer."""
        if self._is_lingering or self.conn.their_state is h11.MUST_CLOSE or self._is_answered():
            self._unread += len(data)
            if self._unread > LINGER_BYTES:
                self._abort()
                return
        if self._is_lingering or self.conn.their_state is h11.MUST_CLOSE:
            return
        super().data_received(data)
        self._set_deadline()

    def on_response_complete(self) -> None:
        """Wait for the next request, or for the end of this one.

        Uvicorn would set a timer each time; the deadline does the same for less.
        """
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.conn.our_state is h11.DONE and self.conn.their_state is h11.DONE:
            self.conn.start_next_cycle()
            self.handle_events()
        self._set_deadline()

    def send_400_response(self, msg: str) -> None:
        """Answer a request that is refused before it is one, in other words than uvicorn's."""
        del msg
        self.refuse(self._connection.refusal)

    def refuse(self, refusal: Refusal) -> None:
        """Answer in place of the application, and end the connection."""
        self._is_refused = True
        is_begun = self.cycle is not None and not self.cycle.response_complete
        if is_begun and self.cycle.response_started:
            self.transport.close()
            return
        if is_begun:
            self.cycle.disconnected = True  # what the application answers is no longer sent
            self.cycle.message_event.set()
        self._limits.traffic.note(OTHER, None, refusal.status, 0.0)
        for event in _answer(refusal, self.server_state.default_headers):
            self.transport.write(self._connection.send(event) or b"")
        self.conn.send(h11.ConnectionClosed())
        self.transport.close()

    def expire(self) -> None:
        """End the connection: its time is over."""
        if self._waits_for == "end":
            self._abort()
        else:
            self.transport.close()

    def shutdown(self) -> None:
        """Stop, as soon as the request that is being answered has been."""
        if self._is_lingering:
            self._abort()
        else:
            super().shutdown()

    def _abort(self) -> None:
        cast(LingeringTransport, self.transport).abort()

    def _should_upgrade(self) -> bool:
        return False

    def _is_client_sending(self) -> bool:
        return self._is_refused or self.conn.their_state is h11.SEND_BODY

    def _is_answered(self) -> bool:
        """Return whether the request has been answered though its body has not ended."""
        return self.conn.our_state is h11.DONE and self.conn.their_state is h11.SEND_BODY

    def _linger(self) -> None:
        self._is_lingering = True
        self._wait("end", LINGER_SECONDS)

    def _set_deadline(self) -> None:
        if self._is_lingering:
            return
        if self._is_answered():
            self._wait("end", LINGER_SECONDS)
        elif self.conn.their_state is not h11.IDLE:
            self._waits_for, self.deadline, self._unread = "", NEVER, 0
        elif self.conn.trailing_data[0]:
            self._wait("head", self._limits.head_seconds)
        elif self._waits_for != "head":
            self._wait("next", self._limits.timeout_keep_alive)

    def _wait(self, for_what: str, seconds: float) -> None:
        """Set the deadline, unless it is the one that is running."""
        if self._waits_for != for_what:
            self._waits_for, self.deadline = for_what, self.loop.time() + seconds


def _answer(refusal: Refusal, default: list[tuple[bytes, bytes]]) -> list[h11.Event]:
    answer = problem(refusal.status, refusal.detail, headers=dict(refusal.headers))
    headers = [*default, *answer.raw_headers, (b"connection", b"close")]
    reason = STATUS_PHRASES[refusal.status]
    return [
        h11.Response(status_code=refusal.status, headers=headers, reason=reason),
        h11.Data(data=bytes(answer.body)),
        h11.EndOfMessage(),
    ]
