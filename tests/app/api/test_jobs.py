from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from app.db import runs
from app.db.engine import Database
from app.db.models import RunRow
from tests.factories import RESULT, solved_search
from tests.workers import FakeWorker


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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"dataset": "cifar10"}, "#/dataset"),
        ({"dataset": "imagenet"}, "#/dataset"),
        ({"variants": {"ids": ["nonsense-0"]}}, "#/variants/ids/0"),
        ({"variants": {"ids": []}}, "#/variants/ids"),
        ({"variants": {"select": "random", "count": 0}}, "#/variants/count"),
        ({"recipe": {"dampening": 0.9}}, "#/recipe/dampening"),
        ({"recipe": {"batch_size": 0}}, "#/recipe/batch_size"),
        ({"seeds": 0}, "#/seeds"),
        ({"variants": {"select": "all"}, "seeds": 100}, "#/variants"),
        ({"variants": {"select": "best"}}, "#/variants"),
        ({"variants": {"select": "halving", "count": 1}}, "#/variants/count"),
        ({"variants": {"select": "halving", "count": 257}}, "#/variants/count"),
        ({"variants": {"select": "halving", "eta": 1}}, "#/variants/eta"),
        ({"variants": {"select": "halving", "min_epochs": 0}}, "#/variants/min_epochs"),
        ({"variants": {"select": "halving", "min_epochs": 11}}, "#/variants/min_epochs"),
        ({"variants": {"select": "halving", "top": 3}}, "#/variants/top"),
        ({"variants": {"select": "halving", "ids": []}}, "#/variants/ids"),
        ({"variants": {"select": "halving", "ids": ["no-1"]}}, "#/variants/ids/0"),
        ({"training_images": 9}, "#/training_images"),
        ({"inputs": "enlarged"}, "#/inputs"),
    ],
)
def test_a_bad_job_is_refused_with_its_place(
    client: TestClient, search: dict[str, Any], changes: dict[str, Any], pointer: str
) -> None:
    answer = client.post("/v1/jobs", json=job_body(search, **changes))

    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json()["errors"]} == {pointer}
    assert client.get("/v1/jobs").json()["items"] == []


ENDS_IN_A_POOL: dict[str, Any] = {
    "input": {"channels": 1, "resolution": 5},
    "layers": [
        {"type": "conv2d", "out_channels": 8, "kernel_size": 3},
        {"type": "conv2d", "out_channels": 10, "kernel_size": 1},
        {"type": "global_avg_pool2d"},
        {"type": "batch_norm2d", "name": "norm"},
    ],
}


@pytest.mark.parametrize("end", [[], [{"type": "flatten"}]])
def test_a_network_may_end_in_a_global_pool(
    client: TestClient, database: Database, end: list[dict[str, Any]]
) -> None:
    network = {**ENDS_IN_A_POOL, "layers": [*ENDS_IN_A_POOL["layers"], *end]}
    search = stored(client, database, architecture=network, approach="II", scope="network")

    assert client.post("/v1/jobs", json=job_body(search)).status_code == 202


def test_batches_of_one_image_are_refused_where_a_batch_norm_sees_one_pixel(
    client: TestClient, database: Database
) -> None:
    search = stored(client, database, architecture=ENDS_IN_A_POOL, approach="II")

    answer = client.post("/v1/jobs", json=job_body(search, recipe={"batch_size": 1}))

    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert fault["pointer"] == "#/recipe/batch_size"
    assert fault["detail"].startswith("a batch of one image cannot train 'norm': a batch norm")


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

    assert "2 of 4 runs are shared with earlier jobs and studies" in again["notes"]
    items = client.get(f"/v1/jobs/{again['id']}/runs").json()["items"]
    assert [(run["reused"], run["state"]) for run in items] == [
        (True, "succeeded"),
        (False, "queued"),
        (True, "queued"),
        (False, "queued"),
    ]
    assert items[0]["test_accuracy"] == RESULT["test_accuracy"]
    assert again["progress"]["runs_done"] == 1


def runs_of(client: TestClient, job: dict[str, Any]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get(f"/v1/jobs/{job['id']}/runs").json()["items"]
    return items


def test_the_control_of_upsampled_inputs_shares_only_the_original(
    client: TestClient, database: Database, search: dict[str, Any]
) -> None:
    native = client.post("/v1/jobs", json=job_body(search, seeds=1)).json()
    control = client.post("/v1/jobs", json=job_body(search, seeds=1, inputs="upsampled")).json()

    assert control["request"]["inputs"] == "upsampled"
    assert any("a control" in note for note in control["notes"])
    assert [run["reused"] for run in runs_of(client, control)] == [True, *[False] * 4]
    ids = {run["id"] for run in runs_of(client, native)}
    original, *variants = runs_of(client, control)
    assert original["id"] in ids
    assert not ids & {run["id"] for run in variants}
    with database.read() as session:
        details = {row.id: row.detail for row in session.scalars(select(RunRow))}
    assert details[original["id"]] is None
    assert {details[run["id"]] for run in variants} == {5}


def test_a_control_may_go_above_the_native_resolution(
    client: TestClient, database: Database
) -> None:
    search = stored(client, database, ranges={"resolution": [9, 9]})

    native = client.post("/v1/jobs", json=job_body(search))
    control = client.post("/v1/jobs", json=job_body(search, inputs="upsampled"))
    named = {"ids": [search["variants"][0]["id"]]}
    chosen = client.post("/v1/jobs", json=job_body(search, inputs="upsampled", variants=named))

    assert native.status_code == 422
    assert (control.status_code, chosen.status_code) == (202, 202)
    assert {run["resolution"] for run in runs_of(client, control.json())} == {5, 9}


@pytest.mark.slow
def test_a_control_at_the_original_s_own_resolution_is_no_other_run(
    client: TestClient, database: Database
) -> None:
    search = stored(client, database, ranges={"resolution": [5, 5]})
    client.post("/v1/jobs", json=job_body(search))

    control = client.post("/v1/jobs", json=job_body(search, inputs="upsampled")).json()

    assert "10 of 10 runs are shared with earlier jobs and studies" in control["notes"]


def test_runs_on_fewer_training_images_are_other_runs(
    client: TestClient, search: dict[str, Any]
) -> None:
    client.post("/v1/jobs", json=job_body(search))

    few = client.post("/v1/jobs", json=job_body(search, training_images=100)).json()

    assert few["request"]["training_images"] == 100
    assert not any(run["reused"] for run in runs_of(client, few))


def test_the_original_among_the_variants_is_trained_as_the_original_only(
    client: TestClient, database: Database
) -> None:
    own = {"resolution": [5, 8], "padding": [0, 1], "stride": [1, 2], "dilation": [1, 2]}
    search = stored(client, database, approach="II", ranges=own)
    variants = {"select": "all"}

    job = client.post("/v1/jobs", json=job_body(search, seeds=1, variants=variants)).json()
    itself = client.post("/v1/jobs", json=job_body(search, variants={"ids": [own_id(search)]}))

    assert "a variant that is the original itself was left out" in job["notes"]
    items = runs_of(client, job)
    assert len(items) == len({run["architecture_id"] for run in items}) == search["found"]
    assert itself.status_code == 422
    assert itself.json()["errors"][0]["pointer"] == "#/variants"


def own_id(search: dict[str, Any]) -> str:
    """The variant that is the original itself."""
    (id_,) = (
        v["id"]
        for v in search["variants"]
        if v["assignment"] == {"N": 5, "P1": 0, "S1": 1, "D1": 1}
    )
    return str(id_)


def test_a_job_that_halves_wants_the_variants_for_one_rung_and_the_original_to_the_end(
    client: TestClient, search: dict[str, Any]
) -> None:
    variants = {"select": "halving", "count": 6, "eta": 2}
    job = client.post("/v1/jobs", json=job_body(search, variants=variants, seeds=1)).json()
    drawn = {"select": "random", "count": 6, "seed": 0}
    random = client.post("/v1/jobs", json=job_body(search, variants=drawn, seeds=1)).json()

    halving = runs_of(client, job)
    assert [run["epochs_wanted"] for run in halving] == [10, *[1] * 6]
    assert [run["id"] for run in runs_of(client, random)] == [run["id"] for run in halving]
    assert any("there is no mean variant" in note for note in job["notes"])
    assert job["request"]["variants"] == {
        **variants,
        "min_epochs": 1,
        "seed": 0,
        "ids": None,
    }


def test_with_a_warm_start_variants_start_from_the_original_s_run_of_the_same_seed(
    client: TestClient, search: dict[str, Any]
) -> None:
    variants = {"ids": [variant["id"] for variant in search["variants"][3:5]]}
    plain = client.post("/v1/jobs", json=job_body(search, variants=variants)).json()

    recipe = {"warm_start": True}
    job = client.post("/v1/jobs", json=job_body(search, variants=variants, recipe=recipe)).json()

    cold, warm = runs_of(client, plain), runs_of(client, job)
    originals = [run["id"] for run in warm[:2]]
    assert originals == [run["id"] for run in cold[:2]]
    assert [run["starts_from"] for run in warm] == [None, None, *originals, *originals]
    assert {run["starts_from"] for run in cold} == {None}
    assert [run["reused"] for run in warm] == [True, True, False, False, False, False]
    assert job["request"]["recipe"]["warm_start"]
    assert any("owed to further training, too" in note for note in job["notes"])
    assert not any("warm" in note for note in plain["notes"])


def test_halving_chooses_from_named_variants(client: TestClient, search: dict[str, Any]) -> None:
    ids = [variant["id"] for variant in search["variants"][3:6]]
    body = job_body(search, variants={"select": "halving", "ids": ids}, seeds=1)
    job = client.post("/v1/jobs", json=body).json()

    assert [run["network"] for run in runs_of(client, job)] == ["original", *ids]
    assert [run["epochs_wanted"] for run in runs_of(client, job)] == [10, 1, 1, 1]
    assert any("there is no mean variant" in note for note in job["notes"])


def test_halving_shows_its_rungs_and_leaves_what_it_cut_off_paused(
    client: TestClient, database: Database, search: dict[str, Any]
) -> None:
    variants = {"select": "halving", "count": 4, "eta": 2, "min_epochs": 2}
    body = job_body(search, variants=variants, seeds=1, epochs=4)
    job = client.post("/v1/jobs", json=body).json()
    FakeWorker(database).work()

    ended = client.get(f"/v1/jobs/{job['id']}").json()

    items = runs_of(client, job)
    first, second, third, fourth = (run["network"] for run in items[1:])
    assert (ended["state"], ended["progress"]["fraction"]) == ("succeeded", 1.0)
    assert ended["results"]["mean_variant"] is None
    assert [(rung["tried"], rung["kept"]) for rung in ended["results"]["halving"]["rungs"]] == [
        ([first, second, third, fourth], [first, second]),
        ([first, second], [first]),
    ]
    assert [run["state"] for run in items] == [*["succeeded"] * 3, "paused", "paused"]


def test_a_failed_run_shows_the_kind_and_the_words(
    client: TestClient, database: Database, search: dict[str, Any]
) -> None:
    job = client.post("/v1/jobs", json=job_body(search, seeds=1)).json()
    FakeWorker(database, fails=lambda run: "diverged" if run.resolution > 5 else None).work()

    ended = client.get(f"/v1/jobs/{job['id']}").json()

    original, *variants = runs_of(client, job)
    assert (ended["state"], ended["error"]) == ("failed", "4 of 5 runs failed (diverged)")
    assert (original["failure"], original["error"]) == (None, None)
    assert {(run["failure"], run["error"]) for run in variants} == {("diverged", "in words")}


def test_runs_that_failed_are_told_while_the_others_go_on(
    client: TestClient, database: Database, search: dict[str, Any]
) -> None:
    job = client.post("/v1/jobs", json=job_body(search, seeds=1)).json()
    with database.write() as session:
        (held,) = runs.claim(session, "w", 60)
        runs.fail(session, held, "no_space", "the disk is full")

    now = client.get(f"/v1/jobs/{job['id']}").json()

    assert (now["state"], now["error"]) == ("running", None)
    assert "1 of 5 runs failed (no space)" in now["notes"]


def test_runs_are_paged(client: TestClient, search: dict[str, Any]) -> None:
    job = client.post("/v1/jobs", json=job_body(search)).json()
    url = f"/v1/jobs/{job['id']}/runs"

    first = client.get(url, params={"limit": 7}).json()
    second = client.get(url, params={"limit": 7, "cursor": first["next"]}).json()

    assert (len(first["items"]), len(second["items"]), second["next"]) == (7, 3, None)
    assert len({run["id"] for run in first["items"] + second["items"]}) == 10


def test_a_job_has_a_priority_that_is_no_part_of_what_it_asks_for(
    client: TestClient, search: dict[str, Any]
) -> None:
    urgent = client.post("/v1/jobs", json=job_body(search, seeds=1, priority=7)).json()
    usual = client.post("/v1/jobs", json=job_body(search, seeds=1)).json()
    refused = client.post("/v1/jobs", json=job_body(search, seeds=1, priority=101))

    assert (urgent["priority"], usual["priority"]) == (7, 0)
    assert urgent["request"] == usual["request"]
    assert refused.status_code == 422
