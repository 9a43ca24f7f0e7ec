"""Runs: claimed in one statement, held by a lease, written only by the attempt that holds them.

All times are the database's. A run is reaped as part of claiming: whoever looks for work also
finds what a dead worker left. Whoever waits for rows locks runs before jobs, and both in the order
of their ids: otherwise two transactions could wait for each other.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import (
    CTE,
    Boolean,
    ColumnElement,
    Float,
    Integer,
    ScalarSelect,
    and_,
    bindparam,
    case,
    func,
    insert,
    literal,
    literal_column,
    or_,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.dml import ReturningUpdate

from app.db.errors import LostLeaseError
from app.db.models import (
    AttemptRow,
    EpochRow,
    JobRow,
    JobRunRow,
    LateWriteRow,
    ResultRow,
    RunRow,
)
from app.db.statements import add, upsert
from app.db.types import database_time
from app.experiments.failures import Failure
from app.states import OPEN

logger = logging.getLogger(__name__)

MAX_LOST = 3
"""Leases that a run may lose before it is given up: it probably kills its workers."""
SILENT = "its worker stopped answering"
GIVEN_BACK = "its worker gave it back"

_IN_SQL_ONLY = {"synchronize_session": False}
_ENDED_NOW = {"finished_at": database_time(), "lease_expires_at": None}
_ONE: ColumnElement[int] = literal_column("1")
"""Not a parameter: PostgreSQL would expect any number, and plan the statement anew each time."""
_ONCE = "MATERIALIZED"
"""A common table that is worked out once; worked out again, it could lock other rows."""


def has_state(row: Any, state: Literal["queued", "running"]) -> ColumnElement[bool]:
    """Whether a row is in a state, which is written out, not bound to a parameter.

    Otherwise neither database would know that the partial index on that state serves.
    """
    is_there: ColumnElement[bool] = row.state == literal_column(f"'{state}'")
    return is_there


IS_OVERDUE = and_(
    has_state(RunRow, "running"),
    RunRow.lease_expires_at < select(database_time()).scalar_subquery(),  # asked once: by the index
)
"""A run whose worker has not prolonged the lease in time."""


@dataclass(frozen=True)
class Claim:
    """A run in a worker's hands; ``attempt`` is the fencing token.

    It is trained until ``target_epochs`` epochs are measured, which may be fewer than the recipe's.
    """

    id: str
    attempt: int
    architecture_id: str
    dataset: str
    dataset_version: str
    resolution: int
    recipe: Mapping[str, Any]
    seed: int
    target_epochs: int
    detail: int | None
    training_images: int | None


def claim(session: Session, worker: str, lease: float, most: int = 8) -> list[Claim]:
    """Take the most urgent queued run, and what is trained at once with it, for ``lease`` seconds.

    Of runs that are as urgent it is the oldest. These are at most ``most`` runs of one stack that
    are wanted equally far, in the order of their seeds; each is an attempt of its own. There are
    none where nothing is queued.
    """
    claimed = claim_stacks(session, worker, lease, 1, most)
    return claimed[0] if claimed else []


def claim_stacks(
    session: Session, worker: str, lease: float, stacks: int, most: int = 8
) -> list[list[Claim]]:
    """Take up to so many stacks, one after the other, each as :func:`claim` does."""
    asked = {"by": worker, "seconds": lease, "most": most}
    connection = session.connection()
    is_reaped = False
    claimed: list[list[Claim]] = []
    waited_for: list[str] = []
    while len(claimed) < stacks:
        rows = connection.execute(_CLAIM, {**asked, "is_reaped": is_reaped}).all()
        if rows:
            stack = [Claim(*columns) for *columns, _ in rows]
            claimed.append(sorted(stack, key=lambda claim: claim.seed))
            waited_for += [id_ for id_, *_, has_waiting_job in rows if has_waiting_job]
        elif is_reaped:
            break
        else:
            _reap(session)
            is_reaped = True
    if waited_for:
        waiting = and_(JobRow.state == "queued", _needs_any(waited_for))
        _update_jobs(session, waiting, state="running")
    return claimed


def _claiming() -> ReturningUpdate[Any]:
    """Take a stack, unless leases are over and not reaped: what they held goes first, if older."""
    overdue = select(RunRow.id).where(IS_OVERDUE)
    leader = _leader(or_(bindparam("is_reaped", type_=Boolean), ~overdue.exists()))
    taken = _stack_of(leader)
    return (
        update(RunRow)
        .where(RunRow.id == taken.c.id)
        .values(
            state="running",
            attempt=RunRow.attempt + 1,
            worker=bindparam("by"),
            lease_expires_at=database_time(bindparam("seconds", type_=Float)),
            started_at=database_time(),
        )
        .returning(*(getattr(RunRow, name) for name in Claim.__dataclass_fields__), _JOB_WAITS)
    )


def _leader(*conditions: ColumnElement[bool]) -> CTE:
    """The most urgent queued run, locked, if conditions hold.

    Only the first of each stack, its leader, is looked for: while one worker takes a stack, another
    passes the locked leader by, and does not split what stands behind it.
    """
    other = aliased(RunRow)
    is_behind = (
        select(true())
        .where(
            has_state(other, "queued"),
            other.stack == RunRow.stack,
            other.target_epochs == RunRow.target_epochs,
            tuple_(*_turn(other)) < tuple_(*_turn(RunRow)),
        )
        .limit(_ONE)
        .scalar_subquery()
    )
    # Asked of one run after the other, along the queue's index. With NOT EXISTS or IS NULL,
    # PostgreSQL asks it of the whole queue first, above all where it has no statistics.
    is_first = is_behind.is_not(true())
    # The attempt is not used, but in no index: without it, SQLite reads the stacks' index, which
    # holds all that is needed, and sorts the whole queue.
    return (
        select(RunRow.stack, RunRow.target_epochs, RunRow.attempt)
        .where(has_state(RunRow, "queued"), is_first, *conditions)
        .order_by(*_turn(RunRow))
        .limit(_ONE)
        .with_for_update(skip_locked=True)  # SQLite: the transaction holds the write lock already
        .cte("leader")
        .prefix_with(_ONCE)
    )


def _stack_of(leader: CTE) -> CTE:
    """What is trained at once with the leader, and itself; locked."""
    return (
        select(RunRow.id)
        .where(
            has_state(RunRow, "queued"),
            RunRow.stack == select(leader.c.stack).scalar_subquery(),
            RunRow.target_epochs == select(leader.c.target_epochs).scalar_subquery(),
        )
        .order_by(*_turn(RunRow))
        .limit(bindparam("most", type_=Integer))
        .with_for_update(skip_locked=True)
        .cte("taken")
        .prefix_with(_ONCE)
    )


def _turn(run: Any) -> tuple[Any, ...]:
    """What queued runs are ordered by: who is least is next."""
    return (run.nice, run.created_at, run.position, run.id)


_JOB_WAITS: ColumnElement[int | None] = literal_column(
    "(SELECT 1 FROM job_runs JOIN jobs ON jobs.id = job_runs.job_id"
    " WHERE job_runs.run_id = runs.id AND jobs.state = 'queued' LIMIT 1)"
)
"""Whether a queued job needs a run that is claimed.

A job that comes while the statement runs may be missed: it stays queued until something of it is
claimed, as where all that it needs is in training already. It is text, since SQLAlchemy leaves the
tables' names out of what SQLite returns. The limit keeps PostgreSQL from listing the runs of all
queued jobs first.
"""
_CLAIM = _claiming()
"""Built once: to build it takes longer than to execute it."""


def _reap(session: Session) -> None:
    """Queue again what dead workers held; give up what was lost too often."""
    overdue = (
        select(RunRow.id)
        .where(IS_OVERDUE)
        .with_for_update(skip_locked=True)
        .cte("overdue")
        .prefix_with(_ONCE)
    )
    reaped = session.scalars(
        update(RunRow)
        .where(RunRow.id == overdue.c.id)
        .values(**_lost(SILENT))
        .returning(RunRow.id),
        execution_options=_IN_SQL_ONLY,
    ).all()
    _trace(session, reaped, SILENT)
    _mark_stale(session, reaped)


def _trace(session: Session, ids: Sequence[str], reason: str) -> None:
    """Keep what became of the last attempt at these runs, which came to nothing."""
    if not ids:
        return
    columns = ("run_id", "attempt", "worker", "started_at", "ended_at", "reason")
    ended = select(
        RunRow.id,
        RunRow.attempt,
        RunRow.worker,
        RunRow.started_at,
        database_time(),
        literal(reason),
    ).where(RunRow.id.in_(ids))
    session.execute(insert(AttemptRow).from_select(columns, ended))


def _lost(reason: str, failure: Failure = "lost") -> dict[str, Any]:
    """Queued again, or failed if it was lost too often.

    The last attempt is made alone: what kills its process must not take the rest of its stack along
    for the last time.
    """
    given_up, last_chance = RunRow.lost + 1 >= MAX_LOST, RunRow.lost + 2 >= MAX_LOST
    return {
        "lost": RunRow.lost + 1,
        "stack": case((last_chance, RunRow.id), else_=RunRow.stack),
        "state": case((given_up, "failed"), else_="queued"),
        "failure": case((given_up, failure), else_=None),
        "error": case((given_up, f"given up after {MAX_LOST} attempts: {reason}"), else_=None),
        "finished_at": case((given_up, database_time()), else_=None),
        "lease_expires_at": None,
    }


def beat(
    session: Session,
    held: Sequence[Claim],
    lease: float,
    epochs: Mapping[str, Sequence[Mapping[str, Any]]],
) -> list[Claim]:
    """Prolong leases, and keep the epochs measured since the last time, by the ids of their runs.

    Of a run that was cancelled or lost nothing is written. Those still held are given back: there
    are none where all were. What an earlier attempt measured may be told again, in case that
    attempt could not: it stays that attempt's.
    """
    measured = {id_: [row["epoch"] for row in rows] for id_, rows in epochs.items() if rows}
    values: dict[str, Any] = {"lease_expires_at": database_time(lease)}
    if measured:
        values["epochs_done"] = _at_least(measured)
    kept = _fenced(session, held, **values)
    rows = [
        {"run_id": claim.id, "attempt": claim.attempt, **epoch}
        for claim in kept
        for epoch in epochs.get(claim.id, ())
    ]
    upsert(session, EpochRow, rows, origin="attempt")
    _mark_reached(session, [claim for claim in kept if claim.id in measured], measured)
    return kept


def _at_least(measured: Mapping[str, Sequence[int]]) -> ColumnElement[int]:
    """Epochs done, by the ids of runs; an attempt that begins anew takes none back."""
    newest = {id_: max(epochs) for id_, epochs in measured.items()}
    higher = [
        (and_(RunRow.id == id_, RunRow.epochs_done < epoch), epoch) for id_, epoch in newest.items()
    ]
    return case(*higher, else_=RunRow.epochs_done)


def _mark_reached(
    session: Session, held: Sequence[Claim], measured: Mapping[str, Sequence[int]]
) -> None:
    """Tell jobs that want a run less far than it is trained now that it has come so far."""
    reached = [
        and_(JobRunRow.run_id == claim.id, JobRunRow.target_epochs.in_(measured[claim.id]))
        for claim in held
        if max(measured[claim.id]) < claim.target_epochs
    ]
    if reached:
        waiting = select(JobRunRow.job_id).where(or_(*reached))
        _update_jobs(session, JobRow.id.in_(waiting), stale=True)


def finish(session: Session, held: Claim, result: Mapping[str, Any]) -> None:
    """Record a result: it and the end of the run are one transaction.

    Raises
    ------
    LostLeaseError
        The run is no longer this attempt's; nothing was written.
    """
    _end(session, held, state="succeeded", error=None, finished_at=database_time())
    session.add(ResultRow(run_id=held.id, attempt=held.attempt, **result))


def fail(session: Session, held: Claim, failure: Failure, reason: str) -> None:
    """Record that a run failed: the kind of failure, and the reason in words.

    Raises
    ------
    LostLeaseError
        The run is no longer this attempt's; nothing was written.
    """
    _end(session, held, state="failed", failure=failure, error=reason, finished_at=database_time())


def pause(session: Session, held: Claim) -> None:
    """Put a run away that has reached its target; queue it again if it is wanted further by now.

    Raises
    ------
    LostLeaseError
        The run is no longer this attempt's; nothing was written.
    """
    is_wanted = RunRow.target_epochs > held.target_epochs
    _end(session, held, state=case((is_wanted, "queued"), else_="paused"))


def lose(
    session: Session, held: Sequence[Claim], reason: str, failure: Failure = "lost"
) -> list[Claim]:
    """Record that attempts came to nothing: the runs are tried again, but not for ever.

    Those that were no longer held are left alone; the others are given back.
    """
    lost = _fenced(session, held, **_lost(reason, failure))
    ids = [claim.id for claim in lost]
    _trace(session, ids, reason)
    _mark_stale(session, ids)
    return lost


def release(session: Session, held: Sequence[Claim]) -> list[Claim]:
    """Give runs back, for others to take at once; that does not count as lost.

    Those that were no longer held are left alone; the others are given back.
    """
    returned = _fenced(session, held, state="queued", lease_expires_at=None)
    _trace(session, [claim.id for claim in returned], GIVEN_BACK)
    return returned


def _end(session: Session, held: Claim, **values: Any) -> None:
    if not _fenced(session, [held], lease_expires_at=None, **values):
        raise LostLeaseError(f"run {held.id} is no longer held by attempt {held.attempt}")
    _mark_stale(session, [held.id])


def hold(session: Session, held: Sequence[Claim]) -> list[Claim]:
    """Lock runs that several writes of this transaction are about; those that are still held.

    To be called before the first of them: runs that were locked one after the other, with jobs in
    between, could wait for another transaction that waits for them.
    """
    found = set(session.scalars(select(_still_held(held))))
    return [claim for claim in held if claim.id in found]


def _fenced(session: Session, held: Sequence[Claim], **values: Any) -> list[Claim]:
    """Write to those runs that are still these attempts', and count refusals; which they were."""
    mine = _still_held(held)
    statement = update(RunRow).where(RunRow.id == mine.c.id).values(**values).returning(RunRow.id)
    written = set(session.scalars(statement, execution_options=_IN_SQL_ONLY))
    late = [claim for claim in held if claim.id not in written]
    for claim in late:
        logger.warning("run %s, attempt %d: a late write was refused", claim.id, claim.attempt)
    rows = [{"run_id": claim.id, "attempt": claim.attempt, "writes": 1} for claim in late]
    add(session, LateWriteRow, rows, "writes")
    return [claim for claim in held if claim.id in written]


def _still_held(held: Sequence[Claim]) -> CTE:
    tokens = [(claim.id, claim.attempt) for claim in held]
    return locked(
        RunRow.id.in_([claim.id for claim in held]),
        tuple_(RunRow.id, RunRow.attempt).in_(tokens),
        RunRow.state == "running",
    )


def locked(*conditions: ColumnElement[bool]) -> CTE:
    """Ids of runs, locked one after the other."""
    return (
        select(RunRow.id)
        .where(*conditions)
        .order_by(RunRow.id)
        .with_for_update()
        .cte("locked")
        .prefix_with(_ONCE)
    )


def _mark_stale(session: Session, run_ids: Sequence[str]) -> None:
    """The results of the jobs that need these runs are out of date."""
    if run_ids:
        _update_jobs(session, _needs_any(run_ids), stale=True)


def _needs_any(run_ids: Iterable[str]) -> ColumnElement[bool]:
    return JobRow.id.in_(select(JobRunRow.job_id).where(JobRunRow.run_id.in_(list(run_ids))))


def _update_jobs(session: Session, condition: ColumnElement[bool], **values: Any) -> None:
    in_order = (
        select(JobRow.id)
        .where(condition)
        .order_by(JobRow.id)
        .with_for_update()
        .cte("in_order")
        .prefix_with(_ONCE)
    )
    session.execute(
        update(JobRow).where(JobRow.id == in_order.c.id).values(**values),
        execution_options=_IN_SQL_ONLY,
    )


def want(session: Session, ids: Sequence[str], since: Any) -> None:
    """Have runs trained as far and as soon as any open job wants them, and no further.

    What is paused and wanted further is queued again, as old as ``since``; what has come far enough
    is paused; what nobody wants is cancelled. Runs that ended stay as they are, and so does what
    is paused and not wanted: it may be wanted again. The caller has locked the runs.
    """

    def most(column: Any) -> ScalarSelect[int]:
        return (
            select(func.max(column))
            .select_from(JobRunRow)
            .join(JobRow, JobRow.id == JobRunRow.job_id)
            .where(JobRunRow.run_id == RunRow.id, JobRow.state.in_(OPEN))
            .scalar_subquery()
        )

    furthest = most(JobRunRow.target_epochs)
    wanted = {"target_epochs": furthest, "nice": -most(JobRow.priority)}
    far_enough = and_(
        RunRow.epochs_done >= RunRow.target_epochs,
        RunRow.target_epochs < RunRow.recipe["epochs"].as_integer(),
    )
    for state, condition, values in (
        (OPEN, furthest.is_(None), {"state": "cancelled", **_ENDED_NOW}),
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
