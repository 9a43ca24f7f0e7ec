"""A job on variants of approach V, from the search for all widths to the results."""

from pathlib import Path

import pytest

from app.db.engine import Database
from solver.network.architecture import Architecture
from solver.network.counting import count
from tests.app.api.conftest import serving
from tests.e2e.digits_jobs import trained
from tests.trainer.factories import resnet8

ORIGINAL = resnet8(resolution=5, widths=(16, 32, 48, 64, 96))


@pytest.mark.slow
def test_whole_networks_with_both_budgets_equal_are_found_trained_and_compared(
    sqlite_database: Database, tmp_path: Path
) -> None:
    wanted = {
        "architecture": ORIGINAL,
        "approach": "V",
        "budget": "both",
        "ranges": {"resolution": [6, 6]},
        "find": {"sample": 4},
        "time_limit": 60,
    }
    with serving(sqlite_database, 1) as client:
        search = client.post("/v1/searches", json=wanted, headers={"Prefer": "wait=120"}).json()
        assert search["found"] >= 4
        ended = trained(client, sqlite_database, tmp_path, search["id"], count=4, seeds=1)
        assert ended["results"]["original"]["accuracy"]["mean"] > 0.8
        assert len(ended["results"]["variants"]) == 4
        assert all(it["accuracy"]["mean"] > 0.5 for it in ended["results"]["variants"])

        own = count(Architecture.model_validate(ORIGINAL))
        items = client.get(f"/v1/searches/{search['id']}/variants").json()["items"]
        assert len(items) == 4
        for item in items:
            variant = client.get(f"/v1/variants/{item['id']}").json()["architecture"]
            found = Architecture.model_validate(variant)
            assert found.resolution == 6
            assert (count(found).params, count(found).flops) == (own.params, own.flops)
