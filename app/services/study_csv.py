"""A study's runs as a table for spreadsheets, in pieces, so that any number fits into memory."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from app.db import studies
from app.db.engine import Database
from app.db.studies import StudyResult
from app.services import csv_text
from app.services.study_arms import Arms, arms_of, by_run
from app.states import FINAL

_FIELDS: Final = (
    "seed",
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
COLUMNS: Final = (
    "study_id",
    "plan_hash",
    "resolution",
    "approach",
    "budget",
    "original",
    "role",
    "variant_id",
    "architecture_id",
    "input_resolution",
    "detail",
    "params",
    "flops",
    *_FIELDS,
)
VERSION: Final = 1
"""To be raised when the columns or what they hold change, so that clients ask anew."""
ROWS_AT_ONCE: Final = 500

Costs = Mapping[str, tuple[int, int]]
"""Parameters and FLOPs, by network."""


def version(database: Database, id_: str) -> str | None:
    """What the table of a study is made from, as a text; ``None`` while the study is open.

    Raises
    ------
    app.db.errors.NotFoundError
        There is no such study.
    """
    with database.read() as session:
        if studies.get(session, id_).state not in FINAL:
            return None
        return f"{VERSION} {id_} {studies.version(session, id_)}"


def lines(database: Database, id_: str) -> Iterator[str]:
    """Yield the header, then a line for each run and each original that it is for.

    A run that several cells share has a line for each of them. No transaction is open in between.
    """
    yield csv_text.lines([COLUMNS])
    with database.read() as session:
        study = studies.get(session, id_)
        if study.plan is None:
            return
        arms = by_run(arms_of(study.request, study.plan))
        costs = studies.costs(session, id_)
    head = (id_, study.plan_hash)
    after: int | None = None
    while True:
        with database.read() as session:
            rows, after = studies.results(session, id_, after, ROWS_AT_ONCE)
        if rows:
            yield csv_text.lines(line for row in rows for line in _lines(head, row, arms, costs))
        if after is None:
            return


def _lines(
    head: Sequence[str], row: StudyResult, arms: Arms, costs: Costs
) -> Iterator[tuple[Any, ...]]:
    own = tuple(csv_text.harmless(getattr(row, field)) for field in _FIELDS)
    for arm in arms[row.architecture_id, row.detail, row.seed]:
        cell = arm.cell
        yield (
            *head,
            arm.resolution if cell is None else cell.resolution,
            cell and cell.approach,
            cell and cell.budget,
            arm.member,
            arm.role,
            arm.variant_id,
            row.architecture_id,
            row.resolution,
            row.detail,
            *costs[row.architecture_id],
            *own,
        )
