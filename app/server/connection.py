"""HTTP/1.1 as h11 reads it, and what is refused beyond that.

What two servers behind each other could understand differently is refused (RFC 9112, 11.2), and so
is a head that is too large.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

import h11

from app.api.protection import missing
from app.api.refusals import Refusal

MAX_HEAD_BYTES: Final = 32 * 1024
MAX_TARGET_BYTES: Final = 8 * 1024
MAX_HEADERS: Final = 100

BLANK_LINE: Final = re.compile(rb"\n\r?\n")
LENGTHS: Final = re.compile(rb"\ncontent-length:([^\n]*)")
FOLDED: Final = re.compile(rb"\n[ \t]")
ABSOLUTE: Final = re.compile(rb"https?://([^/?#]+)(.*)", re.IGNORECASE)

TOO_LONG: Final = Refusal(414, f"a URL has at most {MAX_TARGET_BYTES:,} bytes")
TOO_LARGE: Final = Refusal(431, f"the head of a request has at most {MAX_HEAD_BYTES:,} bytes")
TOO_MANY: Final = Refusal(431, f"a request has at most {MAX_HEADERS} headers")
TWO_LENGTHS: Final = Refusal(400, "Content-Length is given more than once")
TWO_FRAMINGS: Final = Refusal(400, "Content-Length and Transfer-Encoding exclude each other")
CHUNKED_IN_1_0: Final = Refusal(400, "HTTP/1.0 has no Transfer-Encoding")
LINE_FOLDED: Final = Refusal(400, "a header may not go on in the next line")
NO_TUNNEL: Final = Refusal(501, "this server is no proxy")
NOT_HTTP_1: Final = Refusal(505, "this server speaks HTTP/1.1")
NO_PATH: Final = Refusal(400, "the target of a request is a path that begins with /")
TWO_HOSTS: Final = Refusal(400, "the target names another host than the Host header")

SENTENCES: Final = {
    "illegal request line": "the first line is not METHOD /PATH HTTP/1.1",
    "no request line": "the first line is not METHOD /PATH HTTP/1.1",
    "illegal header line": "a header is malformed",
    "continuation line": "a header is malformed",
    "Missing mandatory Host": "the Host header is missing",
    "Found multiple Host": "the Host header is given more than once",
    "conflicting Content-Length": "Content-Length is given more than once",
    "bad Content-Length": "Content-Length is not a number of bytes",
    "Only Transfer-Encoding": "of transfer encodings only chunked is known",
    "multiple Transfer-Encoding": "of transfer encodings only chunked is known",
    "illegal chunk header": "the size of a chunk is malformed",
    "malformed chunk footer": "a chunk is longer or shorter than it says",
}
"""Our words by the beginnings of h11's, whose ends repeat what was sent."""
MALFORMED: Final = "this is not a valid HTTP request"


class GuardedConnection(h11.Connection):
    """A connection that knows why it has refused a request.

    Attributes
    ----------
    refusal
        What to answer after :meth:`next_event` has raised.
    """

    def __init__(self) -> None:
        super().__init__(h11.SERVER, MAX_HEAD_BYTES)
        self.refusal = Refusal(400, MALFORMED)
        self._held = b""

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        """Return the next event of a request.

        Raises
        ------
        h11.RemoteProtocolError
            The request is refused.
        """
        state = self.their_state
        if state is h11.MUST_CLOSE:  # nothing more is expected, and nothing is read
            return h11.NEED_DATA
        head = self._head() if state is h11.IDLE else b""
        try:
            event = super().next_event()
        except h11.RemoteProtocolError as error:
            self.refusal = _translated(error, head)
            raise
        if isinstance(event, h11.Request):
            for refusal in _faults(BLANK_LINE.split(head, 1)[0].lower(), event):
                raise self._refused(refusal)
            if not event.target.startswith(b"/"):
                return self._in_origin_form(event)
        return event

    def send(self, event: h11.Event) -> bytes | None:  # type: ignore[override]
        """Return what to write for a part of an answer.

        Headers that protect browsers are added here, since h11 checks each header that it is given
        twice. A head whose body follows is written with it, in one packet.
        """
        data = super().send(event)
        if data is None:
            return None
        if isinstance(event, h11.Response):
            names = {name for name, _ in event.headers}
            data = data[:-2] + _end_of_head(missing(names))
            if b"content-length" in names:
                self._held = data
                return b""
        elif self._held:
            data, self._held = self._held + data, b""
        return data

    def _head(self) -> bytes:
        """Return what was received of the next request, if its head is not too large."""
        received = self.trailing_data[0]
        if len(received) <= MAX_HEAD_BYTES:
            return received
        head = received[:MAX_HEAD_BYTES]
        if not BLANK_LINE.search(head):
            raise self._refused(_too_large(head))
        return head

    def _refused(self, refusal: Refusal) -> h11.RemoteProtocolError:
        self.refusal = refusal
        return h11.RemoteProtocolError(refusal.detail, refusal.status)

    def _in_origin_form(self, request: h11.Request) -> h11.Request:
        """Return a request for ``http://host/path`` as one for ``/path`` at that host."""
        found = ABSOLUTE.fullmatch(request.target)
        if not found:
            return request
        headers = list(request.headers)
        hosts = [value for name, value in headers if name == b"host"] or [found[1]]
        if hosts[0].lower() != found[1].lower():
            raise self._refused(TWO_HOSTS)
        others = [(name, value) for name, value in headers if name != b"host"]
        return h11.Request(
            method=request.method,
            target=found[2] if found[2].startswith(b"/") else b"/" + found[2],
            headers=[(b"host", found[1]), *others],
            http_version=request.http_version,
        )


@cache
def _end_of_head(headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    return b"".join(b"%s: %s\r\n" % header for header in headers) + b"\r\n"


def _too_large(head: bytes) -> Refusal:
    return TOO_LONG if len(head.partition(b"\n")[0]) > MAX_TARGET_BYTES else TOO_LARGE


def _translated(error: h11.RemoteProtocolError, head: bytes) -> Refusal:
    head, message = head.lower(), str(error)
    if b"\ntransfer-encoding:" in head and b"\ncontent-length:" in head:
        return TWO_FRAMINGS
    found = (ours for begins, ours in SENTENCES.items() if message.startswith(begins))
    return Refusal(error.error_status_hint, next(found, MALFORMED))


def _faults(head: bytes, request: h11.Request) -> Iterator[Refusal]:
    """Yield why a request is refused that h11 takes; its head is given in lower case."""
    target = request.target
    if not request.http_version.startswith(b"1."):
        yield NOT_HTTP_1
    if len(target) > MAX_TARGET_BYTES:
        yield TOO_LONG
    if len(request.headers) > MAX_HEADERS:
        yield TOO_MANY
    if request.method == b"CONNECT":
        yield NO_TUNNEL
    if not target.startswith(b"/"):
        is_of_server = target == b"*" and request.method == b"OPTIONS"
        if not is_of_server and not ABSOLUTE.fullmatch(target):
            yield NO_PATH
    if FOLDED.search(head):
        yield LINE_FOLDED
    lengths = LENGTHS.findall(head)
    if len(lengths) > 1 or any(b"," in length for length in lengths):
        yield TWO_LENGTHS
    if b"\ntransfer-encoding:" in head:
        if lengths:
            yield TWO_FRAMINGS
        if request.http_version == b"1.0":
            yield CHUNKED_IN_1_0
