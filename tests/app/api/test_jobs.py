from typing import Any

import pytest
from starlette.testclient import TestClient

from app.db import runs
from app.db.engine import Database
from tests.factories import RESULT, solved_search


def stored(client: TestClient, database: Database, **changes: Any) -> dict[str, Any]:
    with database.write() as session:
        id_ = solved_search(session, **changes).id
    answer: dict[str, Any] = client.get(f"/v1/searches/{id_}").json()
    return answer


@pytest.fixture
def search(client: TestClient, database: Database) -> dict[str, Any]:
    return stored(client, database)


def job_body(search: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"search_id": search["id"], "dataset": "digits", "seeds": 2, **changes}


def test_a_job_is_queued_with_a_run_for_each_network_and_seed(
    client: TestClient, search: dict[str, Any]
) -> None:
    answer = client.post("/v1/jobs", json=job_body(search, epochs=3))
    job = answer.json()
    runs_of_it = client.get(f"{answer.headers['Location']}/runs").json()["items"]

    assert answer.status_code == 202
    assert (job["state"], job["results"], job["error"]) == ("queued", None, None)
    assert job["progress"] == {
        "runs_done": 0,
        "runs_total": 10,
        "fraction": 0.0,
        "eta_seconds": None,
    }
    assert job["request"]["recipe"]["epochs"] == job["request"]["epochs"] == 3
    networks = [run["network"] for run in runs_of_it]
    assert networks[:2] == ["original", "original"]
    assert len(set(networks)) == 5
    assert [run["seed"] for run in runs_of_it] == [0, 1] * 5
    assert client.get("/v1/jobs").json()["items"] == [job]


def test_the_same_seed_draws_the_same_variants(client: TestClient, search: dict[str, Any]) -> None:
    def networks(seed: int) -> list[str]:
        variants = {"select": "random", "count": 4, "seed": seed}
        job = client.post("/v1/jobs", json=job_body(search, variants=variants)).json()
        items = client.get(f"/v1/jobs/{job['id']}/runs").json()["items"]
        return [run["network"] for run in items]

    assert networks(0) == networks(0)
    assert networks(0) != networks(1)


def test_variants_are_chosen_by_id(client: TestClient, search: dict[str, Any]) -> None:
    ids = [search["variants"][n]["id"] for n in (3, 1)]

    job = client.post("/v1/jobs", json=job_body(search, seeds=1, variants={"ids": ids})).json()

    items = client.get(f"/v1/jobs/{job['id']}/runs").json()["items"]
    assert [run["network"] for run in items] == ["original", *ids]


def test_variants_above_the_native_resolution_are_left_out_and_it_is_said(
    client: TestClient, database: Database
) -> None:
    search = stored(client, database, ranges={"resolution": [8, 9]})
    above = client.get(f"/v1/searches/{search['id']}/variants?sort=-resolution").json()["items"][0]

    job = client.post("/v1/jobs", json=job_body(search)).json()
    named = client.post("/v1/jobs", json=job_body(search, variants={"ids": [above["id"]]}))

    items = client.get(f"/v1/jobs/{job['id']}/runs").json()["items"]
    assert max(run["resolution"] for run in items) == 8
    assert "above digits's 8 px" in job["notes"][0]
    assert named.status_code == 422
    assert named.json()["errors"][0]["pointer"] == "#/variants/ids/0"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"dataset": "cifar10"}, "#/dataset"),
        ({"dataset": "imagenet"}, "#/dataset"),
        ({"variants": {"ids": ["nonsense-0"]}}, "#/variants/ids/0"),
        ({"variants": {"ids": []}}, "#/variants/ids"),
        ({"variants": {"select": "random", "count": 0}}, "#/variants/count"),
        ({"recipe": {"momentum": 0.9}}, "#/recipe/momentum"),
        ({"recipe": {"batch_size": 0}}, "#/recipe/batch_size"),
        ({"seeds": 0}, "#/seeds"),
        ({"variants": {"select": "all"}, "seeds": 100}, "#/variants"),
    ],
)
def test_a_bad_job_is_refused_with_its_place(
    client: TestClient, search: dict[str, Any], changes: dict[str, Any], pointer: str
) -> None:
    answer = client.post("/v1/jobs", json=job_body(search, **changes))

    assert answer.status_code == 422
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]
    assert client.get("/v1/jobs").json()["items"] == []


def test_a_job_of_an_unknown_search_is_not_found(client: TestClient) -> None:
    assert client.post("/v1/jobs", json=job_body({"id": "0"})).status_code == 404


def test_a_job_of_a_search_without_variants_is_refused(
    client: TestClient, database: Database
) -> None:
    search = stored(client, database, ranges={"resolution": [6, 6], "out_channels": [7, 7]})

    answer = client.post("/v1/jobs", json=job_body(search))

    assert search["found"] == 0
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "#/search_id"


def test_cancel_is_idempotent(client: TestClient, search: dict[str, Any]) -> None:
    job = client.post("/v1/jobs", json=job_body(search)).json()

    first = client.post(f"/v1/jobs/{job['id']}/cancel")
    second = client.post(f"/v1/jobs/{job['id']}/cancel")

    assert first.json()["state"] == "cancelled"
    assert first.json() == second.json()
    assert client.post("/v1/jobs/0/cancel").status_code == 404


def test_a_second_job_takes_over_what_the_first_recorded(
    client: TestClient, database: Database, search: dict[str, Any]
) -> None:
    variants = {"select": "random", "count": 1, "seed": 0}
    client.post("/v1/jobs", json=job_body(search, variants=variants, seeds=1))
    with database.write() as session:
        (held,) = runs.claim(session, "w", 60)
        runs.finish(session, held, RESULT)

    again = client.post("/v1/jobs", json=job_body(search, variants=variants, seeds=2)).json()

    items = client.get(f"/v1/jobs/{again['id']}/runs").json()["items"]
    assert [(run["reused"], run["state"]) for run in items] == [
        (True, "succeeded"),
        (False, "queued"),
        (True, "queued"),
        (False, "queued"),
    ]
    assert items[0]["test_accuracy"] == RESULT["test_accuracy"]
    assert again["progress"]["runs_done"] == 1


def test_runs_are_paged(client: TestClient, search: dict[str, Any]) -> None:
    job = client.post("/v1/jobs", json=job_body(search)).json()
    url = f"/v1/jobs/{job['id']}/runs"

    first = client.get(url, params={"limit": 7}).json()
    second = client.get(url, params={"limit": 7, "cursor": first["next"]}).json()

    assert (len(first["items"]), len(second["items"]), second["next"]) == (7, 3, None)
    assert len({run["id"] for run in first["items"] + second["items"]}) == 10
