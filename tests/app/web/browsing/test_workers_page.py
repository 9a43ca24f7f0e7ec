from starlette.testclient import TestClient

from app.db import runs
from app.db.engine import Database
from tests.factories import queued_job


def test_a_worker_is_shown_with_what_it_trains_and_for_whom(
    sqlite_client: TestClient, sqlite_database: Database
) -> None:
    job = queued_job(sqlite_database, seeds=2, epochs=5)
    with sqlite_database.write() as session:
        runs.claim(session, "box <1>", 60)

    page = sqlite_client.get("/workers").text

    assert "box &lt;1&gt;" in page
    assert "state-alive" in page
    assert "seeds 0, 1" in page
    assert "epoch 0 of 5" in page
    assert f'href="/jobs/{job.id}"' in page


def test_a_silent_worker_is_shown_first_with_the_attempts_that_it_lost(
    sqlite_client: TestClient, sqlite_database: Database
) -> None:
    queued_job(sqlite_database, seeds=1)
    with sqlite_database.write() as session:
        runs.claim(session, "z-dead", -1)
        runs.claim(session, "a-alive", 60)

    page = sqlite_client.get("/workers").text

    assert page.index("z-dead") < page.index("state-silent") < page.index("a-alive")
    assert "attempt 1 at run" in page
    assert "its worker stopped answering" in page


def test_the_page_is_asked_for_again_without_scripts_of_its_own(
    sqlite_client: TestClient,
) -> None:
    page = sqlite_client.get("/workers").text

    assert 'hx-get="/workers" hx-trigger="every 3s" hx-select="#workers-now"' in page
    assert page.count('id="workers-now"') == 1
