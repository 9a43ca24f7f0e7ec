"""A job's runs as a table for spreadsheets, in pieces, so that any number fits into memory."""

from collections.abc import Iterator
from typing import Any, Final

from app.db import jobs
from app.db.engine import Database
from app.db.identity import network_name
from app.services import csv_text
from app.states import FINAL

_FIELDS: Final = (
    "seed",
    "resolution",
    "state",
    "test_accuracy",
    "validation_accuracy",
    "seconds",
    "worker",
    "attempt",
    "failure",
    "error",
    "run_id",
)
COLUMNS: Final = ("network", *_FIELDS)
VERSION: Final = 1
"""To be raised when the columns or what they hold change, so that clients ask anew."""
ROWS_AT_ONCE: Final = 500


def version(database: Database, id_: str) -> str | None:
    """What the table of a job is made from, as a text; ``None`` while the job is open.

    Raises
    ------
    app.db.errors.NotFoundError
        There is no such job.
    """
    with database.read() as session:
        job = jobs.get(session, id_)
        if job.state not in FINAL:
            return None
        return f"{VERSION} {id_} {job.retries} {jobs.attempts(session, id_)}"


def lines(database: Database, id_: str) -> Iterator[str]:
    """Yield the header, then each run in the job's order; no transaction is open in between."""
    yield csv_text.lines([COLUMNS])
    after: int | None = None
    while True:
        with database.read() as session:
            rows, after = jobs.results(session, id_, after, ROWS_AT_ONCE)
        if rows:
            yield csv_text.lines(map(_values, rows))
        if after is None:
            return


def _values(row: jobs.JobResult) -> tuple[Any, ...]:
    network = network_name(row.search_id, row.variant)
    return network, *(csv_text.harmless(getattr(row, field)) for field in _FIELDS)
