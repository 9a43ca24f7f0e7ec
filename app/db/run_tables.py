"""Tables of results: one row for each run of a job or a study."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, select, true
from sqlalchemy.orm import Session

from app.db.askers import AskerKind
from app.db.models import ResultRow, RunRow
from app.states import RunState


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """A run in a table of results; what is not known is ``None``."""

    position: int
    seed: int
    resolution: int
    state: str
    test_accuracy: float | None
    validation_accuracy: float | None
    seconds: float | None
    worker: str | None
    attempt: int
    failure: str | None
    error: str | None
    run_id: str


def rows(
    session: Session,
    kind: AskerKind,
    id_: str,
    after: int | None,
    limit: int,
    *more: Any,
    state: RunState | None = None,
) -> tuple[Sequence[RowMapping], int | None]:
    """Rows of a table in the order of runs, after a position, and the position to go on from.

    They hold the fields of :class:`RunResult`, and ``more`` columns. If a ``state`` is given, runs
    in others are left out.
    """
    is_wanted = true() if state is None else RunRow.state == state
    query = (
        select(
            kind.link.position,
            RunRow.seed,
            RunRow.resolution,
            RunRow.state,
            ResultRow.test_accuracy,
            ResultRow.validation_accuracy,
            ResultRow.seconds,
            RunRow.worker,
            RunRow.attempt,
            RunRow.failure,
            RunRow.error,
            RunRow.id.label("run_id"),
            *more,
        )
        .join(RunRow, RunRow.id == kind.link.run_id)
        .outerjoin(ResultRow, ResultRow.run_id == RunRow.id)
        .where(kind.key == id_, kind.link.position > (-1 if after is None else after), is_wanted)
        .order_by(kind.link.position)
        .limit(limit)
    )
    found = session.execute(query).mappings().all()
    return found, found[-1]["position"] if len(found) == limit else None
