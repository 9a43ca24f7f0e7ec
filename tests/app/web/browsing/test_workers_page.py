import re

from starlette.testclient import TestClient

from app.db import register, runs
from app.db.engine import Database
from tests.factories import queued_job
from tests.workers import entered


def test_a_worker_is_shown_with_what_it_trains_and_for_whom(
    sqlite_client: TestClient, sqlite_database: Database
) -> None:
    entered(sqlite_database, "box <1>")
    job = queued_job(sqlite_database, seeds=2, epochs=5)
    with sqlite_database.write() as session:
        runs.claim(session, "box <1>", 60)

    page = sqlite_client.get("/workers").text

    assert "box &lt;1&gt;" in page
    assert "state-busy" in page
    assert "seeds 0, 1" in page
    assert "epoch 0 of 5" in page
    assert f'href="/jobs/{job.id}"' in page


def test_a_worker_is_shown_with_where_it_runs(
    sqlite_client: TestClient, sqlite_database: Database
) -> None:
    entered(sqlite_database, "w")
    with sqlite_database.write() as session:
        register.beat(session, "w", 60, "NVIDIA <H100>")

    page = sqlite_client.get("/workers").text

    assert "Process 4711 on host" in page
    assert "trains on NVIDIA &lt;H100&gt;; python 3.11" in " ".join(page.split())
    assert "torch" not in page  # it is not installed there


def test_silent_workers_are_shown_first_and_stopped_ones_last(
    sqlite_client: TestClient, sqlite_database: Database
) -> None:
    queued_job(sqlite_database, seeds=1)
    for name in ("d-stopped", "c-idle", "b-busy"):
        entered(sqlite_database, name)
    entered(sqlite_database, "z-silent", lease=-1)
    with sqlite_database.write() as session:
        register.leave(session, "d-stopped")
        runs.claim(session, "z-silent", -1)
        runs.claim(session, "b-busy", 60)

    page = sqlite_client.get("/workers").text

    in_order = re.findall(r'data-worker="(.+?)"', page)
    assert in_order == ["z-silent", "b-busy", "c-idle", "d-stopped"]
    assert "attempt 1 at run" in page
    assert "its worker stopped answering" in page


def test_the_page_is_asked_for_again_without_scripts_of_its_own(
    sqlite_client: TestClient,
) -> None:
    page = sqlite_client.get("/workers").text

    assert 'hx-get="/workers" hx-trigger="every 3s" hx-select="#workers-now"' in page
    assert page.count('id="workers-now"') == 1
