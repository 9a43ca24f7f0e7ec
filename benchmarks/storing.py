"""``python -m benchmarks.storing``: storing answers, and deriving pages of variants.

Storing is compared with a bare ``executemany`` of the same rows into the same table, through the
database's own Python module. Both begin with an empty table and end with the commit. They run in
turns, and their medians are compared.
"""

import sys
import time
from contextlib import closing
from statistics import median
from typing import Final, NamedTuple

from sqlalchemy.exc import OperationalError

from app.db import searches, variants
from app.db.engine import Database
from app.db.models import SearchRow
from app.schemas.requests import SearchRequest
from app.services.searches import create
from app.services.variants import Deriver, problem_of
from app.shipped import example
from benchmarks.databases import Store, postgres, sqlite
from benchmarks.timing import report
from solver.answers.search import solve
from solver.answers.table import AnswerTable
from solver.answers.variants import Answer
from solver.problem import SolveRequest

EXAMPLE: Final = "digits-search"
PAGE: Final = 50
GOALS: Final = {
    "store_ratio_sqlite": "at least 0.25, better 0.5",
    "store_ratio_postgres": "at least 0.25, better 0.5",
    "page_ms": "at most 10",
}
"""Goal of each figure."""


class Size(NamedTuple):
    """How much is stored, and how often."""

    variants: int
    rounds: int


FULL: Final = Size(variants=100_000, rounds=5)
QUICK: Final = Size(variants=20_000, rounds=3)


def measure(quick: bool) -> dict[str, float]:
    """Return all figures by name; that of PostgreSQL is left out if there is no server."""
    size = QUICK if quick else FULL
    found = solved_example()
    many = repeated(found, size.variants)
    figures = {}
    with sqlite() as store:
        figures["store_ratio_sqlite"] = _store_ratio(store, many, size.rounds)
        page_ms = 1000 * _page_seconds(store, found)
    try:
        with postgres() as store:
            figures["store_ratio_postgres"] = _store_ratio(store, many, size.rounds)
    except (OperationalError, ModuleNotFoundError) as away:
        print(f"PostgreSQL is left out: {type(away).__name__}", file=sys.stderr)
    return {**figures, "page_ms": page_ms}


def solved_example() -> Answer:
    """Return the answer of the example's search."""
    request = SolveRequest.model_validate(example(EXAMPLE))
    return solve(request.problem, request.settings)


def repeated(answer: Answer, variants: int) -> Answer:
    """Return an answer of ``variants`` variants, which repeats those of a smaller one."""
    table, times = answer.table, variants // len(answer.table) + 1
    columns = {name: (table[name] * times)[:variants] for name in table.names}
    return answer.model_copy(update={"table": AnswerTable(columns), "found": variants})


def _store_ratio(store: Store, answer: Answer, rounds: int) -> float:
    """Return our rows a second over those of the yardstick."""
    ours, bare = [], []
    for _ in range(rounds):
        with closing(store.empty()) as database:
            ours.append(_store_seconds(database, answer))
        with closing(store.empty()) as database:
            search = claimed(database)
            bare.append(store.bare_seconds(list(variants.rows_of(search.id, answer))))
            _check_stored(database, search, answer)
    return median(bare) / median(ours)


def _store_seconds(database: Database, answer: Answer) -> float:
    """Return the seconds from the answer to the commit."""
    search = claimed(database)
    begin = time.perf_counter()
    with database.write() as session:
        searches.record(session, search.id, search.attempt, answer)
    seconds = time.perf_counter() - begin
    _check_stored(database, search, answer)
    return seconds


def claimed(database: Database) -> SearchRow:
    """Return a search of the example, claimed as by a solver."""
    create(database, SearchRequest.model_validate(example(EXAMPLE)), None)
    with database.write() as session:
        search = searches.claim(session, grace=600)
    assert search is not None
    return search


def _check_stored(database: Database, search: SearchRow, answer: Answer) -> None:
    with database.read() as session:
        stored = variants.number(session, search.id)
    assert stored == len(answer.table), f"{stored} of {len(answer.table)} variants are stored"


def _page_seconds(store: Store, answer: Answer) -> float:
    """Return the median seconds of a page, from the rows read to all that users see."""
    with closing(store.empty()) as database:
        search = claimed(database)
        with database.write() as session:
            searches.record(session, search.id, search.attempt, answer)
            rows = variants.at(session, search.id, range(len(answer.table)))
            seconds = []
            for start in range(0, len(rows) - PAGE, PAGE):
                begin = time.perf_counter()
                deriver = Deriver(problem_of(session, search))
                for row in rows[start : start + PAGE]:
                    deriver.text(row)
                seconds.append(time.perf_counter() - begin)
    return median(seconds)


def main() -> None:
    """Print the figures."""
    report("Storing variants, and deriving a page of them", measure, GOALS)


if __name__ == "__main__":
    main()
