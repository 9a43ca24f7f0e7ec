"""The checker sees what it is there to see."""

from app.db.engine import Database
from app.db.models import LateWriteRow
from tests.chaos.checker import violations
from tests.chaos.journal import Entry

JOURNAL = [
    Entry("w", "claim", "r", 1, "accepted", 0.0, 1.0),
    Entry("w", "refusal", "r", 1, "logged", 2.0, 3.0),
    Entry("w", "beat", "r", 1, "refused", 2.0, 3.0),
]


def test_the_checker_sees_late_writes_that_are_not_counted(sqlite_database: Database) -> None:
    seen = violations(sqlite_database, JOURNAL)

    assert seen == ["0 late writes are counted of 1 of run r, attempt 1"]


def test_the_checker_sees_late_writes_of_attempts_that_nobody_claimed(
    sqlite_database: Database,
) -> None:
    with sqlite_database.write() as session:
        session.add_all(LateWriteRow(run_id="r", attempt=attempt) for attempt in (1, 2))

    seen = violations(sqlite_database, JOURNAL)

    assert seen == ["late writes are counted of run r, attempt 2, which nobody claimed"]


def test_late_writes_may_be_counted_that_no_worker_lived_to_write_down(
    sqlite_database: Database,
) -> None:
    with sqlite_database.write() as session:
        session.add(LateWriteRow(run_id="r", attempt=1, writes=2))

    assert violations(sqlite_database, JOURNAL) == []
