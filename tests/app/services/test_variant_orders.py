from collections.abc import Sequence

import pytest

from app.db import searches, variants
from app.db.engine import Database, Session
from app.db.paging import CursorError
from app.db.variants import Order, SortKey
from app.schemas.variants import VariantView
from app.services.variant_pages import of_search
from solver.answers.table import AnswerTable
from solver.answers.variants import MEASURES, Answer, SolverReport
from tests.factories import queued_search, solved_search


def sorted_pages(database: Database, id_: str, sort: str, limit: int = 200) -> list[VariantView]:
    found, cursor = [], None
    while True:
        page = of_search(database, id_, sort, cursor, limit)
        found += page.items
        cursor = page.next
        if cursor is None:
            return found


def solved(database: Database) -> str:
    with database.write() as session:
        return solved_search(session, tolerance=0.02, limit=300).id


def test_variants_are_sorted_by_several_keys_and_else_by_position(
    database: Database,
) -> None:
    id_ = solved(database)
    everything = sorted_pages(database, id_, "")
    assert len({variant.coverage for variant in everything}) > 1

    found = sorted_pages(database, id_, "coverage,-receptive_field,params,-coverage")

    expected = sorted(
        everything, key=lambda it: (it.coverage, -it.receptive_field, it.counts.params)
    )
    assert found == expected


def test_the_pages_behind_the_first_sort_nothing_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    sorted_by: list[object] = []
    sort = variants.order

    def counted(session: Session, search_id: str, keys: Sequence[SortKey]) -> Order:
        sorted_by.append(keys)
        return sort(session, search_id, keys)

    monkeypatch.setattr(variants, "order", counted)
    id_ = solved(database)

    assert len(sorted_pages(database, id_, "-coverage", limit=50)) == 300
    sorted_pages(database, id_, "-coverage", limit=100)

    assert len(sorted_by) == 1


def record(database: Database, sides: list[int]) -> str:
    """A search of the examples' whose answer is made up."""
    symbols = ("N", "K1", "C1", "P1", "S1", "C2", "P2", "S2")
    found = [(N, 16, 4, 1, 1, 3, 1, 1, 100, 100, 90, 200, N, N, 9) for N in sides]
    answer = Answer(
        outcome="complete",
        found=len(found),
        symbols=symbols,
        table=AnswerTable.of((*symbols, *MEASURES), found),
        solver=SolverReport(status="OPTIMAL", wall_time=0.1, branches=0, conflicts=0),
    )
    with database.write() as session:
        id_ = queued_search(session).id
        claimed = searches.claim(session, grace=60)
        assert claimed is not None
        searches.record(session, id_, claimed.attempt, answer)
    return id_


def resolutions(database: Database, id_: str) -> list[int]:
    return [variant.resolution for variant in sorted_pages(database, id_, "coverage")]


def test_a_search_that_is_deleted_and_made_again_is_ordered_anew(database: Database) -> None:
    id_ = record(database, [6, 7, 8])
    assert resolutions(database, id_) == [6, 7, 8]
    with database.write() as session:
        searches.remove(session, id_)

    assert record(database, [8, 7]) == id_

    assert resolutions(database, id_) == [8, 7]


def test_a_search_without_variants_yet_is_not_remembered_as_empty(database: Database) -> None:
    with database.write() as session:
        id_ = queued_search(session).id
    assert resolutions(database, id_) == []
    with database.write() as session:
        searches.cancel(session, id_)
        searches.remove(session, id_)

    assert record(database, [6]) == id_

    assert resolutions(database, id_) == [6]


@pytest.mark.parametrize("sort", [None, "resolution", "-coverage", "coverage,params"])
def test_a_cursor_of_another_order_is_refused(sqlite_database: Database, sort: str | None) -> None:
    id_ = record(sqlite_database, [6, 7])
    other = of_search(sqlite_database, id_, sort, None, 1).next
    assert other

    with pytest.raises(CursorError):
        of_search(sqlite_database, id_, "coverage", other, 50)
