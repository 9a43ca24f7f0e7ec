"""The columns of unknowns in a search's table."""

import pytest
from starlette.testclient import TestClient

from app.db.engine import Database
from app.errors import RefusedError
from app.services import variant_columns
from app.services.variant_columns import Search
from app.shipped import example
from app.web.found import columns
from app.web.found.originals import measures_of
from app.web.found.shown import Shown
from app.web.found.views import View
from tests.factories import solved_search


@pytest.fixture
def whole_id(sqlite_database: Database) -> str:
    """A search that changes all three widths of a network."""
    with sqlite_database.write() as session:
        return solved_search(session, **example("digits-search-whole")).id


@pytest.fixture
def whole(sqlite_database: Database, whole_id: str) -> Search:
    return variant_columns.of_search(sqlite_database, whole_id)


def of_table(search: Search, chosen: list[str] | None = None) -> list[str]:
    return [*columns.of_table(Shown(search, View(columns=chosen), "params"))]


def test_few_unknowns_all_have_columns(search: Search, whole: Search) -> None:
    assert of_table(search) == ["K1'", "C1'", "P1'", "S1'", "C2'", "P2'", "S2'"]
    assert of_table(whole) == ["conv1'", "conv2'", "linear1'"]


def test_of_many_widths_those_that_change_most_have_columns_the_largest_change_first(
    whole: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columns, "MOST_USUAL", 2)
    original = measures_of(whole.deriver.problem)
    found = whole.columns(["conv1'", "conv2'", "linear1'"])

    def largest_change(name: str) -> float:
        ratios = [width / original[name] for width in found[name].tolist()]
        return float(max(max(ratio, 1 / ratio) for ratio in ratios))

    expected = sorted(found, key=largest_change, reverse=True)[:2]
    assert of_table(whole) == expected


def test_chosen_columns_stand_in_the_order_of_the_network(whole: Search) -> None:
    assert of_table(whole, ["linear1'", "conv1'"]) == ["conv1'", "linear1'"]


def test_a_column_that_is_no_unknown_is_refused(whole: Search) -> None:
    with pytest.raises(RefusedError, match="query/columns: there is no unknown params; known are"):
        of_table(whole, ["conv1'", "params"])


def test_the_choice_stands_in_the_address_and_holds_for_the_table(
    sqlite_client: TestClient, whole_id: str
) -> None:
    query = {"columns": ["conv2'"], "x": "conv1'", "y": "linear1'", "colour": "conv2'"}

    page = sqlite_client.get(f"/searches/{whole_id}", params=query).text

    assert "Columns: 1 of 3 unknowns" in page
    assert "linear1&#39; against conv1&#39;" in page
    assert page.count('aria-sort="') == 8  # resolution, conv2' and six measures
    assert 'name="columns" value="conv2&#39;" checked' in page
    assert 'name="columns" value="conv1&#39;">' in page
    assert "columns=conv2%27&amp;" in page or "columns=conv2%27#" in page
