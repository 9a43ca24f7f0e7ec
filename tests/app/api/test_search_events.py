"""Events of searches."""

import threading
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.db import searches
from app.db.engine import Database
from app.services import search_events, watch
from app.services.places import Place
from app.services.watch import Follower
from solver.engines.progress import Progress
from tests.app.api.factories import events
from tests.factories import PATIENCE, queued_search, solved_search, until
from tests.solver.processes.children import endless


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.01)


def told(client: TestClient, id_: str, last: str | None = None) -> list[dict[str, Any]]:
    """All events of a search that ends, from a place on."""
    headers = {"Last-Event-ID": last} if last else {}
    with client.stream("GET", f"/v1/searches/{id_}/events", headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        return list(events(answer.iter_lines()))


def test_a_search_that_has_ended_tells_its_end_and_no_more(
    client: TestClient, database: Database
) -> None:
    with database.write() as session:
        row = solved_search(session)

    found = told(client, row.id)

    end = {"state": "succeeded", "outcome": "complete", "found": row.found, "error": None}
    assert [(event["event"], event["data"]) for event in found] == [("end", end)]
    last = {"Last-Event-ID": found[-1]["id"]}
    assert client.get(f"/v1/searches/{row.id}/events", headers=last).status_code == 204


def test_what_another_server_notes_is_told(client: TestClient, database: Database) -> None:
    with database.write() as session:
        id_ = queued_search(session).id
    found: list[dict[str, Any]] = []
    thread = threading.Thread(target=lambda: found.extend(told(client, id_)))
    thread.start()
    seen = client.app.state.watch._followers  # type: ignore[attr-defined]
    until(lambda: id_ in seen)
    with database.write() as session:
        assert searches.claim(session, grace=60)
    for progress in (Progress(3, 0.5, 0.1), Progress(4, 0.25, 0.25)):
        with database.write() as session:
            assert searches.note(session, id_, 1, progress)
        follower = next(iter(seen[id_]))
        until(lambda: follower.standing.found == progress.found)  # noqa: B023
        assert client.get(f"/v1/searches/{id_}").json()["found"] == progress.found
    client.delete(f"/v1/searches/{id_}")
    thread.join(PATIENCE)

    numbers = [(e["data"]["found"], e["data"]["best"]) for e in found if e["event"] == "progress"]
    assert numbers[0] == (0, None)
    assert numbers[-1] == (4, 0.25)
    assert found[-1]["data"]["state"] == "cancelled"
    assert found[-1]["data"]["found"] == 4
    assert [event["id"].partition("-")[0] for event in found] == [
        str(n + 1) for n in range(len(found))
    ]


def test_a_client_that_comes_back_does_not_hear_again_what_it_knows(
    client: TestClient, database: Database
) -> None:
    with database.write() as session:
        id_ = queued_search(session).id
    at, standing = search_events.place(database, id_, None)
    first = search_events._news(standing, at)
    assert first is not None
    with database.write() as session:
        searches.cancel(session, id_)

    assert search_events._news(standing, Place.parse(str(first.id))) is None
    (end,) = told(client, id_, str(first.id))
    assert (end["event"], end["id"].partition("-")[0]) == ("end", "2")


@pytest.mark.parametrize("last", ["x", "1-", "1-0123456", "1-ABCDEF01", "-1-00000000", "1" * 90])
def test_what_is_no_id_of_an_event_is_refused_in_one_sentence(
    sqlite_client: TestClient, sqlite_database: Database, last: str
) -> None:
    with sqlite_database.write() as session:
        id_ = queued_search(session).id

    answer = sqlite_client.get(f"/v1/searches/{id_}/events", headers={"Last-Event-ID": last})

    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == 1


def test_an_unknown_search_has_no_events(sqlite_client: TestClient) -> None:
    assert sqlite_client.get("/v1/searches/none/events").status_code == 404


@pytest.mark.slow
def test_a_search_for_the_best_tells_its_value_and_bound(solving_client: TestClient) -> None:
    ranges = {**endless()["ranges"], "resolution": [225, 400], "kernel_size": [1, 100]}
    body = {**endless(), "ranges": {**ranges, "stride": [1, 100]}, "tolerance": 0.001}
    body |= {"budget": "both", "find": {"best": "min_flops"}, "time_limit": 20.0}
    id_ = solving_client.post("/v1/searches", json=body, headers={"Prefer": "wait=0"}).json()["id"]

    found = told(solving_client, id_)

    progress = [event["data"] for event in found if event["event"] == "progress"]
    valued = [it for it in progress if it["best"] is not None]
    assert valued
    assert all(it["bound"] <= it["best"] for it in valued), "it is minimised"
    assert found[-1]["event"] == "end"
    assert found[-1]["data"]["found"] >= valued[-1]["found"]


def test_streams_end_when_the_server_stops(client: TestClient, database: Database) -> None:
    with database.write() as session:
        id_ = queued_search(session).id
    found: list[dict[str, Any]] = []
    thread = threading.Thread(target=lambda: found.extend(told(client, id_)))
    thread.start()
    until(lambda: id_ in client.app.state.watch._followers)  # type: ignore[attr-defined]

    client.app.state.closing.set()  # type: ignore[attr-defined]
    thread.join(PATIENCE)

    assert not thread.is_alive()
    assert [event["event"] for event in found] == ["progress"]


def test_a_silent_stream_is_kept_alive(
    client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stop(follower: Follower, _seconds: float) -> None:
        """The server stops while the stream waits for news, whenever that is."""
        follower.leave_off()

    monkeypatch.setattr(search_events, "KEEP_ALIVE_SECONDS", 0.0)
    monkeypatch.setattr(Follower, "news", stop)
    with database.write() as session:
        id_ = queued_search(session).id

    with client.stream("GET", f"/v1/searches/{id_}/events") as answer:
        assert [*answer.iter_lines()][-2:] == [": keep-alive", ""]
