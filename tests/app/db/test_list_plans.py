"""Lists and pages find their rows along indexes: they read no whole table, however long it is."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.db import accuracies, jobs, named_networks, searches, studies, workers
from app.db.engine import Database
from tests.plans import asked_of, plan

DAY = 24 * 3600.0
LISTS: dict[str, Callable[[Session], object]] = {
    "searches": lambda session: searches.newest(session, None, 25),
    "searches-of-a-state": lambda session: searches.newest(session, None, 25, state="failed"),
    "searches-of-a-network": lambda session: searches.newest(
        session, None, 25, architecture_id="a"
    ),
    "searches-by-an-approach": lambda session: searches.newest(session, None, 25, approach="I"),
    "searches-within-a-budget": lambda session: searches.newest(session, None, 25, budget="both"),
    "searches-of-studies": lambda session: searches.newest(session, None, 25, by_study=True),
    "searches-of-a-study": lambda session: searches.newest(session, None, 25, study_id="u"),
    "jobs-of-a-state": lambda session: jobs.newest(session, None, 25, state="failed"),
    "jobs-of-a-search": lambda session: jobs.newest(session, None, 25, search_id="s"),
    "studies-of-a-state": lambda session: studies.newest(session, None, 25, state="failed"),
    "originals": lambda session: named_networks.newest(
        session, None, 25, name=None, is_searched=True
    ),
    "accuracies-of-a-network": lambda session: accuracies.of_architectures(session, ["a"]),
    "runs-that-workers-ended": lambda session: workers.ended_by(session, ["w"], DAY),
    "attempts-that-workers-lost": lambda session: workers.lost_by(session, ["w"], DAY),
    "attempts-that-were-lost": lambda session: workers.lost(session, DAY, 20),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_reads_no_whole_table(name: str, database: Database) -> None:
    with database.read() as session:
        if not database.is_sqlite:  # its tables are so short here that indexes would not pay
            session.execute(text("SET LOCAL enable_seqscan = off"))
        with asked_of(database) as asked:
            LISTS[name](session)
        plans = [plan(session, one) for one in asked]

    assert plans
    for found in plans:
        assert not re.search(r"SCAN \w+$|Seq Scan on", found, re.MULTILINE), found
