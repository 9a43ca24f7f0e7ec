"""Requests of hostile and clumsy clients, byte by byte, to a real server."""

import asyncio
import json
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from app.db.engine import Database
from tests.e2e.processes import exchange, serving
from tests.factories import PATIENCE, queued_job, until

HEAD_SECONDS = 1.5
LIMITS: dict[str, Any] = {
    "solver_processes": 0,
    "head_seconds": HEAD_SECONDS,
    "body_seconds": 1.5,
    "keep_alive_seconds": 1,
}
HOST = b"Host: localhost\r\n"
JSON = HOST + b"Content-Type: application/json\r\n"
CHUNKED = JSON + b"Transfer-Encoding: chunked\r\n"
HEALTH = b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"
LAST = b"GET /healthz HTTP/1.1\r\nConnection: close\r\n" + HOST + b"\r\n"


def post(headers: bytes, body: bytes = b"", version: bytes = b"1.1") -> bytes:
    return b"POST /v1/searches HTTP/" + version + b"\r\n" + headers + b"\r\n" + body


def get(target: bytes, headers: bytes = HOST, method: bytes = b"GET") -> bytes:
    return method + b" " + target + b" HTTP/1.1\r\n" + headers + b"\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


@pytest.fixture(scope="module")
def database(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    path = tmp_path_factory.mktemp("hostile") / "test.sqlite"
    shutil.copy(migrated_file, path)
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile") / "log"


@pytest.fixture(scope="module")
def server(database: Database, log: Path) -> Iterator[httpx2.Client]:
    """A server with short deadlines; the same for all tests."""
    with serving(database, log, **LIMITS) as client:
        yield client


@pytest.fixture
def port(server: httpx2.Client) -> Iterator[int]:
    """Its port; it goes on to answer, whatever a test sends."""
    port = server.base_url.port
    assert port is not None
    yield port
    assert exchange(port, LAST).status == 200


MEGABYTES = b" " * 3_000_000

REFUSED = {
    "nothing": (b"\r\n\r\n", 400),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    "HTTP/0.9": (b"GET /healthz\r\n\r\n", 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "no host": (get(b"/healthz", b""), 400),
    "two hosts": (get(b"/healthz", HOST + HOST), 400),
    "an empty host": (get(b"/healthz", b"Host:\r\n"), 400),
    "a foreign host in the target": (get(b"http://evil.example/healthz"), 400),
    "a header without a colon": (get(b"/healthz", HOST + b"nonsense\r\n"), 400),
    "a space before the colon": (get(b"/healthz", HOST + b"X : a\r\n"), 400),
    "a folded header": (get(b"/healthz", HOST + b"X: a\r\n b\r\n"), 400),
    "a long URL": (get(b"/" + b"a" * 100_000), 414),
    "a longer URL than is waited for": (b"GET /" + b"a" * 1_000_000, 414),
    "a large header": (get(b"/healthz", HOST + b"X: " + b"a" * 100_000 + b"\r\n"), 431),
    "many headers": (get(b"/healthz", HOST + b"X: a\r\n" * 200), 431),
    "headers without end": (b"GET / HTTP/1.1\r\n" + b"X: a\r\n" * 200_000, 431),
    "a tunnel": (get(b"a.example:443", method=b"CONNECT"), 501),
    "* that is not OPTIONS": (get(b"*"), 400),
    "two lengths": (post(JSON + b"Content-Length: 2\r\nContent-Length: 3\r\n", b"{}"), 400),
    "a length twice": (post(JSON + b"Content-Length: 2\r\nContent-Length: 2\r\n", b"{}"), 400),
    "a negative length": (post(JSON + b"Content-Length: -1\r\n", b"{}"), 400),
    "a length and chunks": (post(CHUNKED + b"Content-Length: 2\r\n", b"0\r\n\r\n"), 400),
    "chunks in HTTP/1.0": (post(CHUNKED, b"0\r\n\r\n", b"1.0"), 400),
    "an unknown coding": (post(JSON + b"Transfer-Encoding: gzip\r\n", b"0\r\n\r\n"), 501),
    "a chunk without a size": (post(CHUNKED, b"zz\r\n"), 400),
    "a chunk that is longer than it says": (post(CHUNKED, b"1\r\nabc\r\n"), 400),
    "a large body": (post(JSON + b"Content-Length: 3000000\r\n", MEGABYTES), 413),
    "a large body that does not come": (post(JSON + b"Content-Length: 3000000\r\n"), 413),
    "a large body that asks first": (
        post(JSON + b"Content-Length: 3000000\r\nExpect: 100-continue\r\n"),
        413,
    ),
    "a large body in chunks": (post(CHUNKED, chunk(MEGABYTES[:65536]) * 40), 413),
    "a large body in one chunk": (post(CHUNKED, chunk(MEGABYTES)), 413),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_before_it_is_read_is_a_problem_and_ends_the_connection(
    port: int, case: str
) -> None:
    sent, status = REFUSED[case]

    answer = exchange(port, sent)

    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Connection"] == "close"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert json.loads(answer.body)["status"] == status
    assert answer.is_closed


ANSWERED = {
    "a foreign host": (get(b"/healthz", b"Host: evil.example\r\n"), 421),
    "a foreign host and a slash too many": (get(b"/v1/searches/", b"Host: evil.example\r\n"), 421),
    "a slash too many": (get(b"/v1/searches/"), 404),
    "dots": (get(b"/v1/../healthz"), 404),
    "two slashes": (get(b"//healthz"), 404),
    "a method of another path": (get(b"/v1/searches", method=b"DELETE"), 405),
    "a method that is none": (get(b"/v1/searches", method=b"BREW"), 405),
    "TRACE": (get(b"/healthz", method=b"TRACE"), 405),
    "plain text": (post(HOST + b"Content-Type: text/plain\r\nContent-Length: 2\r\n", b"{}"), 415),
    "no type": (post(HOST + b"Content-Length: 2\r\n", b"{}"), 415),
    "a compressed body": (
        post(JSON + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n", b"{}"),
        415,
    ),
    "an empty body": (post(JSON), 422),
}


@pytest.mark.parametrize("case", ANSWERED)
def test_what_is_refused_after_it_was_read_is_a_problem(port: int, case: str) -> None:
    sent, status = ANSWERED[case]

    answer = exchange(port, sent, waits=False)

    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "Location" not in answer.headers
    if status == 405:
        assert "GET" in answer.headers["Allow"].split(", ")


FINE = {
    "HTTP/1.0 without a host": b"GET /healthz HTTP/1.0\r\n\r\n",
    "an absolute target": get(b"http://localhost/healthz"),
    "an upgrade that is not known": get(
        b"/healthz", HOST + b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
    ),
    "a body where none is read": get(b"/healthz", HOST + b"Content-Length: 3\r\n") + b"abc",
    "a body that does not come, where none is read": get(
        b"/healthz", HOST + b"Content-Length: 900000\r\n"
    ),
    "more after the last request": LAST + b"\x00 nonsense",
}


@pytest.mark.parametrize("case", FINE)
def test_what_is_odd_but_allowed_is_answered_and_the_connection_ends_in_time(
    port: int, case: str
) -> None:
    answer = exchange(port, FINE[case])

    assert answer.status == 200
    assert json.loads(answer.body) == {"status": "ok"}
    assert answer.is_closed


def test_options_of_the_server_as_a_whole_are_its_methods(port: int) -> None:
    answer = exchange(port, get(b"*", method=b"OPTIONS"), waits=False)

    assert answer.status == 204
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))


def test_requests_that_come_at_once_are_answered_one_after_the_other(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(HEALTH * 50 + LAST)
        received = b"".join(iter(lambda: connection.recv(65536), b""))

    assert received.count(b"HTTP/1.1 200 OK") == 51


def test_a_refused_request_leaves_nothing_of_its_body_for_the_next(port: int) -> None:
    smuggled = post(HOST + b"Content-Length: %d\r\n" % len(HEALTH), HEALTH)
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(smuggled + LAST)
        received = b"".join(iter(lambda: connection.recv(65536), b""))

    assert received.count(b"HTTP/1.1 415 ") == 1
    assert received.count(b"HTTP/1.1 200 OK") == 1


def test_an_address_that_a_client_claims_is_not_logged(port: int, log: Path) -> None:
    exchange(port, get(b"/healthz", HOST + b"X-Forwarded-For: 6.6.6.6\r\n"), waits=False)

    assert "6.6.6.6" not in log.read_text()


def test_the_address_that_a_trusted_proxy_gives_is_logged(
    sqlite_database: Database, tmp_path: Path
) -> None:
    with serving(sqlite_database, tmp_path / "log", forwarded_allow_ips="127.0.0.1") as client:
        client.get("/healthz", headers={"X-Forwarded-For": "6.6.6.6"})

    assert '"client": "6.6.6.6:0"' in (tmp_path / "log").read_text()


def drip(connection: socket.socket, byte: bytes, stopped: threading.Event) -> None:
    """Send a byte now and then, until the server has had enough."""
    while not stopped.wait(0.1):
        try:
            connection.sendall(byte)
        except ConnectionError:
            return


def answer_to_drip(port: int, begin: bytes, byte: bytes) -> bytes:
    """All that a server answers to who sends slowly, until it ends the connection."""
    stopped = threading.Event()
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(begin)
        sender = threading.Thread(target=drip, args=(connection, byte, stopped))
        sender.start()
        try:
            return b"".join(iter(lambda: connection.recv(65536), b""))
        except ConnectionResetError:
            return b""
        finally:
            stopped.set()
            sender.join()


@pytest.mark.parametrize(
    ("begin", "byte"),
    [(b"", b"G"), (b"GET /healthz HTTP/1.1\r\nX: ", b"a"), (HEALTH[:-2], b"X: a\r\n")],
)
def test_a_head_that_is_too_slow_ends_its_connection(port: int, begin: bytes, byte: bytes) -> None:
    assert answer_to_drip(port, begin, byte) == b""


@pytest.mark.parametrize(
    ("begin", "byte"),
    [
        (post(JSON + b"Content-Length: 1000000\r\n"), b" "),
        (post(CHUNKED), chunk(b" ")),
        (post(CHUNKED, b"1;"), b"a"),
    ],
)
def test_a_body_that_is_too_slow_is_a_problem(port: int, begin: bytes, byte: bytes) -> None:
    answer = answer_to_drip(port, begin, byte)

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"application/problem+json" in answer


def test_a_connection_without_a_request_is_closed(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        assert connection.recv(1) == b""


def test_who_reads_slowly_gets_all_of_the_answer(server: httpx2.Client, port: int) -> None:
    """A page of the docs has a megabyte; the buffers in between do not take it."""
    path = "/static-offline-docs/swagger-ui-bundle.js"
    wanted = server.get(path).content
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(60)
        connection.connect(("127.0.0.1", port))
        connection.sendall(get(path.encode()))
        received = connection.recv(1)
        threading.Event().wait(2 * HEAD_SECONDS)  # longer than any deadline
        while len(received.partition(b"\r\n\r\n")[2]) < len(wanted):
            received += connection.recv(65536)

    assert received.endswith(wanted[-1000:])


def test_a_stream_of_events_outlives_all_deadlines(
    server: httpx2.Client, database: Database
) -> None:
    job = queued_job(database)
    with server.stream("GET", f"/v1/jobs/{job.id}/events") as answer:
        lines = answer.iter_lines()
        first = next(line for line in lines if line.startswith("event:"))
        threading.Event().wait(2 * HEAD_SECONDS)  # longer than any deadline
        server.post(f"/v1/jobs/{job.id}/cancel")
        events = [first, *(line for line in lines if line.startswith("event:"))]

    assert events[-1] == "event: end"


async def connections_that_drip(port: int, number: int, ready: threading.Event) -> int:
    """Open slow connections, and keep them slow; how many the server has ended."""

    async def slow() -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /healthz HTTP/1.1\r\nX: ")
        opened.append(writer)
        if len(opened) == number:
            ready.set()
        ended = asyncio.create_task(reader.read())
        while not ended.done():
            writer.write(b"a")
            await asyncio.wait([ended], timeout=0.2)
        writer.close()
        return 1 if ended.exception() or ended.result() == b"" else 0

    opened: list[asyncio.StreamWriter] = []
    return sum(await asyncio.gather(*(slow() for _ in range(number))))


def test_500_slow_connections_are_ended_while_others_are_served(
    server: httpx2.Client, port: int
) -> None:
    ready, ended = threading.Event(), list[int]()
    clients = threading.Thread(
        target=lambda: ended.append(asyncio.run(connections_that_drip(port, 500, ready)))
    )
    clients.start()
    assert ready.wait(PATIENCE)

    statuses = {server.get("/healthz").status_code for _ in range(50)}
    clients.join(PATIENCE)

    assert statuses == {200}
    assert ended == [500]


def test_connections_beyond_the_limit_are_told_to_come_back(sqlite_database: Database) -> None:
    limits = {**LIMITS, "max_connections": 4, "head_seconds": 60, "keep_alive_seconds": 60}
    with serving(sqlite_database, **limits) as client:
        port = client.base_url.port
        assert port is not None
        waiting = [socket.create_connection(("127.0.0.1", port)) for _ in range(4)]
        refused = exchange(port, HEALTH)
        for connection in waiting:
            connection.close()
        until(lambda: exchange(port, LAST).status == 200)

    assert refused.status == 503
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.headers["Retry-After"] == "2"
    assert refused.is_closed
