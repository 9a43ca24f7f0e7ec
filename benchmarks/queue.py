"""``python -m benchmarks.queue``: how fast runs are claimed, and what a second worker adds.

Claims are compared with a bare loop through the database's own Python module: a table with one
index, and one statement and one commit for each claim. Both begin with the same number of waiting
rows, take one row in each claim, and run in turns.

The 99th percentile of our claim times in a long queue with a long history is compared with the one
in a short queue; the figure is the larger growth of the two databases.

Two workers are compared with one that trains networks of the same kind, by the times that the
database keeps. Runs count from when each worker has trained its first network until one finds
nothing more.
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from datetime import datetime
from statistics import median, quantiles
from typing import Final, NamedTuple

from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from app.db import runs
from app.db.engine import Database
from app.db.models import JobRow, JobRunRow, RunRow
from app.db.statements import insert_all
from app.experiments.catalogue import content_id
from app.schemas.requests import JobRequest, SearchRequest
from app.services.jobs import document
from app.services.searches import create
from app.shipped import example
from benchmarks.databases import Store, postgres, sqlite
from benchmarks.timing import report
from benchmarks.working import workplace

GOALS: Final = {
    "claims_sqlite": "at least 0.15, better 0.3",
    "claims_postgres": "at least 0.4, better 0.6",
    "p99_growth": "at most 2, better 1.2",
    "two_workers": "at least 1.7, better 1.9",
}
"""Goal of each figure."""
SEEDS: Final = 3
LEASE_SECONDS: Final = 3600.0


class Size(NamedTuple):
    """Sizes of the queues and of the training.

    ``short`` and ``long`` are waiting runs in two queues; the long one also has ``done`` runs. Each
    round has ``claims`` of each kind. A worker trains ``networks`` for ``epochs``.
    """

    short: int
    long: int
    done: int
    claims: int
    rounds: int
    networks: int
    epochs: int


FULL: Final = Size(1_000, 100_000, 1_000_000, claims=200, rounds=7, networks=12, epochs=60)
QUICK: Final = Size(1_000, 20_000, 100_000, claims=200, rounds=3, networks=5, epochs=20)


def measure(quick: bool) -> dict[str, float]:
    """Return all figures by name; those of PostgreSQL are left out if there is no server."""
    size = QUICK if quick else FULL
    kinds = {"claims_sqlite": sqlite, "claims_postgres": postgres}
    try:
        with postgres():
            pass
    except (OperationalError, ModuleNotFoundError) as away:
        print(f"PostgreSQL is left out: {type(away).__name__}", file=sys.stderr)
        del kinds["claims_postgres"]
    found = {name: _claims(kind, size) for name, kind in kinds.items()}
    return {
        **{name: ratio for name, (ratio, _) in found.items()},
        "p99_growth": max(growth for _, growth in found.values()),
        "two_workers": _two_workers(size),
    }


def _claims(kind: Callable[[], AbstractContextManager[Store]], size: Size) -> tuple[float, float]:
    """Return our claims a second over the bare loop's, and the growth of the 99th percentile."""
    ours: list[list[float]] = []
    theirs: list[list[float]] = []
    grown: list[float] = []
    with ExitStack() as open_:
        short = open_.enter_context(_queue(open_.enter_context(kind())))
        long = open_.enter_context(_queue(open_.enter_context(kind())))
        bare = open_.enter_context(closing(_Bare(open_.enter_context(kind()))))
        long.fill(size.done, "succeeded")
        long.fill(size.long)
        for queue in (short, bare):
            queue.fill(size.short - size.claims)
        for queue in (short, long, bare):
            queue.tidy()
        for _ in range(size.rounds):
            for queue, seconds in ((bare, theirs), (short, ours)):
                queue.fill(size.claims)
                seconds.append(_timed(queue.claim, size.claims))
            grown += _timed(long.claim, size.claims)
    ours_a_claim, bare_a_claim = (median(map(sum, seconds)) for seconds in (ours, theirs))
    return bare_a_claim / ours_a_claim, _p99(grown) / _p99([one for turn in ours for one in turn])


def _timed(claim: Callable[[], int], times: int) -> list[float]:
    """Return the seconds of each claim, which must take one run."""
    seconds = []
    for _ in range(times):
        begin = time.perf_counter()
        claimed = claim()
        seconds.append(time.perf_counter() - begin)
        assert claimed == 1, f"{claimed} runs were claimed at once"
    return seconds


def _p99(seconds: Sequence[float]) -> float:
    return quantiles(seconds, n=100)[-1]


class _Queue:
    """Runs of one job, each of which is a stack of its own."""

    _run = (
        *("id", "stack", "position", "architecture_id", "dataset", "dataset_version", "resolution"),
        *("recipe", "seed", "target_epochs", "epochs_done", "state", "attempt", "lost", "nice"),
        "created_at",
    )
    _link = (
        *("job_id", "run_id", "position", "target_epochs", "reused", "retry", "epochs_before"),
    )

    def __init__(self, database: Database) -> None:
        self._database = database
        self._filled = 0
        search = SearchRequest.model_validate(example("digits-search"))
        self._search_id = create(database, search, None)
        with database.write() as session:
            job = JobRow(
                id="job",
                content_hash="",
                search_id=self._search_id,
                request=document(JobRequest(search_id=self._search_id, dataset="digits")),
                state="running",
            )
            session.add(job)
            session.flush()
            self._since = str(job.created_at.replace(tzinfo=None))
        assert search.architecture is not None
        self._network = search.architecture.id

    def fill(self, number: int, state: str = "queued") -> None:
        """Add runs at the end of the queue."""
        first, self._filled = self._filled, self._filled + number
        ids = [(content_id([place]), place) for place in range(first, self._filled)]
        same = (self._network, "digits", "1", 8, '{"epochs":2}', 0, 2, 0, state, 0, 0, 0)
        not_reused = 0 if self._database.is_sqlite else "false"
        with self._database.write() as session:
            run_rows = ((id_, id_, place, *same, self._since) for id_, place in ids)
            insert_all(session, RunRow, self._run, run_rows)
            link_rows = (("job", id_, place, 2, not_reused, 0, 0) for id_, place in ids)
            insert_all(session, JobRunRow, self._link, link_rows)

    def tidy(self) -> None:
        """Do now what a server does after some time, so that it does not disturb a measurement."""
        free = self._database.engine.execution_options(isolation_level="AUTOCOMMIT")
        with free.connect() as connection:
            for command in _POSTGRES.tidy if not self._database.is_sqlite else ():
                connection.execute(text(command))

    def claim(self) -> int:
        """Claim what is next, and return the number of runs."""
        with self._database.write() as session:
            return len(runs.claim(session, "benchmark", LEASE_SECONDS))


@contextmanager
def _queue(store: Store) -> Iterator[_Queue]:
    with closing(store.empty()) as database:
        yield _Queue(database)


class _Bare:
    """A queue in one table, through the database's own module."""

    def __init__(self, store: Store) -> None:
        self._cursor = store.connect().cursor()
        self._dialect = _POSTGRES if store.is_server else _SQLITE
        self._filled = 0
        for statement in self._dialect.prepare:
            self._cursor.execute(statement)
        self._cursor.execute("COMMIT")

    def fill(self, number: int) -> None:
        """Add rows at the end of the queue."""
        first, self._filled = self._filled, self._filled + number
        ids = [(content_id([place]), place) for place in range(first, self._filled)]
        self._cursor.execute("BEGIN")
        self._cursor.executemany(self._dialect.insert, ids)
        self._cursor.execute("COMMIT")

    def tidy(self) -> None:
        """Do what the other queue does."""
        for command in self._dialect.tidy:
            self._cursor.execute(command)

    def claim(self) -> int:
        """Claim what is next, and return the number of rows."""
        self._cursor.execute(self._dialect.begin)
        self._cursor.execute(self._dialect.claim, ("benchmark",))
        claimed = self._cursor.fetchall()
        self._cursor.execute("COMMIT")
        return len(claimed)

    def close(self) -> None:
        """Close the connection."""
        self._cursor.connection.close()


class _Dialect(NamedTuple):
    prepare: Sequence[str]
    insert: str
    begin: str
    claim: str
    tidy: Sequence[str]


_TABLE: Final = (
    "CREATE TABLE bare (id TEXT PRIMARY KEY, place INTEGER, state TEXT, attempt INTEGER,"
    " worker TEXT, lease_expires_at {time}, recipe {json})"
)
_INDEX: Final = "CREATE INDEX waiting ON bare (place) WHERE state = 'queued'"
_INSERT: Final = "INSERT INTO bare VALUES ({0}, {0}, 'queued', 0, NULL, NULL, '{{\"epochs\":2}}')"
_CLAIM: Final = (
    "UPDATE bare SET state = 'running', attempt = attempt + 1, worker = {0}, lease_expires_at ="
    " {1} WHERE id = (SELECT id FROM bare WHERE state = 'queued' ORDER BY place LIMIT 1 {2})"
    " RETURNING id, attempt, recipe"
)
_SQLITE: Final = _Dialect(
    (
        "PRAGMA journal_mode=WAL",
        "PRAGMA synchronous=FULL",
        "BEGIN",
        _TABLE.format(time="REAL", json="TEXT"),
        _INDEX,
    ),
    _INSERT.format("?"),
    "BEGIN IMMEDIATE",
    _CLAIM.format("?", "julianday('now') + 1", ""),
    (),
)
_POSTGRES: Final = _Dialect(
    ("BEGIN", _TABLE.format(time="TIMESTAMPTZ", json="JSONB"), _INDEX),
    _INSERT.format("%s"),
    "BEGIN",
    _CLAIM.format("%s", "clock_timestamp() + INTERVAL '1 h'", "FOR UPDATE SKIP LOCKED"),
    ("VACUUM ANALYZE", "CHECKPOINT"),
)


def _two_workers(size: Size) -> float:
    """Return the runs a second of two workers over those of one."""
    return _rate(size, 2) / _rate(size, 1)


def _rate(size: Size, workers: int) -> float:
    """Return the runs a second of ``workers``, with ``size.networks`` networks for each."""
    with workplace() as place:
        search = place.searched(example("digits-search"))
        place.queued(
            {
                "search_id": search,
                "dataset": "digits",
                "variants": {"select": "random", "count": size.networks * workers - 1},
                "seeds": SEEDS,
                "epochs": size.epochs,
            }
        )
        place.worked_off(workers)
        with place.database.read() as session:
            trained = session.execute(select(RunRow.worker, RunRow.finished_at)).all()
    ends: dict[str | None, list[datetime]] = {}
    for worker, end in trained:
        assert end is not None
        ends.setdefault(worker, []).append(end)
    assert len(ends) == workers, f"{len(ends)} of {workers} workers trained something"
    since = max(min(each) for each in ends.values())
    until = min(max(each) for each in ends.values())
    runs_between = sum(since < end <= until for _, end in trained if end)
    return runs_between / (until - since).total_seconds()


def main() -> None:
    """Print the figures."""
    report("Claiming runs, and training with two workers", measure, GOALS)


if __name__ == "__main__":
    main()
