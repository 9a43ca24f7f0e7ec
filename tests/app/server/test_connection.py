"""What is refused before it is a request, and what is not."""

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.server.connection import (
    MAX_HEAD_BYTES,
    MAX_HEADERS,
    MAX_TARGET_BYTES,
    GuardedConnection,
)

HOST = b"Host: localhost\r\n"


def head(
    target: bytes = b"/healthz", *headers: bytes, method: bytes = b"GET", version: bytes = b"1.1"
) -> bytes:
    lines = [b"%s %s HTTP/%s" % (method, target, version), *headers, b"", b""]
    return b"\r\n".join(lines)


def request_in(received: bytes) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
    connection = GuardedConnection()
    connection.receive_data(received)
    return connection.next_event()


def refused(received: bytes) -> tuple[int, str]:
    connection = GuardedConnection()
    connection.receive_data(received)
    with pytest.raises(h11.RemoteProtocolError):
        connection.next_event()
    return connection.refusal.status, connection.refusal.detail


LOCAL = b"Host: localhost"
CHUNKED = b"Transfer-Encoding: chunked"


@pytest.mark.parametrize(
    ("received", "status", "word"),
    [
        (b"\r\n\r\n", 400, "first line"),
        (b"GET /\r\n\r\n", 400, "first line"),
        (b"GET  / HTTP/1.1\r\n\r\n", 400, "first line"),
        (b"\x16\x03\x01\x02\x00", 400, "first line"),
        (b"G\xe9T / HTTP/1.1\r\n\r\n", 400, "first line"),
        (head(b"/\xc3\xa4", LOCAL), 400, "first line"),
        (head(b"/", LOCAL, b"X : a"), 400, "malformed"),
        (head(b"/", LOCAL, b"X: a\x00b"), 400, "malformed"),
        (head(b"/", LOCAL, b"X: a", b" b"), 400, "next line"),
        (head(b"/", b" X: a", LOCAL), 400, "malformed"),
        (head(b"/"), 400, "Host header is missing"),
        (head(b"/", LOCAL, LOCAL), 400, "more than once"),
        (head(b"/", LOCAL, LOCAL, version=b"1.0"), 400, "more than once"),
        (head(b"/", LOCAL, b"Content-Length: 1", b"Content-Length: 2"), 400, "more than once"),
        (head(b"/", LOCAL, b"Content-Length: 1", b"content-length: 1"), 400, "more than once"),
        (head(b"/", LOCAL, b"Content-Length: 1, 1"), 400, "more than once"),
        (head(b"/", LOCAL, b"Content-Length: -1"), 400, "number of bytes"),
        (head(b"/", LOCAL, b"Content-Length: 1_0"), 400, "number of bytes"),
        (head(b"/", LOCAL, b"Content-Length: " + b"9" * 30), 400, "number of bytes"),
        (head(b"/", LOCAL, b"Content-Length: 3", CHUNKED), 400, "exclude"),
        (head(b"/", LOCAL, CHUNKED, b"Content-Length: 3"), 400, "exclude"),
        (head(b"/", LOCAL, b"Content-Length: 3", b"Transfer-Encoding: gzip"), 400, "exclude"),
        (head(b"/", LOCAL, CHUNKED, version=b"1.0"), 400, "HTTP/1.0"),
        (head(b"/", LOCAL, b"Transfer-Encoding: gzip, chunked"), 501, "only chunked"),
        (head(b"/", LOCAL, CHUNKED, CHUNKED), 501, "only chunked"),
        (head(b"healthz", LOCAL), 400, "begins with /"),
        (head(b"*", LOCAL), 400, "begins with /"),
        (head(b"ftp://localhost/", LOCAL), 400, "begins with /"),
        (head(b"http://elsewhere/", LOCAL), 400, "another host"),
        (head(b"a.example:443", LOCAL, method=b"CONNECT"), 501, "proxy"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "HTTP/1.1"),
        (head(b"/" + b"a" * MAX_TARGET_BYTES, LOCAL), 414, "8,192"),
        (head(b"/" + b"a" * 10 * MAX_HEAD_BYTES, LOCAL), 414, "8,192"),
        (head(b"/", LOCAL, b"X: " + b"a" * MAX_HEAD_BYTES), 431, "32,768"),
        (head(b"/", LOCAL, b"X: " + b"a" * 10 * MAX_HEAD_BYTES), 431, "32,768"),
        (head(b"/", *[LOCAL, *[b"X: a"] * MAX_HEADERS]), 431, "100 headers"),
        (b"GET /" + b"a" * 2 * MAX_HEAD_BYTES, 414, "8,192"),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 2 * MAX_HEAD_BYTES, 431, "32,768"),
    ],
)
def test_what_servers_could_understand_differently_or_is_too_large_is_refused(
    received: bytes, status: int, word: str
) -> None:
    found, detail = refused(received)

    assert found == status
    assert word in detail


@pytest.mark.parametrize(
    "received",
    [
        head(b"/", LOCAL),
        head(b"/", version=b"1.0"),
        head(b"/", LOCAL, b"Content-Length: 0"),
        head(b"/", LOCAL, CHUNKED, method=b"POST"),
        head(b"/", *[LOCAL, *[b"X: a"] * (MAX_HEADERS - 1)]),
        head(b"/" + b"a" * (MAX_TARGET_BYTES - 1), LOCAL),
        head(b"/", LOCAL, b"X: " + b"a" * (MAX_HEAD_BYTES - 100)),
        head(b"*", LOCAL, method=b"OPTIONS"),
        head(b"/", LOCAL, method=b"BREW"),
        head(b"/", LOCAL) + b"GET / HTTP/1.1" + b"a" * 2 * MAX_HEAD_BYTES,
    ],
)
def test_other_requests_are_read(received: bytes) -> None:
    assert isinstance(request_in(received), h11.Request)


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (b"http://localhost/healthz?a=1", b"/healthz?a=1"),
        (b"HTTP://LOCALHOST", b"/"),
        (b"https://localhost?a=1", b"/?a=1"),
    ],
)
def test_a_target_with_a_host_is_that_host_s_path(target: bytes, path: bytes) -> None:
    request = request_in(head(target, LOCAL))

    assert isinstance(request, h11.Request)
    assert request.target == path
    assert len([value for name, value in request.headers if name == b"host"]) == 1


def test_what_comes_after_the_last_request_is_not_read() -> None:
    connection = GuardedConnection()
    connection.receive_data(head(b"/", LOCAL, b"Connection: close"))
    assert isinstance(connection.next_event(), h11.Request)
    assert isinstance(connection.next_event(), h11.EndOfMessage)

    connection.receive_data(b"\x00 nonsense")

    assert connection.next_event() is h11.NEED_DATA


WORDS = [b"GET ", b"POST ", b"/", b"*", b" HTTP/1.1", b" HTTP/1.0", b"Host: localhost", CHUNKED]
FRAMES = [b"Content-Length: 3", b"Content-Length: 4", b"\r\n", b"\n", b" ", b"0", b":", b"\xff"]
PARTS = st.sampled_from([*WORDS, *FRAMES])


@given(st.lists(st.one_of(PARTS, st.binary(max_size=5)), max_size=40), st.integers(1, 9))
def test_whatever_is_sent_is_read_or_refused_in_our_words(parts: list[bytes], size: int) -> None:
    received, connection = b"".join(parts), GuardedConnection()
    for start in range(0, len(received), size):
        connection.receive_data(received[start : start + size])
        try:
            event = connection.next_event()
        except h11.RemoteProtocolError:
            assert connection.refusal.status in (400, 501, 505)
            break
        if event is h11.PAUSED:
            break
