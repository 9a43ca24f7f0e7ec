import re

import pytest
from starlette.testclient import TestClient

from app.db import runs
from app.db.engine import Database
from app.services import study_runs
from app.web.pages import TEMPLATES
from app.web.training import reports
from app.web.training.study_page import StudyPage
from tests.app.ui.studies.studies import networks, study
from tests.planned_studies import planned_study, waiting_study
from tests.workers import FakeWorker


def results(page: StudyPage) -> str:
    return TEMPLATES.get_template("study_results.html").render(it=page)


def test_a_study_says_its_verdict_and_shows_each_cell_with_its_estimates() -> None:
    page = StudyPage(study())
    text = results(page)

    assert page.conclusion.startswith("More pixels raise accuracy")
    assert page.conclusion in text
    assert text.count('<details id="cell-') == 4
    assert text.count(" open>") == 1, "the primary cell is open"
    assert "true − upsampled: what the extra pixels bring" in text
    assert "Upsampled images: the same variants are trained" in text
    assert "Gain: mean variant − original (the headline)" in text
    assert "Originals and their variants, IV · 12 px · params" in text


def test_a_study_of_networks_alone_shows_what_accuracy_costs() -> None:
    page = StudyPage(networks())

    assert [chart.title for chart in page.charts] == [
        "Test accuracy against parameters: mean ± sd over seeds",
        "Test accuracy against FLOPs: mean ± sd over seeds",
    ]
    assert [series.name for series in next(page.charts).series] == ["7 px", "14 px", "28 px"]
    text = results(page)
    assert "All estimates" not in text
    assert "exploratory" in text


def test_a_study_that_waits_says_what_comes_next(client: TestClient, database: Database) -> None:
    row = waiting_study(database)

    page = client.get(f"/studies/{row.id}").text

    assert 'aria-current="step">Count' in page
    assert "Runs are queued once all is drawn." in page
    assert f'sse-connect="/v1/studies/{row.id}/events"' in page


def test_a_study_that_has_ended_needs_no_events(client: TestClient, database: Database) -> None:
    row = planned_study(database)
    FakeWorker(database).work()

    page = client.get(f"/studies/{row.id}").text

    assert 'aria-current="step">Ended' in page
    assert "2 of 2 runs have ended" in page
    assert "sse-connect" not in page


def test_the_parts_of_a_page_are_what_the_page_shows(
    client: TestClient, database: Database
) -> None:
    row = planned_study(database)
    page = client.get(f"/studies/{row.id}").text

    for part in ("progress", "results"):
        assert client.get(f"/studies/{row.id}/{part}").text.strip() in page


def test_a_study_is_cancelled_by_a_form_of_its_page(client: TestClient, database: Database) -> None:
    row = planned_study(database)
    token = re.search(r'csrf_token" value="([0-9a-f]+)"', client.get(f"/studies/{row.id}").text)
    assert token

    answer = client.post(
        f"/studies/{row.id}/cancel", data={"csrf_token": token[1]}, follow_redirects=False
    )

    assert (answer.status_code, answer.headers["location"]) == (303, f"/studies/{row.id}")
    assert client.get(f"/v1/studies/{row.id}").json()["state"] == "cancelled"


def test_the_runs_of_a_study_are_listed_by_state_with_what_they_are_for_and_lost_attempts(
    client: TestClient, database: Database
) -> None:
    row = planned_study(database)
    with database.write() as session:
        runs.lose(session, runs.claim(session, "worker-1", 60, 1), "killed")
    path = f"/studies/{row.id}/runs"

    every, none = client.get(path).text, client.get(path, params={"state": "failed"}).text

    assert every.count('<th scope="row"') == 2
    assert "original 0" in every
    assert "by worker-1: killed." in every
    assert f'href="{path}?state=queued"' in every
    assert "None is in this state." in none
    assert f'href="{path}"' in client.get(f"/studies/{row.id}").text
    assert client.get(path, params={"after": 0}).text.count('<th scope="row"') == 1


def test_a_study_that_is_not_planned_has_no_runs(client: TestClient, database: Database) -> None:
    page = client.get(f"/studies/{waiting_study(database).id}/runs").text

    assert "Runs are queued once all is drawn." in page


def test_more_runs_of_a_study_follow_on_the_next_page(
    client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study_runs, "MOST", 1)
    path = f"/studies/{planned_study(database).id}/runs"

    page = client.get(path, params={"state": "queued"}).text

    assert f'href="{path}?after=0&amp;state=queued" rel="next"' in page
    assert page.count('<th scope="row"') == 1


def test_a_study_that_has_ended_is_asked_for_again_and_what_failed_is_tried_again(
    client: TestClient, database: Database
) -> None:
    ended = planned_study(database)
    client.post(f"/v1/studies/{ended.id}/cancel")
    shown = client.get(f"/studies/{ended.id}").text
    token = re.search(r'csrf_token" value="([0-9a-f]+)"', shown)
    assert token
    assert "Cancel the study" not in shown

    answer = client.post(
        f"/studies/{ended.id}/again", data={"csrf_token": token[1]}, follow_redirects=False
    )

    path = answer.headers["location"]
    old, new = (client.get(f"/v1/studies/{it}").json() for it in (ended.id, path.split("/")[-1]))
    assert answer.status_code == 303
    assert (old["state"], new["state"]) == ("cancelled", "queued")
    assert new["id"] != old["id"]
    assert (new["request"], new["plan_hash"]) == (old["request"], old["plan_hash"])
    assert f'action="{path}/again"' not in client.get(path).text


def test_the_report_has_its_figures_and_is_a_file(client: TestClient, database: Database) -> None:
    row = planned_study(database)
    FakeWorker(database).work()

    answer = client.get(f"/studies/{row.id}/report")

    name = f"isobudget-study-{row.id}.html"
    assert answer.headers["content-disposition"] == f'inline; filename="{name}"'
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert f'download="{name}"' in client.get(f"/studies/{row.id}").text
    assert "<svg" in answer.text


def test_without_matplotlib_a_page_says_how_to_get_the_report(
    sqlite_client: TestClient, sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "find_spec", lambda _name: None)
    row = planned_study(sqlite_database)

    answer = sqlite_client.get(f"/studies/{row.id}/report")

    assert answer.status_code == 501
    assert "pip install" in answer.text
    assert "isobudget[figures]" in answer.text


@pytest.mark.parametrize("path", ["", "/progress", "/results", "/report"])
def test_an_unknown_study_is_said_on_a_page(sqlite_client: TestClient, path: str) -> None:
    answer = sqlite_client.get(f"/studies/unknown{path}")

    assert answer.status_code == 404
    assert "There is no study with this id" in answer.text
