"""A job on a user's own images, from the request to the results."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.db.engine import Database
from tests.app.api.conftest import serving
from tests.pictures import CLASSES, striped
from tests.workers import settings_in
from trainer.worker import Worker

EACH = 200
ARCHITECTURE = {
    "input": {"channels": 3, "resolution": 16},
    "layers": [
        {"type": "conv2d", "out_channels": 6, "kernel_size": 5, "bias": False},
        {"type": "relu"},
        {"type": "max_pool2d", "kernel_size": 2},
        {"type": "flatten"},
        {"type": "linear", "out_features": len(CLASSES), "bias": False},
    ],
}
SEARCH = {
    "architecture": ARCHITECTURE,
    "approach": "II",
    "budget": "params",
    "ranges": {"resolution": [17, 40]},
}


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """600 PNGs, 32 wide and 48 high, greys and colours mixed."""
    for label, class_ in enumerate(CLASSES):
        folder = tmp_path / "data" / "stripes" / class_
        folder.mkdir(parents=True)
        for number in range(EACH):
            image = striped(label, label * EACH + number, ("RGB", "L")[number % 2])
            image.save(folder / f"{number:03}.png")
    return tmp_path / "data"


@pytest.fixture
def client(sqlite_database: Database, data_dir: Path) -> Iterator[TestClient]:
    with serving(sqlite_database, 1, data_dir=data_dir) as client:
        yield client


def post_job(client: TestClient) -> Any:
    search = client.post("/v1/searches", json=SEARCH, headers={"Prefer": "wait=60"}).json()
    variants = {"select": "random", "count": 2}
    body = {"search_id": search["id"], "dataset": "folder:stripes", "variants": variants}
    return client.post("/v1/jobs", json={**body, "seeds": 2, "epochs": 5})


def test_a_job_on_a_folder_is_refused_while_a_file_is_broken_and_trains_without_it(
    client: TestClient, sqlite_database: Database, data_dir: Path, tmp_path: Path
) -> None:
    broken = data_dir / "stripes" / CLASSES[1] / "117.png"
    whole = broken.read_bytes()
    broken.write_bytes(whole[: len(whole) // 2])

    refused = post_job(client)

    assert refused.status_code == 422
    (fault,) = refused.json()["errors"]
    assert fault["pointer"] == "#/dataset"
    assert fault["detail"].startswith(f"folder:stripes: {CLASSES[1]}/117.png is broken (")
    assert client.get("/v1/jobs").json()["items"] == []

    broken.unlink()
    accepted = post_job(client)
    assert accepted.status_code == 202
    cache_dir = tmp_path / "cache"
    settings = settings_in(tmp_path, data_dir=data_dir, lease=60)
    Worker(sqlite_database, settings).work(exit_when_idle=True)

    job = client.get(accepted.headers["Location"]).json()
    runs = client.get(f"{accepted.headers['Location']}/runs").json()["items"]
    assert job["state"] == "succeeded", [run["error"] for run in runs]
    resolutions = {run["resolution"] for run in runs}
    assert max(resolutions) <= 32
    assert len(list(cache_dir.glob("*.safetensors"))) == len(resolutions)
    assert job["results"]["original"]["accuracy"]["mean"] > 0.9
    (listed,) = (
        item
        for item in client.get("/v1/datasets").json()["items"]
        if item["name"] == "folder:stripes"
    )
    assert (listed["resolution"], listed["channels"], listed["classes"]) == (32, 3, 3)
