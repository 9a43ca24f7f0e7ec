"""Each figure is what a query of the test's own counts."""

import threading
from typing import Any

import pytest
from sqlalchemy import select, text, update

from app.db.engine import Database
from app.db.figures import Figures, figures
from app.db.models import JobRow, LateWriteRow, ResultRow, RunRow, SearchRow
from app.db.types import database_time
from app.states import STATES
from tests.factories import PATIENCE, RESULT, queued_job, queued_search
from tests.planned_studies import waiting_study


def counted(database: Database) -> Figures:
    with database.read() as session:
        return figures(session)


def sql(database: Database, query: str) -> Any:
    with database.read() as session:
        return session.scalar(text(query))


@pytest.fixture
def busy(database: Database) -> Database:
    """Rows of all kinds in many states; three workers hold four runs, one of them is dead."""
    queued_job(database, seeds=8)
    waiting_study(database)
    other = queued_job(database, seeds=3, tag="mnist")
    running: dict[str, Any] = {"state": "running", "lease_expires_at": database_time(60)}
    changes: list[dict[str, Any]] = [
        {"state": "succeeded", "attempt": 1},
        {"state": "succeeded", "attempt": 3, "lost": 2},
        {"state": "cancelled", "attempt": 1, "lost": 1},
        {**running, "attempt": 1, "worker": "a"},
        {**running, "attempt": 1, "worker": "a"},
        {**running, "attempt": 2, "lost": 1, "worker": "b"},
        {**running, "attempt": 1, "worker": "dead", "lease_expires_at": database_time(-1)},
        {"created_at": database_time(-100)},
    ]
    with database.write() as session:
        ids = session.scalars(select(RunRow.id).where(RunRow.dataset == "digits")).all()
        for id_, change in zip(ids, changes, strict=True):
            session.execute(update(RunRow).where(RunRow.id == id_).values(**change))
            if change.get("state") == "succeeded":
                session.add(ResultRow(run_id=id_, attempt=change["attempt"], **RESULT))
        session.execute(update(JobRow).where(JobRow.id == other.id).values(state="failed"))
        waiting = queued_search(session, limit=3)
        session.execute(
            update(SearchRow)
            .where(SearchRow.id == waiting.id)
            .values(created_at=database_time(-200))
        )
        queued_search(session, limit=4).state = "cancelled"
    return database


def test_where_nothing_is_all_is_zero_and_every_state_is_there(database: Database) -> None:
    zero = dict.fromkeys(STATES, 0)
    of_rows = counted(database)

    assert of_rows.searches == of_rows.jobs == of_rows.studies == zero
    assert set(zero) <= set(of_rows.runs)
    assert not any(of_rows.runs.values())
    others = (
        "variants",
        "results",
        "attempts",
        "lost_leases",
        "late_writes",
        "overdue",
        "workers",
    )
    ages = ("oldest_queued_run", "oldest_queued_search")
    assert not any(getattr(of_rows, name) for name in (*others, *ages))


@pytest.mark.parametrize("table", ["searches", "jobs", "studies", "runs"])
def test_states_are_those_of_the_rows(busy: Database, table: str) -> None:
    numbers = getattr(counted(busy), table)

    assert sum(numbers.values()) == sql(busy, f"SELECT count(*) FROM {table}") > 0
    for state, number in numbers.items():
        assert number == sql(busy, f"SELECT count(*) FROM {table} WHERE state = '{state}'")


@pytest.mark.parametrize(
    ("figure", "query", "expected"),
    [
        ("variants", "SELECT count(*) FROM variants", 20),
        ("results", "SELECT count(*) FROM results", 2),
        ("attempts", "SELECT sum(attempt) FROM runs", 10),
        ("lost_leases", "SELECT sum(lost) FROM runs", 4),
    ],
)
def test_sums_are_those_of_the_rows(busy: Database, figure: str, query: str, expected: int) -> None:
    assert getattr(counted(busy), figure) == sql(busy, query) == expected


def test_workers_that_hold_a_run_are_told_from_those_that_do_not_answer(busy: Database) -> None:
    found = counted(busy)

    assert (found.workers, found.overdue) == (2, 1)


def test_ages_are_those_of_the_oldest_in_the_queue_by_the_clock_of_the_database(
    busy: Database,
) -> None:
    found = counted(busy)

    assert 100 <= found.oldest_queued_run < 130
    assert 200 <= found.oldest_queued_search < 230


def test_counting_waits_for_no_writer_and_counts_nothing_that_is_not_committed(
    busy: Database,
) -> None:
    seen: list[Figures] = []
    before = counted(busy)

    with busy.write() as session:
        session.execute(update(RunRow).values(attempt=9))
        reader = threading.Thread(target=lambda: seen.append(counted(busy)))
        reader.start()
        reader.join(PATIENCE)

    assert [found.attempts for found in seen] == [before.attempts]


def test_late_writes_are_summed(database: Database) -> None:
    with database.write() as session:
        for attempt, writes in ((1, 2), (2, 5)):
            session.add(LateWriteRow(run_id="run", attempt=attempt, writes=writes))

    assert counted(database).late_writes == 7
