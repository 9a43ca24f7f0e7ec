"""The tables of networks as CSV."""

import re

import pytest
from starlette.testclient import TestClient

from app.db.engine import Database
from tests.app.web.tables import linked_rows, rows
from tests.factories import original, queued_job, trained


def test_the_layers_are_a_table(sqlite_client: TestClient, search: str) -> None:
    for path in (f"/networks/{original().id}", f"/variants/{search}-3"):
        found = linked_rows(sqlite_client, path, "layers")

        shown = re.findall(r'<tr id="row-([^"]+)"', sqlite_client.get(path).text)
        assert [row["name"] for row in found] == shown
        assert (found[0]["type"], found[-1]["type"]) == ("conv2d", "linear")


def test_the_width_groups_are_a_table(sqlite_client: TestClient, resnet: str) -> None:
    found = linked_rows(sqlite_client, f"/networks/{resnet}", "groups")

    groups = sqlite_client.get(f"/v1/architectures/{resnet}").json()["groups"]
    assert [(row["name"], int(row["width"])) for row in found] == [
        (group["name"], group["width"]) for group in groups
    ]
    assert [row["layers"] for row in found] == ["; ".join(group["layers"]) for group in groups]
    assert [row["frozen"] or None for row in found] == [group["frozen"] for group in groups]


def test_the_accuracies_of_a_network_are_a_table(
    sqlite_client: TestClient, sqlite_database: Database
) -> None:
    queued_job(sqlite_database, seeds=2)
    trained(sqlite_database, 0.5, 0.6)

    (row,) = linked_rows(sqlite_client, f"/networks/{original().id}", "accuracies")

    assert (row["dataset"], row["recipe"], row["runs"]) == ("digits", "paper", "2")
    assert float(row["test_accuracy"]) == pytest.approx(0.55)
    assert float(row["test_sd"]) == pytest.approx(0.0707, abs=1e-4)


def test_networks_side_by_side_are_tables_with_the_filter_of_their_page(
    sqlite_client: TestClient, sqlite_database: Database, search: str
) -> None:
    queued_job(sqlite_database, seeds=2)
    trained(sqlite_database, 0.5, 0.6)
    ids = [original().id, f"{search}-0"]
    page = f"/compare?ids={','.join(ids)}"

    costs = linked_rows(sqlite_client, page, "networks")
    layers = linked_rows(sqlite_client, page, "layers")
    changed = linked_rows(sqlite_client, f"{page}&only=changed", "layers")

    assert [row["network"] for row in costs] == ids
    assert costs[0]["params"] == costs[1]["params"]
    assert [row["test_accuracy"] for row in costs] == ["0.55", ""]
    assert [row["network"] for row in layers if row["name"] == "flatten1"] == ids
    assert {row["name"] for row in changed} < {row["name"] for row in layers}
    assert {row["network"] for row in changed if row["is_changed"] == "True"} == {ids[1]}


def test_the_tables_of_no_networks_are_empty(sqlite_client: TestClient) -> None:
    for name in ("networks", "layers"):
        assert rows(sqlite_client, f"/compare/{name}.csv") == []
