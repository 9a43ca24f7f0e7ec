"""The list of all variants, its plot, and what leads from it."""

import csv
import io
import re
from itertools import product
from typing import Any, get_args

import pytest
from starlette.testclient import TestClient

from app.db.engine import Database
from app.db.variants import VariantFilter
from app.services import variant_table
from app.services.variant_table import VariantEntry
from app.web.browsing.queries import Column, VariantsQuery
from app.web.browsing.scatter import chart
from tests.factories import queued_job, solved_search
from tests.workers import FakeWorker, trained

ACCURACIES = [0.1, 0.1, 0.1, 0.5, 0.6, 0.8, 0.9, 0.9, 0.9]
"""Those of the original, and of two variants."""


@pytest.fixture
def search_id(sqlite_database: Database) -> str:
    """A search with 20 variants, of which two were trained."""
    with sqlite_database.write() as session:
        id_ = solved_search(session, limit=20).id
    trained(sqlite_database, [2, 5], ACCURACIES)
    return id_


def entries(database: Database, sort: str | None = None) -> list[VariantEntry]:
    return [*variant_table.page(database, VariantFilter(), sort, None, 50).items]


def positions(page: str) -> list[int]:
    return [int(at) for at in re.findall(r'name="ids" value="\w+-(\d+)"', page)]


def test_accuracies_stand_with_their_spread_and_number_of_runs(
    sqlite_client: TestClient, search_id: str
) -> None:
    page = sqlite_client.get("/variants").text

    assert positions(page) == [*range(20)]
    assert "<td>63.3% ± 15.3%</td>" in page
    assert "<td>90.0% ± 0.0%</td>" in page
    assert f'href="/searches/{search_id}">IV, params</a>' in page


ASKED = {
    "sort=-accuracy": [5, 2],
    "sort=accuracy": [2, 5],
    "min_accuracy=0.7": [5],
    "max_accuracy=0.7&min_accuracy=&approach=": [2],
    "budget=flops": [],
    "max_resolution=5": [],
}
"""The positions of the variants that are listed, by what is asked for."""


def test_filters_and_order_are_those_of_the_address(
    sqlite_client: TestClient, search_id: str
) -> None:
    for query, found in ASKED.items():
        page = sqlite_client.get(f"/variants?{query}&search_id={search_id}").text

        assert positions(page) == found, query


def test_a_column_is_sorted_one_way_and_then_the_other(
    sqlite_client: TestClient, search_id: str
) -> None:
    page = sqlite_client.get("/variants?approach=IV").text
    assert 'href="/variants?approach=IV&amp;sort=-flops"' in page

    page = sqlite_client.get("/variants?approach=IV&sort=-flops").text
    assert (
        '<th scope="col" aria-sort="descending"><a href="/variants?approach=IV&amp;sort=flops"'
        in page
    )


def test_the_form_keeps_what_is_asked_for(sqlite_client: TestClient, search_id: str) -> None:
    page = sqlite_client.get("/variants?min_resolution=6&approach=IV&sort=flops&x=coverage").text

    assert 'name="min_resolution" type="number" min="0" step="1" value="6"' in page
    for chosen in ("IV", "coverage"):
        assert f'<option value="{chosen}" selected>' in page
    assert '<input type="hidden" name="sort" value="flops">' in page
    assert "<details open>" in page


def test_the_table_to_download_has_the_variants_of_the_list(
    sqlite_client: TestClient, search_id: str
) -> None:
    for query, rows in {"": 20, "sort=-accuracy": 2, "max_accuracy=0.7&x=flops": 1}.items():
        page = sqlite_client.get(f"/variants?{query}").text
        address = re.search(r'href="(/v1/variants.csv[^"]*)"', page)
        assert address is not None

        answer = sqlite_client.get(address[1].replace("&amp;", "&"))

        assert len(list(csv.DictReader(io.StringIO(answer.text)))) == rows


def test_variants_are_filtered_by_data_set_with_the_accuracies_on_it(
    client: TestClient, database: Database
) -> None:
    trained(database, [2, 5], ACCURACIES)
    queued_job(database, seeds=1, variants=[5, 7], tag="mnist")
    FakeWorker(database, accuracy=lambda _claim, _epoch: 0.3).work()

    digits = client.get("/variants?dataset=digits").text
    mnist = client.get("/variants?dataset=mnist&sort=-accuracy").text
    bounded = client.get("/variants?dataset=mnist&min_accuracy=0.5").text

    assert positions(digits) == [2, 5]
    assert "90.0%" in digits
    assert positions(mnist) == [5, 7]
    assert "90.0%" not in mnist
    assert positions(bounded) == []
    address = re.search(r'href="(/v1/variants.csv[^"]*)"', mnist)
    assert address is not None
    table = client.get(address[1].replace("&amp;", "&")).text
    rows = [*csv.DictReader(io.StringIO(table))]
    assert [(row["dataset"], float(row["accuracy"])) for row in rows] == [("mnist", 0.3)] * 2
    assert len(client.get("/v1/variants?dataset=mnist").json()["items"]) == 2
    assert client.get("/v1/variants?dataset=mnits").status_code == 422


def test_ticked_variants_are_compared(sqlite_client: TestClient) -> None:
    for query, address in {"?ids=a-1&ids=b-2": "/compare?ids=a-1,b-2", "": "/compare"}.items():
        answer = sqlite_client.get(f"/compare/chosen{query}", follow_redirects=False)

        assert (answer.status_code, answer.headers["location"]) == (303, address)


def test_only_ids_are_compared(sqlite_client: TestClient) -> None:
    for query in ("?ids=//elsewhere.example", "?ids=a%0d%0ab"):
        answer = sqlite_client.get(f"/compare/chosen{query}", follow_redirects=False)

        assert answer.status_code == 422


def test_a_plot_shows_by_itself_what_differs(sqlite_database: Database, search_id: str) -> None:
    of_all = chart(entries(sqlite_database), None, None)
    (series,) = of_all.series

    assert (of_all.x.title, of_all.y.title) == ("Resolution (px)", "Test accuracy (%)")
    assert of_all.y.is_percent
    assert series.y == pytest.approx([1.9 / 3, 0.9])
    assert series.links == [f"/variants/{search_id}-2", f"/variants/{search_id}-5"]
    assert [top - low for low, top in zip(series.low, series.high, strict=True)] == pytest.approx(
        [2 * 0.1527525, 0], abs=1e-6
    )


def test_a_budget_that_is_equal_for_all_is_no_axis(
    sqlite_database: Database, search_id: str
) -> None:
    untrained = [it for it in entries(sqlite_database) if it.accuracy is None]

    of_untrained = chart(untrained, None, None)

    assert of_untrained.y.title == "FLOPs"
    assert not of_untrained.series[0].low


def test_every_column_can_be_an_axis(sqlite_database: Database, search_id: str) -> None:
    all_entries = entries(sqlite_database)

    for x, y in product(get_args(Column), repeat=2):
        (series,) = chart(all_entries, x, y).series
        assert len(series.x) == len(series.y) == (2 if "accuracy" in (x, y) else 20)


def test_searches_of_other_terms_have_other_colours_and_marks(sqlite_database: Database) -> None:
    with sqlite_database.write() as session:
        solved_search(session, limit=20)
        solved_search(session, limit=20, budget="flops", tolerance=0.1)

    first, second = chart(entries(sqlite_database), None, None).series

    assert (first.name, second.name) == ("IV, flops", "IV, params")
    assert first.colour != second.colour
    assert first.mark != second.mark


def test_no_variants_are_an_empty_plot() -> None:
    assert chart([], None, None).series == []


def test_an_address_leaves_out_what_is_not_asked_for() -> None:
    query = VariantsQuery.model_validate({"min_params": "", "approach": "IV", "cursor": "c"})

    assert query.address("/variants") == "/variants?approach=IV"
    assert query.address("/variants", cursor="d") == "/variants?approach=IV&cursor=d"
    assert query.address("/variants", approach=None) == "/variants"


def test_words_of_a_filter_are_encoded_in_addresses() -> None:
    changes: dict[str, Any] = {"search_id": "a&b=c"}

    assert VariantsQuery().address("/variants", **changes) == "/variants?search_id=a%26b%3Dc"
