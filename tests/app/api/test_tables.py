import csv
import gzip
import io
import zlib
from statistics import stdev
from typing import Any

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from app.db import searches
from app.db.engine import Database
from app.db.errors import NotFoundError
from app.db.models import RunRow
from app.services import csv_text
from app.services.variants_csv import of_search
from solver.approaches import APPROACHES
from tests.factories import queued_job, solved_search
from tests.workers import FakeWorker, trained

APPROACH_IV = ["N", "K1", "C1", "P1", "S1", "C2", "P2", "S2"]


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.services.variants_csv.ROWS_AT_ONCE", 7)


def solved(database: Database, **changes: Any) -> str:
    with database.write() as session:
        return solved_search(session, **changes).id


def rows(client: TestClient, path: str) -> list[dict[str, str]]:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.text)))


def plain(variant: dict[str, Any]) -> dict[str, str]:
    """What a table says of a variant that was not trained."""
    known = {
        **{name: variant[name] for name in ("id", "search_id", "approach", "resolution")},
        **variant["assignment"],
        **variant["counts"],
        **{f"delta_{name}": value for name, value in variant["delta"].items()},
        **{name: variant[name] for name in ("coverage", "receptive_field")},
    }
    return {name: str(value) for name, value in known.items()}


def test_the_table_of_a_search_holds_every_variant_as_its_pages_do(
    client: TestClient, database: Database
) -> None:
    id_ = solved(database, limit=20, tolerance=0.1)

    found = rows(client, f"/v1/searches/{id_}/variants.csv")

    items = client.get(f"/v1/searches/{id_}/variants").json()["items"]
    assert len(found) == len(items) == 20
    for row, item in zip(found, items, strict=True):
        assert {name: row[name] for name in plain(item)} == plain(item)
        assert (row["budget"], row["scope"], row["accuracy"]) == ("params", "network", "")


@pytest.mark.parametrize("number", [0, 7, 14])
def test_a_table_may_end_with_a_whole_block_or_have_no_rows(
    number: int, sqlite_client: TestClient, sqlite_database: Database
) -> None:
    id_ = solved(sqlite_database, limit=number) if number else solved_none(sqlite_database)
    assert len(rows(sqlite_client, f"/v1/searches/{id_}/variants.csv")) == number
    assert len(rows(sqlite_client, "/v1/variants.csv")) == number


def solved_none(database: Database) -> str:
    return solved(
        database,
        min_coverage=1.0,
        ranges={"resolution": [9, 9], "kernel_size": [3, 3], "stride": [5, 5]},
    )


def test_the_table_of_all_variants_has_a_column_for_each_unknown_of_any_approach(
    client: TestClient, database: Database
) -> None:
    counted = [name for name, approach in APPROACHES.items() if not approach.is_whole]
    ids = {name: solved(database, approach=name, tolerance=0.5, limit=9) for name in counted}

    found = rows(client, "/v1/variants.csv")

    by_search = sorted(ids.values())
    assert [row["search_id"] for row in found] == [id_ for id_ in by_search for _ in range(9)]
    for name, id_ in ids.items():
        pages = client.get(f"/v1/searches/{id_}/variants").json()["items"]
        mine = [row for row in found if row["search_id"] == id_]
        for row, item in zip(mine, pages, strict=True):
            assert {name: row[name] for name in plain(item)} == plain(item)
            others = {it for of in APPROACHES.values() for it in of.symbols} - {*item["assignment"]}
            assert {row[symbol] for symbol in others} == {""}
        assert rows(client, f"/v1/variants.csv?approach={name}")[0].keys() < found[0].keys()


def test_widths_of_whole_networks_share_a_column_in_the_table_of_all_variants(
    client: TestClient, database: Database
) -> None:
    asked = {"tolerance": 0.05, "ranges": {"resolution": [6, 6]}, "find": {"best": "closest"}}
    id_ = solved(database, approach="V", **asked)
    solved(database, limit=3)

    own = rows(client, f"/v1/searches/{id_}/variants.csv")
    found = {row["id"]: row for row in rows(client, "/v1/variants.csv")}

    assert len(found) == len(own) + 3
    for row in own:
        assert {"N", "conv1", "conv2", "linear1"} <= row.keys()
        widths = " ".join(f"{name}={row[name]}" for name in ("conv1", "conv2", "linear1"))
        assert (found[row["id"]]["widths"], found[row["id"]]["N"]) == (widths, "6")
    assert {row["widths"] for row in found.values() if row["approach"] == "IV"} == {""}


FILTERS = (
    "min_resolution=9",
    "max_coverage=0.9",
    "min_coverage=1",
    "budget=params",
    "max_params=1",
)


@pytest.mark.parametrize("asked", FILTERS)
def test_the_table_of_all_variants_takes_the_filters_of_their_list(
    asked: str, client: TestClient, database: Database
) -> None:
    solved(database, limit=30, tolerance=0.1)
    solved(database, limit=5, budget="flops")

    listed = client.get(f"/v1/variants?limit=200&{asked}").json()["items"]

    assert [row["id"] for row in rows(client, f"/v1/variants.csv?{asked}")] == [
        item["id"] for item in listed
    ]


ACCURACIES = [0.1, 0.1, 0.1, 0.5, 0.6, 0.8, 0.9, 0.9, 0.9]
"""Those of the original, and of two variants."""


def test_a_table_tells_the_accuracies_of_variants_that_were_trained(
    client: TestClient, database: Database
) -> None:
    id_ = solved(database, limit=20)
    trained(database, [2, 5], ACCURACIES)

    found = rows(client, f"/v1/searches/{id_}/variants.csv")

    assert found == rows(client, f"/v1/variants.csv?search_id={id_}&approach=IV")
    of_two = found[2]
    assert float(of_two["accuracy"]) == pytest.approx(1.9 / 3)
    assert float(of_two["accuracy_sd"]) == pytest.approx(stdev(ACCURACIES[3:6]))
    assert (of_two["runs"], of_two["dataset"], of_two["recipe"]) == ("3", "digits", "paper")
    assert (of_two["epochs"], of_two["images"]) == ("2", "")
    assert float(found[5]["accuracy"]) == pytest.approx(0.9)
    assert float(found[5]["accuracy_sd"]) == pytest.approx(0)
    assert {row["runs"] for row in found} == {"", "3"}


@pytest.mark.parametrize(
    ("asked", "positions"),
    [
        ("min_accuracy=0.7", [5]),
        ("max_accuracy=0.7", [2]),
        ("min_accuracy=0", [2, 5]),
        ("min_accuracy=0.95", []),
        ("min_accuracy=0.6&max_accuracy=0.7", [2]),
    ],
)
def test_variants_are_filtered_by_their_mean_accuracy(
    asked: str, positions: list[int], client: TestClient, database: Database
) -> None:
    id_ = solved(database, limit=20)
    trained(database, [2, 5], ACCURACIES)

    expected = [f"{id_}-{position}" for position in positions]
    for path in (f"/v1/variants?{asked}", f"/v1/variants?{asked}&search_id={id_}"):
        assert [item["id"] for item in client.get(path).json()["items"]] == expected
    assert [row["id"] for row in rows(client, f"/v1/variants.csv?{asked}")] == expected


def test_of_two_ways_to_train_the_one_with_more_runs_is_told(
    client: TestClient, database: Database
) -> None:
    id_ = solved(database, limit=20)
    queued_job(database, seeds=2, variants=[3], tag="mnist")
    queued_job(database, seeds=3, variants=[3], tag="digits")
    FakeWorker(database).work()

    row = rows(client, f"/v1/searches/{id_}/variants.csv")[3]

    assert (row["dataset"], row["runs"]) == ("digits", "3")


def test_a_control_with_enlarged_images_is_not_the_accuracy_of_a_variant(
    client: TestClient, database: Database
) -> None:
    id_ = solved(database, limit=20)
    trained(database, [2, 5], ACCURACIES)
    with database.write() as session:
        session.execute(update(RunRow).values(detail=8))

    assert {row["runs"] for row in rows(client, f"/v1/searches/{id_}/variants.csv")} == {""}


def test_a_compressed_table_is_the_same_table(
    sqlite_client: TestClient, sqlite_database: Database
) -> None:
    path = f"/v1/searches/{solved(sqlite_database, limit=20)}/variants.csv"

    bare = sqlite_client.get(path, headers={"Accept-Encoding": "identity"})
    packed = sqlite_client.get(path, headers={"Accept-Encoding": "gzip"})

    assert "Content-Encoding" not in bare.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert bare.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"
    assert bare.headers["ETag"] == packed.headers["ETag"]
    assert bare.text == packed.text


def test_each_part_of_a_compressed_table_can_be_read_when_it_is_there() -> None:
    parts = csv_text.compressed(iter(["a,b\r\n", "1,2\r\n"]))
    reader = zlib.decompressobj(wbits=31)

    assert reader.decompress(next(parts)) == b"a,b\r\n"
    assert reader.decompress(next(parts)) == b"1,2\r\n"
    assert gzip.decompress(b"".join(csv_text.compressed(["a\r\n"]))) == b"a\r\n"


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "\nx", " =1"])
def test_text_that_a_spreadsheet_would_run_is_defused(value: str) -> None:
    assert csv_text.harmless(value) == f"'{value}"


@pytest.mark.parametrize("value", ["a=1", "", " ", "x", -1, 1.5, None])
def test_numbers_and_other_text_are_left_alone(value: Any) -> None:
    assert csv_text.harmless(value) == value


def test_a_search_that_is_deleted_meanwhile_breaks_its_table_off(
    sqlite_client: TestClient, sqlite_database: Database
) -> None:
    id_ = solved(sqlite_database, limit=20)
    parts = of_search(sqlite_database, id_)
    assert next(parts).startswith("id,search_id")
    assert next(parts).count("\n") == 7
    with sqlite_database.write() as session:
        searches.remove(session, id_)

    with pytest.raises(NotFoundError):
        next(parts)


def test_there_is_no_table_of_what_is_not_there(sqlite_client: TestClient) -> None:
    assert sqlite_client.get("/v1/searches/none/variants.csv").status_code == 404
