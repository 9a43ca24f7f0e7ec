import re

import pytest
from starlette.testclient import TestClient

from app.db import jobs, runs
from app.db.engine import Database
from app.db.runs import Claim
from app.experiments.failures import Failure
from app.web.training import job_page
from tests.app.web.training.jobs import better_with_seeds, trained
from tests.factories import queued_job
from tests.workers import FakeWorker


def _fails_at_seed_1(claim: Claim) -> Failure | None:
    return "diverged" if claim.seed == 1 else None


def form(client: TestClient, path: str) -> dict[str, str]:
    """The token that the forms of a page carry."""
    pattern = r'name="csrf_token" value="([0-9a-f]+)"'
    return {"csrf_token": _found(pattern, client.get(path).text)}


def test_a_job_that_waits_shows_its_networks_and_says_how_to_start_a_worker(
    client: TestClient, database: Database
) -> None:
    job = queued_job(database, variants=(3, 5))

    page = client.get(f"/jobs/{job.id}").text

    assert "0 of 6 runs have ended" in page
    assert "isobudget work" in page
    assert [label for label in ("original", "V1", "V2") if f">{label}</a>" in page] == [
        "original",
        "V1",
        "V2",
    ]
    assert f'action="/jobs/{job.id}/cancel"' in page
    assert f'sse-connect="/jobs/{job.id}/changes"' in page


def test_a_job_that_has_ended_shows_means_with_their_spread(
    client: TestClient, database: Database
) -> None:
    job = trained(database)

    page = client.get(f"/jobs/{job.id}").text

    assert "6 of 6 runs have ended" in page
    assert "57.0% ± 7.1%" in page
    assert "Learning curves: mean ± sd over seeds" in page
    assert "Test accuracy of the original and its variants" in page
    assert "mean variant − original (the headline)" in page
    assert "This is optimistic" in page
    assert "sse-connect" not in page
    assert "/cancel" not in page
    assert client.get(_found(r'href="(/compare[^"]+)"', page)).status_code == 200


def _found(pattern: str, page: str) -> str:
    found = re.search(pattern, page)
    assert found
    return found[1]


def test_failed_runs_are_told_and_can_be_tried_again(
    client: TestClient, database: Database
) -> None:
    job = queued_job(database, variants=(3,))
    FakeWorker(database, fails=_fails_at_seed_1).work()
    page = client.get(f"/jobs/{job.id}").text
    assert "Failed (diverged): in words" in page
    assert "2 of 4 runs failed (diverged)" in page

    answer = client.post(
        f"/jobs/{job.id}/retry", data=form(client, f"/jobs/{job.id}"), follow_redirects=False
    )

    assert (answer.status_code, answer.headers["location"]) == (303, f"/jobs/{job.id}")
    assert client.get(f"/v1/jobs/{job.id}").json()["state"] == "queued"


def test_a_job_is_cancelled_by_a_form_of_its_page_only(
    client: TestClient, database: Database
) -> None:
    job = queued_job(database)
    path = f"/jobs/{job.id}/cancel"
    assert client.post(path, data={"csrf_token": "guessed"}).status_code == 403
    assert client.get(f"/v1/jobs/{job.id}").json()["state"] == "queued"

    client.post(path, data=form(client, f"/jobs/{job.id}"))

    assert client.get(f"/v1/jobs/{job.id}").json()["state"] == "cancelled"


def test_an_attempt_that_was_lost_is_told_with_its_worker(
    client: TestClient, database: Database
) -> None:
    job = queued_job(database)
    with database.write() as session:
        held = runs.claim(session, "worker-1", 60, 8)
        runs.lose(session, held, "the worker was killed")

    page = client.get(f"/jobs/{job.id}").text

    assert "Attempt 1 came to nothing" in page
    assert "by worker-1: the worker was killed" in page


def test_the_parts_of_a_page_are_what_the_page_shows(
    client: TestClient, database: Database
) -> None:
    job = trained(database)
    page = client.get(f"/jobs/{job.id}").text

    for part in ("progress", "results"):
        text = client.get(f"/jobs/{job.id}/{part}").text
        assert "<html" not in text
        assert text.strip() in page


def test_changes_are_told_at_once_and_the_end_after_them(
    client: TestClient, database: Database
) -> None:
    job = trained(database)

    told = client.get(f"/jobs/{job.id}/changes").text

    assert re.findall(r"event: (\w+)", told) == ["change", "end"]


def test_events_are_not_compressed(client: TestClient, database: Database) -> None:
    """A browser would get them late: a compressor holds back what it is given."""
    job = trained(database)

    answer = client.get(f"/jobs/{job.id}/changes", headers={"Accept-Encoding": "gzip"})

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert "content-encoding" not in answer.headers


def test_the_report_is_shown_in_a_sandbox_and_has_the_name_of_a_file(
    client: TestClient, database: Database
) -> None:
    job = trained(database)

    answer = client.get(f"/jobs/{job.id}/report")

    name = f"isobudget-job-{job.id}.html"
    assert answer.headers["content-disposition"] == f'inline; filename="{name}"'
    assert answer.headers.get_list("cross-origin-opener-policy") == ["unsafe-none"]
    policy = dict(
        part.partition(" ")[::2] for part in answer.headers["content-security-policy"].split("; ")
    )
    assert policy["sandbox"] == ""
    assert policy["default-src"] == "'none'"
    assert "script-src" not in policy
    assert "Learning curves: mean ± sd over seeds" in answer.text
    assert "57.0% ± 7.1%" in answer.text
    page = client.get(f"/jobs/{job.id}").text
    assert f'href="/jobs/{job.id}/report">Report<' in page
    assert f'href="/jobs/{job.id}/report" download="{name}"' in page


@pytest.mark.parametrize("path", ["", "/progress", "/results", "/changes", "/report"])
def test_an_unknown_job_is_said_on_a_page(sqlite_client: TestClient, path: str) -> None:
    answer = sqlite_client.get(f"/jobs/unknown{path}")

    assert answer.status_code == 404
    assert "There is no job with this id" in answer.text


def test_a_network_of_a_very_large_job_has_a_page_of_its_runs(
    client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_page, "MOST_LISTED", 3)
    job = trained(database)
    page = client.get(f"/jobs/{job.id}").text
    assert "Runs of V1" not in page

    (link,) = re.findall(rf'href="(/jobs/{job.id}/runs/[^"]+-5)"', page)

    assert "Runs of V2" in client.get(link).text
    assert client.get(f"/jobs/{job.id}/runs/other").status_code == 404


def test_a_job_that_halves_shows_its_rungs(client: TestClient, database: Database) -> None:
    job = queued_job(database, variants=(3, 5, 7, 9), epochs=4, halving=(2, 1))
    FakeWorker(database, accuracy=better_with_seeds).work()

    page = client.get(f"/jobs/{job.id}").text

    assert "Successive halving" in page
    assert "There is no mean variant" in page
    with database.read() as session:
        assert page.count('<tr><th scope="row">') >= len(jobs.get(session, job.id).rungs)
