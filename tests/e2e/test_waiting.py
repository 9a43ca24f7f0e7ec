"""Clients that wait for searches, and go away, and servers that stop meanwhile."""

import json
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from app.db.engine import Database
from app.db.models import SearchRow
from tests.e2e.processes import environment, free_port, is_ready, running
from tests.factories import PATIENCE, search_body, until

SLOW = {
    "tolerance": 1.0,
    "ranges": {"resolution": [6, 500], "padding": [0, 60], "stride": [1, 60]},
    "time_limit": 600.0,
}


class Waiting:
    """A client that waits for a search, and may hang up."""

    def __init__(self, port: int, body: dict[str, Any], **headers: Any) -> None:
        content = json.dumps(body).encode()
        lines = [
            "POST /v1/searches HTTP/1.1",
            "Host: 127.0.0.1",
            "Content-Type: application/json",
            f"Content-Length: {len(content)}",
            "Prefer: wait=60",
            *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
        ]
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._socket.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + content)

    def hang_up(self) -> None:
        self._socket.close()


@pytest.fixture
def clients() -> Iterator[Callable[..., Waiting]]:
    """Makes clients that have hung up when the test ends."""
    made: list[Waiting] = []

    def client(*arguments: Any, **headers: Any) -> Waiting:
        made.append(Waiting(*arguments, **headers))
        return made[-1]

    yield client
    for one in made:
        one.hang_up()


@contextmanager
def serving(database: Database) -> Iterator[tuple[int, Any]]:
    """A server with one solver: its port, and its process."""
    port = free_port()
    env = environment(database, solver_processes=1)
    with (
        running(["app.cli", "serve", "--port", str(port)], env) as process,
        httpx2.Client(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        until(lambda: is_ready(client))
        yield port, process


def rows(database: Database) -> list[SearchRow]:
    with database.read() as session:
        return list(session.scalars(select(SearchRow).order_by(SearchRow.created_at)))


def states(database: Database) -> list[str]:
    return [row.state for row in rows(database)]


def wanted(database: Database) -> int:
    return sum(row.wanted for row in rows(database))


def test_a_client_that_hangs_up_frees_its_solver(
    database: Database, clients: Callable[..., Waiting]
) -> None:
    with serving(database) as (port, _):
        client = clients(port, search_body(**SLOW))
        until(lambda: states(database) == ["running"])
        client.hang_up()
        until(lambda: states(database) == ["cancelled"])

        answer = httpx2.post(
            f"http://127.0.0.1:{port}/v1/searches",
            json=search_body(),
            headers={"Prefer": "wait=60"},
            timeout=PATIENCE,
        )

    assert answer.json()["outcome"] == "complete"
    assert "went away" in str(rows(database)[0].error)


def test_a_search_goes_on_as_long_as_anyone_waits_for_it(
    database: Database, clients: Callable[..., Waiting]
) -> None:
    with serving(database) as (port, _):
        first, second = (clients(port, search_body(**SLOW)) for _ in range(2))
        until(lambda: wanted(database) == 2)
        first.hang_up()
        until(lambda: wanted(database) == 1)
        assert states(database) != ["cancelled"]
        second.hang_up()
        until(lambda: states(database) == ["cancelled"])


@pytest.mark.parametrize("header", ["Prefer", "Idempotency-Key"])
def test_a_search_goes_on_if_a_client_knows_it_or_may_come_back(
    database: Database, header: str, clients: Callable[..., Waiting]
) -> None:
    """The second client hangs up last; when that is seen, the first one's going was, too."""
    with serving(database) as (port, _):
        value = {"Prefer": "wait=0", "Idempotency-Key": "mine"}[header]
        if header == "Prefer":
            httpx2.post(
                f"http://127.0.0.1:{port}/v1/searches",
                json=search_body(**SLOW),
                headers={header: value},
            )
        else:
            keyed = clients(port, search_body(**SLOW), Idempotency_Key=value)
            until(lambda: wanted(database) == 1)
            keyed.hang_up()
        other = clients(port, search_body(**SLOW))
        until(lambda: wanted(database) == 2)
        other.hang_up()
        until(lambda: wanted(database) == 1)
        assert states(database) != ["cancelled"]


def test_a_server_that_stops_answers_those_who_wait_and_queues_their_searches(
    database: Database,
) -> None:
    answers: list[httpx2.Response] = []
    with serving(database) as (port, process):

        def wait(limit: int) -> None:
            url = f"http://127.0.0.1:{port}/v1/searches"
            body = search_body(**SLOW, limit=limit)
            answers.append(
                httpx2.post(url, json=body, headers={"Prefer": "wait=60"}, timeout=PATIENCE)
            )

        threads = [threading.Thread(target=wait, args=(1 + n,)) for n in range(5)]
        for thread in threads:
            thread.start()
        until(lambda: sorted(states(database)) == ["queued"] * 4 + ["running"])
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=PATIENCE)
        for thread in threads:
            thread.join()

    assert [answer.status_code for answer in answers] == [202] * 5
    ids = {answer.headers["Location"].rpartition("/")[2] for answer in answers}
    assert ids == {row.id for row in rows(database)}
    assert states(database) == ["queued"] * 5
