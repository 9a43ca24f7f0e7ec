from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from app.api import examples as documented
from app.db import searches, studies
from app.db.engine import Database
from app.db.models import SearchRow
from app.db.types import database_time
from app.shipped import example
from tests.app.api.conftest import serving
from tests.exhaustive import Asked, rows
from tests.factories import original, queued_search, search_body, solved_search, until
from tests.planned_studies import claimed_study

INFEASIBLE = {"ranges": {"resolution": [6, 6], "kernel_size": [4, 4], "out_channels": [7, 7]}}
SLOW = {"tolerance": 1.0, "ranges": {"resolution": [6, 500], "padding": [0, 60], "stride": [1, 60]}}


def pages(client: TestClient, url: str, **params: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    following: dict[str, Any] = {}
    while True:
        page = client.get(url, params={**params, "limit": 200, **following}).json()
        found += page["items"]
        if page["next"] is None:
            return found
        following = {"cursor": page["next"]}


@pytest.mark.slow
def test_the_search_of_the_examples_is_complete(solving_client: TestClient) -> None:
    body = search_body()

    answer = solving_client.post("/v1/searches", json=body)
    search = answer.json()
    variants = pages(solving_client, f"/v1/searches/{search['id']}/variants")

    assert answer.status_code == 201
    assert (search["state"], search["outcome"]) == ("succeeded", "complete")
    found = {tuple(variant["assignment"].values()) for variant in variants}
    assert found == set(rows(Asked(original(), ranges=body["ranges"])))
    assert search["found"] == len(variants) == len(found)
    assert search["variants"] == variants[:50]


def stored(client: TestClient, database: Database, **changes: Any) -> dict[str, Any]:
    """A search that was solved before."""
    with database.write() as session:
        id_ = solved_search(session, **changes).id
    answer: dict[str, Any] = client.get(f"/v1/searches/{id_}").json()
    return answer


def test_every_variant_has_exactly_the_parameters_of_the_original(
    client: TestClient, database: Database
) -> None:
    search = stored(client, database)

    for variant in search["variants"]:
        posted = client.post("/v1/architectures", json=variant["architecture"]).json()
        assert posted["counts"]["params"] == search["original"]["counts"]["params"]
        assert posted["counts"] == variant["counts"]
        assert variant["delta"]["params"] == 0


@pytest.mark.slow
def test_an_infeasible_search_is_an_answer_with_an_explanation(solving_client: TestClient) -> None:
    answer = solving_client.post(
        "/v1/searches", json=search_body(**INFEASIBLE), headers={"Prefer": "wait=60"}
    )
    search = answer.json()

    assert answer.status_code == 201
    assert (search["outcome"], search["found"], search["variants"]) == ("infeasible", 0, [])
    assert "equal params" in search["explanation"]["blocking"]
    assert search["explanation"]["nearest"]["delta"]["params"] != 0


@pytest.mark.slow
def test_a_search_by_id_is_that_of_the_architecture(solving_client: TestClient) -> None:
    architecture = example("digits-architecture")
    id_ = solving_client.post("/v1/architectures", json=architecture).json()["id"]
    by_id = {**search_body(), "architecture": None, "architecture_id": id_}

    headers = {"Prefer": "wait=60"}
    first = solving_client.post("/v1/searches", json=by_id, headers=headers).json()
    second = solving_client.post("/v1/searches", json=search_body(), headers=headers).json()

    assert second == {**first, "reused": True}


@pytest.mark.slow
def test_without_waiting_a_search_is_accepted_and_polled(solving_client: TestClient) -> None:
    answer = solving_client.post("/v1/searches", json=search_body(), headers={"Prefer": "wait=0"})
    url = answer.headers["Location"]

    assert answer.status_code in (201, 202)
    until(lambda: solving_client.get(url).json()["state"] == "succeeded")


def test_a_running_search_is_cancelled_and_then_removed(solving_client: TestClient) -> None:
    answer = solving_client.post(
        "/v1/searches", json=search_body(**SLOW), headers={"Prefer": "wait=0"}
    )
    url = answer.headers["Location"]
    assert answer.status_code == 202
    assert answer.headers["Retry-After"] == "1"

    assert solving_client.delete(url).status_code == 204
    assert solving_client.get(url).json()["state"] == "cancelled"
    assert solving_client.delete(url).status_code == 204
    assert solving_client.get(url).status_code == 404


@pytest.mark.slow
def test_after_a_cancelled_search_the_next_is_solved(solving_client: TestClient) -> None:
    slow = solving_client.post(
        "/v1/searches", json=search_body(**SLOW), headers={"Prefer": "wait=0"}
    )
    solving_client.delete(slow.headers["Location"])

    answer = solving_client.post("/v1/searches", json=search_body(), headers={"Prefer": "wait=60"})

    assert answer.json()["outcome"] == "complete"


def test_a_search_that_jobs_refer_to_is_kept(client: TestClient, database: Database) -> None:
    search = stored(client, database, limit=20)
    job = client.post("/v1/jobs", json={**documented.JOB, "search_id": search["id"]}).json()

    answer = client.delete(f"/v1/searches/{search['id']}")

    assert answer.status_code == 409
    assert job["id"] in answer.json()["detail"]


@pytest.mark.slow
@pytest.mark.parametrize("sort", ["resolution", "-params", "flops", "-coverage", "receptive_field"])
def test_variants_are_sorted(client: TestClient, database: Database, sort: str) -> None:
    id_ = stored(client, database)["id"]

    variants = pages(client, f"/v1/searches/{id_}/variants", sort=f"{sort},-flops")

    name, sign = sort.removeprefix("-"), -1 if sort.startswith("-") else 1
    keys = []
    for variant in variants:
        values = {**variant, **variant["counts"]}
        position = int(variant["id"].split("-")[1])
        keys.append((sign * values[name], -values["flops"], position))
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys) > 1000


def test_an_unknown_sort_is_refused_with_what_is_known(
    sqlite_client: TestClient, sqlite_database: Database
) -> None:
    id_ = stored(sqlite_client, sqlite_database, limit=5)["id"]

    answer = sqlite_client.get(f"/v1/searches/{id_}/variants", params={"sort": "beauty"})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "query/sort"


def test_variants_are_browsed_over_all_searches(client: TestClient, database: Database) -> None:
    stored(client, database)
    flops = stored(client, database, budget="flops", tolerance=0.02)

    wanted = {"budget": "flops", "min_resolution": 8, "max_params": 3000}
    found = pages(client, "/v1/variants", **wanted)

    assert found
    assert {variant["search_id"] for variant in found} == {flops["id"]}
    assert all(v["resolution"] >= 8 and v["counts"]["params"] <= 3000 for v in found)
    assert client.get(f"/v1/variants/{found[0]['id']}").json() == found[0]


def test_an_unknown_variant_is_not_found(client: TestClient) -> None:
    for id_ in ("0", "a-b", "7646-1", "-1", "x-99999999999999999999"):
        assert client.get(f"/v1/variants/{id_}").status_code == 404


def test_a_repeated_request_with_the_same_key_makes_nothing_new(client: TestClient) -> None:
    headers = {"Idempotency-Key": "one", "Prefer": "wait=0"}

    def post(**changes: Any) -> httpx2.Response:
        return client.post("/v1/searches", json=search_body(**changes), headers=headers)

    first, second, other = post(), post(), post(limit=7)

    assert first.json() == second.json()
    assert len(client.get("/v1/searches").json()["items"]) == 1
    assert other.status_code == 422
    assert other.json()["errors"][0]["pointer"] == "header/Idempotency-Key"


def test_requests_with_one_key_at_the_same_time_make_one_search(client: TestClient) -> None:
    headers = {"Idempotency-Key": "same", "Prefer": "wait=0"}

    def post(_: int) -> str:
        answer = client.post("/v1/searches", json=search_body(), headers=headers)
        return str(answer.json()["id"])

    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(post, range(16)))

    assert len(ids) == 1
    assert len(client.get("/v1/searches").json()["items"]) == 1


def test_of_equal_requests_at_the_same_time_one_makes_a_search(client: TestClient) -> None:
    def post(_: int) -> dict[str, Any]:
        answer = client.post("/v1/searches", json=search_body(), headers={"Prefer": "wait=0"})
        assert answer.status_code == 202
        found: dict[str, Any] = answer.json()
        return found

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(post, range(16)))

    assert len({answer["id"] for answer in answers}) == 1
    assert sorted(answer["reused"] for answer in answers) == [False] + 15 * [True]
    assert len(client.get("/v1/searches").json()["items"]) == 1


def test_what_was_answered_before_is_not_solved_again(
    client: TestClient, database: Database
) -> None:
    """No solver is there: it would wait in vain."""
    known = stored(client, database)

    answer = client.post("/v1/searches", json=search_body())

    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/v1/searches/{known['id']}"
    assert answer.json() == {**known, "reused": True}
    assert client.get(answer.headers["Location"]).json() == known


@pytest.mark.parametrize("end", ["failed", "cancelled", "timed_out"])
def test_what_came_to_no_repeatable_end_is_solved_anew(
    client: TestClient, database: Database, end: str
) -> None:
    with database.write() as session:
        id_ = queued_search(session).id
        attempt = getattr(searches.claim(session, grace=60), "attempt", 0)
        state, outcome = ("succeeded", end) if end == "timed_out" else (end, None)
        searches.finish(session, id_, attempt, state, outcome=outcome)

    answer = client.post("/v1/searches", json=search_body(), headers={"Prefer": "wait=0"}).json()

    assert answer["id"] != id_
    assert (answer["state"], answer["reused"]) == ("queued", False)


def test_an_answer_that_only_studies_had_asked_for_is_somebodys_then(
    client: TestClient, database: Database
) -> None:
    known = stored(client, database)
    with database.write() as session:
        session.execute(update(SearchRow).values(by_study=True))
    of_people = {"by_study": False}
    before = client.get("/v1/searches", params=of_people).json()["items"]

    answer = client.post("/v1/searches", json=search_body()).json()

    assert (answer["id"], answer["reused"]) == (known["id"], True)
    assert before == []
    assert len(client.get("/v1/searches", params=of_people).json()["items"]) == 1


def test_searches_of_studies_are_listed_apart(client: TestClient, database: Database) -> None:
    study = claimed_study(database)
    with database.write() as session:
        mine, other = queued_search(session, limit=1).id, queued_search(session, limit=2).id
        session.execute(update(SearchRow).where(SearchRow.id == mine).values(by_study=True))
        studies.refer(session, study.id, study.attempt, [mine])

    def listed(**query: Any) -> set[str]:
        return {it["id"] for it in client.get("/v1/searches", params=query).json()["items"]}

    assert listed() == {mine, other}
    assert listed(by_study=True) == listed(study_id=study.id) == {mine}
    assert listed(by_study=False) == {other}


def test_a_full_queue_takes_no_more_searches(database: Database) -> None:
    with serving(database, 0, max_queued_searches=3) as client:

        def post(limit: int) -> httpx2.Response:
            headers = {"Prefer": "wait=0"}
            return client.post("/v1/searches", json=search_body(limit=limit), headers=headers)

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(post, range(1, 13)))
        refused = [answer for answer in answers if answer.status_code == 503]
        taken = [answer.json()["request"]["limit"] for answer in answers if answer.is_success]

        assert len(taken) == len(client.get("/v1/searches").json()["items"]) == 3
        assert {answer.headers["Retry-After"] for answer in refused} == {"5"}
        assert all(answer.json()["status"] == 503 for answer in refused)
        assert post(taken[0]).status_code == 202, "an equal search needs no place in the queue"


ONE_CONVOLUTION = {
    "input": {"channels": 1, "resolution": 8},
    "layers": [{"type": "conv2d", "out_channels": 8, "kernel_size": 3}],
}


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"architecture": ONE_CONVOLUTION}, ["#/architecture/layers"]),
        ({"architecture": None}, ["#"]),
        ({"architecture_id": "x"}, ["#"]),
        ({"approach": "VI"}, ["#/approach"]),
        ({"architecture": ONE_CONVOLUTION, "approach": "I"}, ["#/architecture/layers"]),
        (
            {"ranges": {"kernel_size": [5, 4], "stride": [0, 3]}},
            ["#/ranges/kernel_size", "#/ranges/stride"],
        ),
        ({"ranges": {"kernel_size": [3]}}, ["#/ranges/kernel_size"]),
        ({"tolerance": {"below": -0.1}}, ["#/tolerance/below"]),
        ({"limit": 0, "time_limit": 0}, ["#/limit", "#/time_limit"]),
        ({"find": "some"}, ["#/find"]),
        ({"find": {"sample": 0}}, ["#/find/sample"]),
        ({"find": {"best": "size", "top": 0}}, ["#/find/best", "#/find/top"]),
        ({"find": {"best": "min_flops", "k": 3}}, ["#/find/k"]),
    ],
)
def test_a_bad_search_is_refused_with_its_places(
    sqlite_client: TestClient, changes: dict[str, Any], pointers: list[str]
) -> None:
    answer = sqlite_client.post("/v1/searches", json=search_body(**changes))

    assert answer.status_code == 422
    assert sorted(error["pointer"] for error in answer.json()["errors"]) == pointers
    assert sqlite_client.get("/v1/searches").json()["items"] == []
    assert sqlite_client.get("/v1/architectures").json()["items"] == []


@pytest.mark.slow
def test_a_search_that_a_dead_server_left_is_solved_by_the_next(
    solving_client: TestClient, database: Database
) -> None:
    with database.write() as session:
        id_ = queued_search(session).id
        searches.claim(session, grace=60)
        session.execute(update(SearchRow).values(lease_expires_at=database_time(-1)))

    until(lambda: solving_client.get(f"/v1/searches/{id_}").json()["state"] == "succeeded")
