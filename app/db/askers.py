"""Who asks for runs: jobs and studies, and what a change of runs means to them.

Whatever asks "who wants this run?" goes through :data:`ASKERS`. A transaction that waits for locks
takes runs first, then jobs, then studies, and each in the order of their ids; otherwise two
transactions could wait for each other.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    and_,
    func,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.base import ExecutableOption

from app.db.models import JobRow, JobRunRow, RunRow, StudyRow, StudyRunRow
from app.db.paging import Key, page
from app.db.types import database_time, text_in
from app.states import OPEN

_IN_SQL_ONLY = {"synchronize_session": False}


@dataclass(frozen=True)
class AskerKind:
    """A kind of asker: its table, the table of its links to runs, and the links' column for it."""

    row: type[JobRow] | type[StudyRow]
    link: type[JobRunRow] | type[StudyRunRow]
    key: InstrumentedAttribute[str]

    def wants(self, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
        """Whether an asker has a link that meets the conditions."""
        return self.row.id.in_(select(self.key).where(*conditions))


JOBS: Final = AskerKind(JobRow, JobRunRow, JobRunRow.job_id)
STUDIES: Final = AskerKind(StudyRow, StudyRunRow, StudyRunRow.study_id)
ASKERS: Final = (JOBS, STUDIES)
"""All kinds, in the order in which their rows are locked."""


def newest(
    session: Session,
    kind: AskerKind,
    cursor: str | None,
    limit: int,
    *options: ExecutableOption,
    dataset: str | None = None,
    **wanted: str,
) -> tuple[list[Any], str | None]:
    """A page of jobs or studies, the newest first, of a data set if one is given.

    ``wanted`` are the values that columns must have; ``options`` say what else is loaded.
    """
    row = kind.row
    query = select(row).options(*options).filter_by(**wanted)
    if dataset is not None:
        query = query.where(text_in(row.request, "dataset") == dataset)
        wanted = {**wanted, "dataset": dataset}
    newest_first = (Key(row.created_at, True), Key(row.id, True))
    return page(session, query, newest_first, [row.__tablename__, wanted], cursor, limit)


def mark_stale(session: Session, run_ids: Sequence[str]) -> None:
    """Mark the results of all that need these runs as out of date."""
    if not run_ids:
        return
    for kind in ASKERS:
        _update(session, kind, kind.wants(kind.link.run_id.in_(run_ids)), stale=True)


def mark_reached(session: Session, measured: Mapping[str, Sequence[int]]) -> None:
    """Mark askers as stale if a run has measured their target epoch; ``measured`` is by run."""
    if not measured:
        return
    for kind in ASKERS:
        reached = (
            and_(kind.link.run_id == id_, kind.link.target_epochs.in_(epochs))
            for id_, epochs in measured.items()
        )
        _update(session, kind, kind.wants(or_(*reached)), stale=True)


def mark_running(session: Session, run_ids: Sequence[str]) -> None:
    """Mark queued jobs as running whose runs were claimed; a study runs from its planning on."""
    waits = and_(JobRow.state == "queued", JOBS.wants(JobRunRow.run_id.in_(run_ids)))
    _update(session, JOBS, waits, state="running")


def _update(
    session: Session, kind: AskerKind, condition: ColumnElement[bool], **values: Any
) -> None:
    in_order = (
        select(kind.row.id)
        .where(condition)
        .order_by(kind.row.id)
        .with_for_update()
        .cte("in_order")
        .prefix_with("MATERIALIZED")
    )
    session.execute(
        update(kind.row).where(kind.row.id == in_order.c.id).values(**values),
        execution_options=_IN_SQL_ONLY,
    )


def want(session: Session, ids: Sequence[str], since: Any) -> None:
    """Give runs the highest target and the highest priority that any open asker has for them.

    A paused run that must be trained further is queued again, with the age ``since``. A queued run
    that has reached its target, short of the recipe's end, is paused. An open run that nobody wants
    is cancelled. Runs that have ended do not change, nor do paused runs that nobody wants: a later
    asker may want them. The caller has locked the runs.
    """
    furthest = _most(lambda kind: kind.link.target_epochs)
    wanted = {"target_epochs": furthest, "nice": -_most(lambda kind: kind.row.priority)}
    far_enough = and_(
        RunRow.epochs_done >= RunRow.target_epochs,
        RunRow.target_epochs < RunRow.recipe["epochs"].as_integer(),
    )
    cancelled = {
        "state": "cancelled",
        "finished_at": database_time(),
        "lease_expires_at": None,
    }
    for state, condition, values in (
        (OPEN, furthest.is_(None), cancelled),
        ((*OPEN, "paused"), furthest.is_not(None), wanted),
        (("paused",), ~far_enough, {"state": "queued", "created_at": since}),
        (("queued",), far_enough, {"state": "paused"}),
    ):
        session.execute(
            update(RunRow)
            .where(RunRow.id.in_(ids), RunRow.state.in_(state), condition)
            .values(**values),
            execution_options=_IN_SQL_ONLY,
        )


def _most(column: Callable[[AskerKind], InstrumentedAttribute[int]]) -> ScalarSelect[int]:
    """The most that any open asker of a run has in a column."""
    asked = union_all(
        *(
            select(column(kind).label("asked"))
            .select_from(kind.link)
            .join(kind.row, kind.row.id == kind.key)
            .where(kind.link.run_id == RunRow.id, kind.row.state.in_(OPEN))
            .correlate(RunRow)
            for kind in ASKERS
        )
    ).subquery()
    return select(func.max(asked.c.asked)).scalar_subquery()
