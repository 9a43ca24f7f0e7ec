"""The pages of a new search, as a browser without scripts uses them."""

import json
import re
from typing import Any

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from app.db.engine import Database
from app.shipped import example
from app.web.searching.documents import examples
from tests.factories import solved_search

SEARCH_ID = "7646fda55e9d4fbf5fde2009e58c3dec"
"""The id of the search in ``digits-search``."""


def token_in(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', page)
    assert found
    return found[1]


def send(client: TestClient, action: str = "", **fields: str) -> Response:
    """Send the form as it stands for a new search, with other values in some fields."""
    new = {"approach": "IV", "budget": "params", "find": "all", "count_pooling": "on"}
    token = token_in(client.get("/searches/new").text)
    named = {name.replace("__", "."): text for name, text in fields.items()}
    data = {**new, "kernel_grows": "on", "csrf_token": token, **named}
    answer: Response = client.post(f"/searches/new{action}", data=data, follow_redirects=False)
    return answer


def digits(**changes: Any) -> str:
    return json.dumps(example("digits-architecture") | changes)


def test_an_empty_form_offers_all_examples(sqlite_client: TestClient) -> None:
    page = sqlite_client.get("/searches/new").text

    for it in examples():
        assert f'href="/searches/new?example={it.name}"' in page
    assert "There is no network yet" in page


@pytest.mark.parametrize("name", [it.name for it in examples()])
def test_an_example_is_shown_with_what_its_layers_cost(
    sqlite_client: TestClient, name: str
) -> None:
    answer = sqlite_client.get("/searches/new", params={"example": name})

    assert answer.status_code == 200
    assert "<dt>Parameters</dt>" in answer.text
    assert "Give a valid network first" not in answer.text
    assert 'class="fault' not in answer.text


@pytest.mark.parametrize(
    "query",
    [{"example": "x"}, {"architecture_id": "x"}, {"variant_id": "x"}, {"search_id": "x"}],
)
def test_what_is_not_there_cannot_be_started_from(
    sqlite_client: TestClient, query: dict[str, str]
) -> None:
    assert sqlite_client.get("/searches/new", params=query).status_code == 404


def test_a_form_that_is_sent_makes_the_search_and_shows_it(client: TestClient) -> None:
    answer = send(client, architecture=digits(), ranges__resolution__high="8")

    assert answer.status_code == 303
    assert answer.headers["location"] == f"/searches/{SEARCH_ID}"
    assert client.get(f"/v1/searches/{SEARCH_ID}").json()["state"] == "queued"


def test_a_whole_request_that_is_pasted_is_asked_as_it_stands(client: TestClient) -> None:
    answer = send(client, architecture=json.dumps(example("digits-search")), approach="II")

    assert answer.headers["location"] == f"/searches/{SEARCH_ID}"


def test_a_network_is_asked_about_anew(client: TestClient) -> None:
    architecture = client.post("/v1/architectures", json=example("resnet18")).json()

    page = client.get("/searches/new", params={"architecture_id": architecture["id"]}).text

    assert "&#34;name&#34;: &#34;layer1.0.conv1&#34;" in page
    assert re.search(r'value="V" *checked', page)


def test_a_variant_is_asked_about_anew(database: Database, client: TestClient) -> None:
    with database.write() as session:
        search_id = solved_search(session).id
    variant = client.get(f"/v1/searches/{search_id}/variants").json()["items"][0]

    page = client.get("/searches/new", params={"variant_id": variant["id"]}).text

    resolution = variant["architecture"]["input"]["resolution"]
    assert f'data-image="resolution" value="{resolution}"' in page


def test_a_search_is_asked_again_with_changes(client: TestClient) -> None:
    request = example("digits-search-whole")
    search = client.post("/v1/searches", json=request, headers={"Prefer": "wait=0"}).json()

    page = client.get("/searches/new", params={"search_id": search["id"]}).text

    assert re.search(r'value="V" *checked', page)
    assert 'name="tolerance.below" value="0.005"' in page
    assert 'name="ranges.resolution.high" value="6"' in page
    assert 'name="widths.step" value="2"' in page


def test_faults_of_a_network_are_shown_at_their_layers(sqlite_client: TestClient) -> None:
    layers = example("digits-architecture")["layers"]
    layers[2]["kernel_size"] = 7

    answer = send(sqlite_client, architecture=digits(layers=layers))

    assert answer.status_code == 422
    assert "kernel 7 does not fit its 3×3 input" in answer.text
    assert re.search(r'id="layer-2-kernel_size"[^>]*aria-invalid="true"', answer.text)
    assert sqlite_client.get("/v1/searches").json()["items"] == []


def test_faults_of_a_question_are_shown_at_their_fields(sqlite_client: TestClient) -> None:
    answer = send(
        sqlite_client,
        architecture=digits(),
        tolerance__below="much",
        ranges__kernel_size__low="9",
        ranges__kernel_size__high="3",
        limit="0",
    )

    assert answer.status_code == 422
    for field in ("tolerance.below", "ranges.kernel_size", "limit"):
        assert f'<a href="#{field}">' in answer.text
        assert f'id="{field}-fault"' in answer.text
    assert 'value="much"' in answer.text


def test_an_approach_that_does_not_fit_is_refused_with_the_reason(
    sqlite_client: TestClient,
) -> None:
    answer = send(sqlite_client, architecture=json.dumps(example("pilotnet")), approach="I")

    assert answer.status_code == 422
    assert "approach I changes square images" in answer.text


def test_a_request_that_asks_for_nothing_sensible_is_refused(sqlite_client: TestClient) -> None:
    request = example("digits-search") | {"approach": "VI", "colour": "red"}

    answer = send(sqlite_client, architecture=json.dumps(request))

    assert answer.status_code == 422
    assert "unknown key &#39;colour&#39;" in answer.text


class TestCounting:
    def test_variants_are_counted_and_nothing_is_stored(self, sqlite_client: TestClient) -> None:
        answer = send(
            sqlite_client, "/checked", architecture=digits(), ranges__resolution__high="8"
        )

        assert answer.status_code == 200
        assert "<b>1,556 variants</b> with the same number of parameters" in answer.text
        assert sqlite_client.get("/v1/searches").json()["items"] == []

    def test_more_than_are_kept_are_said_to_be_drawn(self, sqlite_client: TestClient) -> None:
        answer = send(
            sqlite_client,
            "/count",
            architecture=digits(),
            ranges__resolution__high="8",
            limit="100",
        )

        assert "100 of them are kept" in answer.text
        assert "<html" not in answer.text

    def test_no_variant_is_said(self, sqlite_client: TestClient) -> None:
        answer = send(
            sqlite_client,
            "/count",
            architecture=digits(),
            approach="III",
            budget="flops",
            ranges__resolution__high="7",
        )

        assert "<b>No variant</b> has the same number of FLOPs" in answer.text

    def test_widths_of_whole_networks_are_counted_and_no_variants(
        self, sqlite_client: TestClient
    ) -> None:
        network = json.dumps(example("digits-resnet8"))

        answer = send(sqlite_client, "/count", architecture=network, approach="V")

        assert re.search(r"<b>[1-9]\d* widths may change</b>", answer.text)

    def test_nothing_is_counted_of_a_network_with_faults(self, sqlite_client: TestClient) -> None:
        answer = send(sqlite_client, "/count", architecture="{")

        assert "Give a valid network first" in answer.text


def test_names_are_shown_as_text(sqlite_client: TestClient) -> None:
    bad = "</textarea><script>alert(1)</script>"
    layers = [{"type": bad, "name": bad, bad: bad, "inputs": [bad]}]

    for action in ("", "/checked", "/network", "/count"):
        answer = send(sqlite_client, action, architecture=digits(layers=layers), approach=bad)
        assert "<script>alert" not in answer.text


def test_a_form_from_elsewhere_is_refused(sqlite_client: TestClient) -> None:
    for action in ("", "/checked", "/network", "/count"):
        answer = sqlite_client.post(f"/searches/new{action}", data={"architecture": digits()})
        assert answer.status_code == 403
