"""A job on a residual network, from the search for variants of its stem to the results."""

from pathlib import Path
from typing import Any

from app.db.engine import Database
from solver.network.architecture import Architecture
from solver.network.counting import count
from tests.app.api.conftest import serving
from tests.e2e.digits_jobs import trained
from tests.trainer.factories import resnet8


def test_variants_of_a_resnet_are_found_trained_and_compared(
    sqlite_database: Database, tmp_path: Path
) -> None:
    wanted = {
        "architecture": resnet8(resolution=5),
        "approach": "III",
        "budget": "params",
        "tolerance": 0.01,
        "ranges": {"resolution": [6, 8]},
    }
    with serving(sqlite_database, 1) as client:
        search = client.post("/v1/searches", json=wanted, headers={"Prefer": "wait=60"}).json()
        assert search["found"] > 3
        ended = trained(client, sqlite_database, tmp_path, search["id"], count=2, seeds=2)
        assert ended["results"]["original"]["accuracy"]["n"] == 2
        assert ended["results"]["original"]["accuracy"]["mean"] > 0.8
        assert len(ended["results"]["variants"]) == 2
        assert_within_budget(client, search["id"], 0.01)


def assert_within_budget(client: Any, search_id: str, tolerance: float) -> None:
    original = count(Architecture.model_validate(resnet8(resolution=5))).params
    for item in client.get(f"/v1/searches/{search_id}/variants").json()["items"]:
        variant = client.get(f"/v1/variants/{item['id']}").json()
        found = count(Architecture.model_validate(variant["architecture"])).params
        assert abs(found - original) <= tolerance * original
