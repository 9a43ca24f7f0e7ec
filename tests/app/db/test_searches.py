import tracemalloc
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy import select, update

from app.db import searches, variants
from app.db.engine import Database
from app.db.errors import LostLeaseError
from app.db.identity import nth_id
from app.db.models import SearchRow, VariantRow
from app.db.statements import insert_all
from app.db.types import Document, database_time
from app.schemas.requests import SearchRequest
from solver.answers.table import AnswerTable
from solver.answers.variants import MEASURES, Answer, SolverReport
from solver.network.schema import MAX_COUNT
from tests.factories import original, queued_search, search_body

SYMBOLS = ("N", "K1", "C1", "P1", "S1", "C2", "P2", "S2")
MANY = 20_000


def answer(rows: int) -> Answer:
    """An answer of made-up variants, no two alike, counts as large as they may be."""
    found = [
        (
            *(6 + n // 1000, 1 + n % 1000, n % 7, 0, 1, 2, n % 3, 4),
            *(MAX_COUNT - n, MAX_COUNT - 2 * n, MAX_COUNT, MAX_COUNT),
            *(n % 6, 6 + n // 1000, MAX_COUNT),
        )
        for n in range(rows)
    ]
    return Answer(
        outcome="truncated",
        found=MAX_COUNT,
        symbols=SYMBOLS,
        table=AnswerTable.of((*SYMBOLS, *MEASURES), found),
        solver=SolverReport(status="OPTIMAL", wall_time=0.5, branches=1, conflicts=2),
    )


@pytest.fixture
def claimed(database: Database) -> SearchRow:
    with database.write() as session:
        queued_search(session)
        found = searches.claim(session, grace=60)
    assert found is not None
    return found


def record(database: Database, held: SearchRow, given: Answer) -> None:
    with database.write() as session:
        searches.record(session, held.id, held.attempt, given)


def stored(database: Database) -> list[VariantRow]:
    with database.read() as session:
        return list(session.scalars(select(VariantRow).order_by(VariantRow.position)))


def search(database: Database, id_: str) -> SearchRow:
    with database.read() as session:
        return searches.get(session, id_)


def test_an_answer_of_many_variants_is_stored_exactly_and_in_order(
    database: Database, claimed: SearchRow
) -> None:
    given = answer(MANY)

    record(database, claimed, given)

    rows = stored(database)
    assert [row.position for row in rows] == list(range(MANY))
    assert {row.search_id for row in rows} == {claimed.id}
    assert [tuple(row.unknowns) for row in rows] == given.rows
    assert [row.resolution for row in rows] == given.table["N"].tolist()
    assert [
        (
            *(row.params, row.flops, row.macs, row.activations),
            *(row.coverage * row.resolution, row.resolution, row.receptive_field),
        )
        for row in rows
    ] == list(given.table.rows(MEASURES))


def test_how_a_search_ended_is_stored_with_its_variants(
    database: Database, claimed: SearchRow
) -> None:
    given = answer(3)
    record(database, claimed, given)

    row = search(database, claimed.id)
    assert (row.state, row.outcome, row.found) == ("succeeded", "truncated", MAX_COUNT)
    assert row.solver == given.solver.model_dump()
    assert row.finished_at is not None


def test_an_answer_without_variants_is_stored(database: Database, claimed: SearchRow) -> None:
    record(database, claimed, answer(0))

    assert search(database, claimed.id).state == "succeeded"
    assert stored(database) == []


def test_what_was_cancelled_meanwhile_stores_nothing(
    database: Database, claimed: SearchRow
) -> None:
    with database.write() as session:
        searches.cancel(session, claimed.id)

    with pytest.raises(LostLeaseError):
        record(database, claimed, answer(MANY))

    assert search(database, claimed.id).state == "cancelled"
    assert stored(database) == []


def test_a_lost_lease_stores_nothing(database: Database, claimed: SearchRow) -> None:
    with database.write() as session:
        session.execute(update(SearchRow).values(lease_expires_at=database_time(-1)))
        again = searches.claim(session, grace=60)
    assert again is not None

    with pytest.raises(LostLeaseError):
        record(database, claimed, answer(MANY))
    assert stored(database) == []

    record(database, again, answer(2))
    assert len(stored(database)) == 2
    with pytest.raises(LostLeaseError):
        record(database, again, answer(2))


def rows_of(held: SearchRow, number: int) -> Iterator[tuple[str | float, ...]]:
    for position in range(number):
        yield held.id, position, 6, 1, 1, "[6]", 1, 1, 1.0, 1


def test_variants_that_fail_half_way_leave_nothing_and_the_search_running(
    database: Database, claimed: SearchRow
) -> None:
    def failing() -> Iterator[tuple[str | float, ...]]:
        yield from rows_of(claimed, MANY)
        raise MemoryError

    def end() -> None:
        with database.write() as session:
            searches.finish(session, claimed.id, claimed.attempt, "succeeded")
            insert_all(session, VariantRow, variants.COLUMNS, failing())

    with pytest.raises(MemoryError):
        end()

    assert search(database, claimed.id).state == "running"
    assert stored(database) == []


def test_few_of_the_rows_that_are_inserted_are_in_memory_at_once(
    database: Database, claimed: SearchRow
) -> None:
    with database.write() as session:
        session.connection()
        tracemalloc.start()
        insert_all(session, VariantRow, variants.COLUMNS, rows_of(claimed, MANY))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert peak < 50 * MANY, "a tuple alone takes more"
    assert len(stored(database)) == MANY


def test_terms_that_were_stored_before_a_field_came_are_read_with_its_default(
    database: Database,
) -> None:
    with database.write() as session:
        row = queued_search(session)
        terms = row.request
        older = terms.model_dump(mode="json", exclude={"question": {"kernel_grows"}})
        assert "kernel_grows" not in older
        documents = sa.table("searches", sa.column("request", Document))
        session.execute(sa.update(documents).values(request=older))

    assert search(database, row.id).request == terms


def test_a_field_that_came_later_leaves_the_ids_of_searches_as_they_were() -> None:
    """The id is one that an earlier version gave."""
    terms = SearchRequest.model_validate(search_body()).filled(original())
    changed = SearchRequest.model_validate(search_body(kernel_grows=False)).filled(original())

    digest = searches.content_hash(original().id, terms)
    assert nth_id(digest, 0) == "7646fda55e9d4fbf5fde2009e58c3dec"
    assert searches.content_hash(original().id, changed) != digest
