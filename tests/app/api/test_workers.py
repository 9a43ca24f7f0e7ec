"""``GET /v1/workers``."""

from starlette.testclient import TestClient

from app.db import runs
from app.db.engine import Database
from tests.factories import queued_job
from tests.workers import entered


def test_workers_are_listed_with_what_they_do(client: TestClient, database: Database) -> None:
    entered(database, "idle", age=60)
    entered(database, "busy")
    job = queued_job(database, seeds=2)
    with database.write() as session:
        runs.claim(session, "busy", 60)

    page = client.get("/v1/workers").json()

    assert page["next"] is None
    assert [(it["name"], it["state"]) for it in page["items"]] == [
        ("busy", "busy"),
        ("idle", "idle"),
    ]
    (training,) = page["items"][0]["trainings"]
    assert training["seeds"] == [0, 1]
    assert training["asked"] == [{"kind": "job", "id": job.id}]


def test_a_page_of_workers_leads_to_the_next(client: TestClient, database: Database) -> None:
    for name in "ab":
        entered(database, name)

    first = client.get("/v1/workers", params={"limit": 1}).json()
    second = client.get("/v1/workers", params={"limit": 1, "cursor": first["next"]}).json()

    assert {it["name"] for it in (*first["items"], *second["items"])} == {"a", "b"}
    assert second["next"] is None
