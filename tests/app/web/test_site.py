from typing import Any

import pytest
from starlette.testclient import TestClient

from app.shipped import example
from app.web.pages import POLICY


def test_the_first_page_says_what_can_be_done(client: TestClient) -> None:
    answer = client.get("/")

    assert answer.status_code == 200
    assert answer.headers["content-security-policy"] == POLICY
    assert 'href="/searches/new"' in answer.text
    assert "No search yet" in answer.text


def test_the_first_page_shows_the_latest_searches(client: TestClient) -> None:
    search = client.post(
        "/v1/searches", json=example("digits-search"), headers={"Prefer": "wait=0"}
    )

    assert f'href="/searches/{search.json()["id"]}"' in client.get("/").text


def test_an_unknown_path_is_a_page_for_people_and_a_problem_for_programs(
    client: TestClient,
) -> None:
    page = client.get("/nowhere", headers={"Accept": "text/html"})
    problem = client.get("/nowhere")

    assert (page.status_code, problem.status_code) == (404, 404)
    assert "<h1>Not Found</h1>" in page.text
    assert problem.headers["content-type"] == "application/problem+json"


def test_an_error_of_the_api_stays_a_problem(client: TestClient) -> None:
    answer = client.get("/v1/nowhere", headers={"Accept": "text/html"})

    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("query", [{"unknown": 1}, {"<b>": "<i>"}])
def test_what_is_wrong_with_an_address_is_said_on_a_page(
    client: TestClient, query: dict[str, Any]
) -> None:
    answer = client.get("/", params=query)

    assert answer.status_code == 422
    assert "1 fault in the request" in answer.text
    assert "<b>" not in answer.text


def test_a_page_is_compressed_where_the_browser_takes_it(client: TestClient) -> None:
    packed = client.get("/")
    plain = client.get("/", headers={"Accept-Encoding": "identity"})

    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert packed.text == plain.text
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) / 2
