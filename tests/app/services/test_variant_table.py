from typing import Any

import pytest

from app.db.engine import Database
from app.db.paging import CursorError
from app.db.variants import VariantFilter
from app.errors import RefusedError
from app.services import variant_table
from app.services.variant_table import VariantTablePage
from tests.factories import solved_search
from tests.workers import trained

ALL = VariantFilter()
ACCURACIES = [0.1, 0.1, 0.1, 0.5, 0.6, 0.8, 0.9, 0.9, 0.9, 0.2, 0.2, 0.2]
"""Those of the original, and of three variants, each with three seeds."""


def table(database: Database, sort: str | None = None, **asked: Any) -> VariantTablePage:
    given = {"wanted": ALL, "cursor": None, "limit": 50, **asked}
    return variant_table.page(database, sort=sort, **given)


def positions(page: VariantTablePage) -> list[int]:
    return [item.row.position for item in page.items]


@pytest.fixture
def some_trained(database: Database) -> Database:
    with database.write() as session:
        solved_search(session, limit=20)
    trained(database, [2, 5, 7], ACCURACIES)
    return database


def test_every_variant_has_its_accuracy_if_it_was_trained(some_trained: Database) -> None:
    page = table(some_trained)

    assert positions(page) == [*range(20)]
    known = {it.row.position: it.accuracy for it in page.items if it.accuracy}
    assert {at: it.mean for at, it in known.items()} == pytest.approx({2: 1.9 / 3, 5: 0.9, 7: 0.2})
    assert {it.runs for it in known.values()} == {3}


def test_accuracies_are_those_of_the_variants_in_whatever_order(some_trained: Database) -> None:
    by_place = {it.id: it.accuracy for it in table(some_trained).items}

    page = table(some_trained, "-resolution,flops")

    assert {it.id: it.accuracy for it in page.items} == by_place


def test_a_variant_is_set_against_its_original(some_trained: Database) -> None:
    variant = table(some_trained).items[2]

    assert variant.original.resolution == 5
    assert variant.original.resolution < variant.row.resolution
    assert variant.delta_params == 0
    assert variant.problem.approach == "IV"


@pytest.mark.parametrize(("sort", "order"), [("accuracy", [7, 2, 5]), ("-accuracy", [5, 2, 7])])
def test_sorted_by_accuracy_only_trained_variants_are_listed(
    some_trained: Database, sort: str, order: list[int]
) -> None:
    assert positions(table(some_trained, sort)) == order


def test_pages_in_the_order_of_accuracy_go_on_where_the_one_before_ended(
    some_trained: Database,
) -> None:
    first = table(some_trained, "-accuracy", limit=2)
    second = table(some_trained, "-accuracy", limit=2, cursor=first.next)

    assert (positions(first), positions(second), second.next) == ([5, 2], [7], None)
    with pytest.raises(CursorError):
        table(some_trained, "accuracy", limit=2, cursor=first.next)


def test_variants_of_equal_accuracy_keep_one_order_over_pages(database: Database) -> None:
    with database.write() as session:
        solved_search(session, limit=20)
    trained(database, [2, 5, 7], [0.5] * 12)
    found: list[int] = []
    cursor = None
    while not found or cursor:
        page = table(database, "-accuracy", limit=1, cursor=cursor)
        found += positions(page)
        cursor = page.next

    assert found == [2, 5, 7]


def test_filters_hold_in_the_order_of_accuracy_too(some_trained: Database) -> None:
    wanted = VariantFilter(approach="IV", max_accuracy=0.7, min_resolution=6)

    assert positions(table(some_trained, "-accuracy", wanted=wanted)) == [2, 7]
    assert table(some_trained, "-accuracy", wanted=VariantFilter(budget="flops")).items == []


def test_an_unknown_column_is_refused(some_trained: Database) -> None:
    with pytest.raises(RefusedError):
        table(some_trained, "accuracy,params")
