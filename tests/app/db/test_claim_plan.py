"""A claim goes along the queue's index: it sorts nothing, and takes as long in a long queue."""

import re
from contextlib import nullcontext
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from app.db import runs
from app.db.engine import Database
from tests.databases import statistics_of_an_empty_table
from tests.factories import queued_job


def plan_of_claim(database: Database) -> str:
    """What the database does to claim; ``EXPLAIN`` claims nothing."""
    asked: list[tuple[str, Any]] = []

    def note(_c: Connection, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        asked.append((statement, values))

    event.listen(database.engine, "before_cursor_execute", note)
    with database.write() as session:
        assert runs.claim(session, "w", 60)
        event.remove(database.engine, "before_cursor_execute", note)
        (claim, *_) = [one for one in asked if one[0].startswith("WITH leader")]
        explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN (COSTS OFF)"
        rows = session.connection().exec_driver_sql(f"{explain} {claim[0]}", claim[1])
        return "\n".join(str(row[-1]) for row in rows)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("database", "has_statistics"),
    [
        ("sqlite", False),  # it has none: nothing of ours runs ANALYZE there
        pytest.param("postgres", False, marks=pytest.mark.postgres),
        pytest.param("postgres", True, marks=pytest.mark.postgres),
    ],
    indirect=["database"],
)
def test_a_claim_reads_the_queue_in_its_order(has_statistics: bool, database: Database) -> None:
    empty = nullcontext() if database.is_sqlite else statistics_of_an_empty_table(database, "runs")
    with empty:
        for number in range(10):
            queued_job(database, seeds=10, variants=range(19), tag=f"digits-{number}")
        if has_statistics:
            with database.write() as session:
                session.execute(text("ANALYZE"))

        plan = plan_of_claim(database)

    assert "TEMP B-TREE" not in plan
    assert not re.search(r"\bSort\b|Seq Scan on runs", plan)
    assert re.search(r"(SCAN runs USING INDEX|Index Scan using) ix_runs_queued", plan)
