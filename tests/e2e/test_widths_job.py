"""A job on variants of approach V, from the search for all widths to the results."""

from pathlib import Path
from typing import Any

import pytest

from app.db.engine import Database
from app.shipped import example
from solver.network.architecture import Architecture
from solver.network.counting import count
from tests.app.api.conftest import serving
from tests.e2e.digits_jobs import trained
from tests.trainer.factories import resnet8

FIVE_STAGES = resnet8(resolution=5, widths=(16, 32, 48, 64, 96))
RESNET_8 = example("digits-resnet8")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("original", "resolution", "tolerance"),
    [(FIVE_STAGES, 6, 0.0), (RESNET_8, 8, 0.001)],
    ids=["five stages, exactly equal", "ResNet-8, within 0.1 %"],
)
def test_whole_networks_with_both_budgets_equal_are_found_trained_and_compared(
    sqlite_database: Database,
    tmp_path: Path,
    original: dict[str, Any],
    resolution: int,
    tolerance: float,
) -> None:
    """A ResNet-8 has too few widths to be exactly equal in both budgets."""
    wanted = {
        "architecture": original,
        "approach": "V",
        "budget": "both",
        "tolerance": tolerance,
        "ranges": {"resolution": [resolution, resolution]},
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

        own = count(Architecture.model_validate(original))
        items = client.get(f"/v1/searches/{search['id']}/variants").json()["items"]
        assert len(items) == 4
        for item in items:
            variant = client.get(f"/v1/variants/{item['id']}").json()["architecture"]
            found = Architecture.model_validate(variant)
            assert found.resolution == resolution
            assert abs(count(found).params - own.params) <= tolerance * own.params
            assert abs(count(found).flops - own.flops) <= tolerance * own.flops
