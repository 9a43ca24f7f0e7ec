import json
import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.db.engine import Database
from tests.factories import queued_search
from tests.workers import FakeWorker


def token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', page)
    assert found
    return found[1]


def send(client: TestClient, id_: str, action: str, **fields: Any) -> Any:
    """Send a form of a search's page, as a browser does."""
    page = client.get(f"/searches/{id_}").text
    data = {"csrf_token": token(page), **fields}
    return client.post(f"/searches/{id_}/{action}", data=data, follow_redirects=False)


def test_a_page_says_what_was_asked_and_found(sqlite_client: TestClient, search_id: str) -> None:
    answer = sqlite_client.get(f"/searches/{search_id}")

    assert answer.status_code == 200
    assert "at the same number of parameters" in answer.text
    assert "images of 6 to 8 px instead of 5 px" in answer.text
    assert "1,556 variants. Every solution is here." in answer.text
    assert "K1&#39;·(C1&#39;² + 12·C2&#39;²) + 1,100 = 2,972" in answer.text
    assert "<svg" in answer.text
    assert "1 to 50 of 1,556 variants" in answer.text


def test_filters_and_order_drive_plot_and_table(sqlite_client: TestClient, search_id: str) -> None:
    query = {"by1": "resolution", "from1": "8", "sort": "-flops", "x": "flops", "y": "K1'"}

    page = sqlite_client.get(f"/searches/{search_id}", params=query).text

    passed = int(re.search(r"Filters: ([\d,]+) of 1,556 pass", page)[1])  # type: ignore[index]
    assert 0 < passed < 1556
    assert f"{passed:,} variants: K1&#39; against FLOPs" in page
    assert f"1 to 50 of {passed:,} variants" in page
    assert 'aria-sort="descending"' in page


def test_a_page_leads_to_the_next_one(sqlite_client: TestClient, search_id: str) -> None:
    first = sqlite_client.get(f"/searches/{search_id}", params={"sort": "flops"}).text
    address = re.search(r'rel="next" href="([^"#]+)', first)
    assert address

    second = sqlite_client.get(f"/searches/{search_id}{address[1].replace('&amp;', '&')}").text

    assert "51 to 100 of 1,556 variants" in second
    assert 'rel="prev"' in second


def test_filters_that_nothing_passes_say_what_to_do(
    sqlite_client: TestClient, search_id: str
) -> None:
    page = sqlite_client.get(f"/searches/{search_id}", params={"by1": "flops", "from1": "1e9"}).text

    assert "No variant passes these filters" in page


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"x": "<script>"}, 422),
        ({"by1": "flops", "from1": "<script>"}, 422),
        ({"start": "-1"}, 422),
        ({"chosen": "1556"}, 404),
        ({"start": "100000"}, 200),
        ({"unknown": "1"}, 422),
    ],
)
def test_odd_addresses_are_answered_in_words(
    sqlite_client: TestClient, search_id: str, query: dict[str, str], status: int
) -> None:
    answer = sqlite_client.get(f"/searches/{search_id}", params=query)

    assert answer.status_code == status
    assert "<script>" not in answer.text


def test_the_chosen_variant_stands_beside_the_original(
    sqlite_client: TestClient, search_id: str
) -> None:
    page = sqlite_client.get(f"/searches/{search_id}", params={"chosen": 0}).text

    assert "The original beside variant #0" in page
    assert "kernel_size 3 → 6" in page
    assert f'href="/v1/variants/{search_id}-0/model.py"' in page
    assert re.search(rf'href="/compare/layers.csv\?ids=\w+,{search_id}-0" download', page)


def test_the_plot_is_answered_for_the_part_that_is_zoomed_to(
    sqlite_client: TestClient, search_id: str
) -> None:
    answer = sqlite_client.get(f"/searches/{search_id}/plot", params={"x0": 6.5, "x1": 7.5})

    made = answer.json()
    assert answer.headers["content-encoding"] == "gzip"
    assert made["layout"]["xaxis"]["range"] == [6.5, 7.5]
    assert {x for trace in made["data"] if trace["name"] != "original" for x in trace["x"]} == {7}
    plain = sqlite_client.get(
        f"/searches/{search_id}/plot", headers={"Accept-Encoding": "identity"}
    )
    assert json.loads(plain.content)["layout"]["yaxis"]["title"]["text"] == "FLOPs"


def test_accuracies_of_trained_variants_are_shown_and_sorted_by(
    sqlite_client: TestClient, sqlite_database: Database, search_id: str
) -> None:
    answer = send(
        sqlite_client,
        search_id,
        "train",
        dataset="digits",
        seeds="2",
        epochs="1",
        variant=["700", "3"],
    )
    FakeWorker(sqlite_database).work()

    page = sqlite_client.get(f"/searches/{search_id}", params={"sort": "-accuracy"}).text

    assert answer.status_code == 303
    assert page.count("50.0% ± 0.0%") == 2


def test_ticked_variants_are_trained(sqlite_client: TestClient, search_id: str) -> None:
    fields = {"dataset": "digits", "seeds": "2", "epochs": "1", "variant": ["700", "3"]}

    answer = send(sqlite_client, search_id, "train", choice="ticked", **fields)

    job = sqlite_client.get(f"/v1{answer.headers['location']}").json()
    assert job["request"]["variants"] == {"ids": [f"{search_id}-700", f"{search_id}-3"]}
    assert (job["request"]["seeds"], job["request"]["epochs"]) == (2, 1)


@pytest.mark.parametrize(("choice", "count"), [("random", 3), ("halving", 8)])
def test_variants_can_be_drawn(
    sqlite_client: TestClient, search_id: str, choice: str, count: int
) -> None:
    answer = send(
        sqlite_client,
        search_id,
        "train",
        choice=choice,
        count=str(count),
        dataset="digits",
        seeds="1",
    )

    job = sqlite_client.get(f"/v1{answer.headers['location']}").json()
    assert job["request"]["variants"]["select"] == choice
    assert job["request"]["variants"]["count"] == count


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"dataset": "digits"}, "tick the variants to train"),
        ({"dataset": "digits", "variant": "x"}, "tick the variants to train"),
        ({"dataset": "digits", "variant": "99999"}, "no variant with this id"),
        ({"dataset": "digits", "variant": "1", "seeds": "many"}, "write a whole number"),
        ({"dataset": "digits", "variant": "1", "seeds": "0"}, "seeds"),
        ({"dataset": "<b>", "variant": "1"}, "there is no such data set"),
    ],
)
def test_training_is_refused_in_words(
    sqlite_client: TestClient, search_id: str, fields: dict[str, str], reason: str
) -> None:
    answer = send(sqlite_client, search_id, "train", **fields)

    assert answer.status_code == 422
    assert reason in answer.text
    assert "<b>" not in answer.text


def test_a_form_from_elsewhere_does_nothing(sqlite_client: TestClient, search_id: str) -> None:
    answer = sqlite_client.post(f"/searches/{search_id}/train", data={"dataset": "digits"})

    assert answer.status_code == 403
    assert sqlite_client.get("/v1/jobs").json()["items"] == []


def test_a_search_that_goes_on_is_followed_and_can_be_cancelled(
    sqlite_client: TestClient, sqlite_database: Database
) -> None:
    with sqlite_database.write() as session:
        id_ = queued_search(session).id

    page = sqlite_client.get(f"/searches/{id_}").text
    answer = send(sqlite_client, id_, "cancel")
    cancelled = sqlite_client.get(f"/searches/{id_}").text

    assert f'data-events="/v1/searches/{id_}/events"' in page
    assert 'http-equiv="refresh"' in page, "without scripts, the page is loaded again"
    assert answer.headers["location"] == f"/searches/{id_}"
    assert "The search was cancelled" in cancelled
    assert 'http-equiv="refresh"' not in cancelled


def test_cancelling_a_search_that_has_ended_changes_nothing(
    sqlite_client: TestClient, search_id: str
) -> None:
    page = sqlite_client.get("/searches/new").text
    sqlite_client.post(f"/searches/{search_id}/cancel", data={"csrf_token": token(page)})

    assert sqlite_client.get(f"/v1/searches/{search_id}").json()["state"] == "succeeded"


def test_an_infeasible_search_says_why_and_is_solved_with_a_tolerance(
    sqlite_client: TestClient, sqlite_database: Database
) -> None:
    with sqlite_database.write() as session:
        row = queued_search(session)
        row.state, row.outcome, row.finished_at = "succeeded", "infeasible", row.created_at
        row.explanation = {
            "blocking": ["equal params"],
            "nearest": None,
            "reasons": ["The network has 2,972 parameters."],
            "tolerance": 0.05,
        }
        id_ = row.id

    page = sqlite_client.get(f"/searches/{id_}").text
    answer = send(sqlite_client, id_, "tolerate")

    assert "There is none." in page
    assert "The network has 2,972 parameters." in page
    assert "Solve with a tolerance of 5%" in page
    new = sqlite_client.get(f"/v1{answer.headers['location']}").json()
    assert new["id"] != id_
    assert new["request"]["tolerance"] == {"below": 0.05, "above": 0.05}


def test_a_search_that_ran_out_of_time_says_what_is_known(
    sqlite_client: TestClient, sqlite_database: Database
) -> None:
    with sqlite_database.write() as session:
        row = queued_search(session)
        row.state, row.outcome, row.finished_at = "succeeded", "timed_out", row.created_at
        row.explanation = {
            "blocking": [],
            "nearest": None,
            "reasons": ["No resolution asked for above 318 px has an answer."],
        }
        id_ = row.id

    page = sqlite_client.get(f"/searches/{id_}").text

    assert "What is known so far" in page
    assert "Why there is none" not in page
    assert "No resolution asked for above 318 px has an answer." in page


def test_nothing_known_that_opens_a_solution_is_told(
    sqlite_client: TestClient, search_id: str
) -> None:
    answer = send(sqlite_client, search_id, "tolerate")

    assert answer.status_code == 409
    assert "No tolerance is known" in answer.text


def test_why_a_search_failed_is_shown_as_text(
    sqlite_client: TestClient, sqlite_database: Database
) -> None:
    with sqlite_database.write() as session:
        row = queued_search(session)
        row.state, row.error, row.finished_at = "failed", "<script>alert(1)", row.created_at
        id_ = row.id

    page = sqlite_client.get(f"/searches/{id_}").text

    assert "The search failed: &lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page


@pytest.mark.parametrize("path", ["", "/plot"])
def test_an_unknown_search_is_not_found(sqlite_client: TestClient, path: str) -> None:
    assert sqlite_client.get(f"/searches/{'0' * 32}{path}").status_code == 404
