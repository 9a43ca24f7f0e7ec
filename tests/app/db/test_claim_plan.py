"""A claim goes along the queue's index: it sorts nothing, and takes as long in a long queue."""

import re
from contextlib import nullcontext

import pytest
from sqlalchemy import text

from app.db import runs
from app.db.engine import Database
from tests.databases import statistics_of_an_empty_table
from tests.factories import queued_job
from tests.plans import asked_of, plan


def plan_of_claim(database: Database) -> str:
    """What the database does to claim; ``EXPLAIN`` claims nothing."""
    with database.write() as session:
        with asked_of(database) as asked:
            assert runs.claim(session, "w", 60)
        (claim, *_) = [one for one in asked if one.statement.startswith("WITH leader")]
        return plan(session, claim)


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
