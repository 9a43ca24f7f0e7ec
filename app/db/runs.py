"""Runs: claimed in one statement, held by a lease, written only by the attempt that holds them.

All times are the database's. Claiming also reaps: a worker that looks for work finds the runs that
a dead worker left. The order of locks is that of :mod:`app.db.askers`.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import (
    CTE,
    Boolean,
    ColumnElement,
    Float,
    Integer,
    and_,
    bindparam,
    case,
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

from app.db.askers import mark_reached, mark_running, mark_stale
from app.db.errors import LostLeaseError
from app.db.models import (
    AttemptRow,
    EpochRow,
    LateWriteRow,
    ResultRow,
    RunRow,
)
from app.db.statements import add, upsert
from app.db.types import database_time
from app.experiments.failures import Failure

logger = logging.getLogger(__name__)

MAX_LOST = 3
"""A run that has lost this many leases is given up: it probably kills its workers."""
SILENT = "its worker stopped answering"
GIVEN_BACK = "its worker gave it back"

_IN_SQL_ONLY = {"synchronize_session": False}
_ONE: ColumnElement[int] = literal_column("1")
"""Not a parameter: PostgreSQL would plan for any number, and plan the statement each time."""
_ONCE = "MATERIALIZED"
"""The database computes a common table once; a second time, it could lock other rows."""


def has_state(row: Any, state: Literal["queued", "running"]) -> ColumnElement[bool]:
    """Whether a row is in a state, which stands in the SQL as text, not as a parameter.

    With a parameter, neither database would know that it can use the partial index on that state.
    """
    is_there: ColumnElement[bool] = row.state == literal_column(f"'{state}'")
    return is_there


IS_OVERDUE = and_(
    has_state(RunRow, "running"),
    RunRow.lease_expires_at < select(database_time()).scalar_subquery(),  # once, so an index serves
)
"""Whether a run's worker has failed to prolong the lease in time."""


@dataclass(frozen=True)
class Claim:
    """A run that a worker holds; ``attempt`` is the fencing token.

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
    starts_from: str | None


def claim(session: Session, worker: str, lease: float, most: int = 8) -> list[Claim]:
    """Take the most urgent queued run, and the runs of its stack, for ``lease`` seconds.

    Ties go to the oldest run. Returns up to ``most`` runs of one stack with the same target epoch,
    in the order of their seeds; each is an attempt of its own. Empty if nothing is queued.
    """
    claimed = claim_stacks(session, worker, lease, 1, most)
    return claimed[0] if claimed else []


def claim_stacks(
    session: Session, worker: str, lease: float, stacks: int, most: int = 8
) -> list[list[Claim]]:
    """Take up to ``stacks`` stacks, one after the other, each as :func:`claim` does."""
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
        mark_running(session, waited_for)
    return claimed


def _claiming() -> ReturningUpdate[Any]:
    """The statement that takes a stack, unless runs with an expired lease must be reaped first.

    Reaped runs are queued again, and go first if they are older.
    """
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
    """The most urgent queued run, locked, if the conditions hold.

    Only the first run of each stack, its leader, can be taken here. While one worker takes a stack,
    other workers skip its locked leader, so they do not split the stack.
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
    # IS NOT TRUE is tested run by run, along the queue's index. With NOT EXISTS or IS NULL,
    # PostgreSQL tests the whole queue first, above all if it has no statistics.
    is_first = is_behind.is_not(true())
    # The attempt is not used, but no index holds it: without it, SQLite would read the stacks'
    # index, which holds all other columns needed, and sort the whole queue.
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
    """The leader and the runs that are trained at once with it, locked."""
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
    """The sort key of the queue: the run with the least key is next."""
    return (run.nice, run.created_at, run.position, run.id)


_JOB_WAITS: ColumnElement[int | None] = literal_column(
    "(SELECT 1 FROM job_runs JOIN jobs ON jobs.id = job_runs.job_id"
    " WHERE job_runs.run_id = runs.id AND jobs.state = 'queued' LIMIT 1)"
)
"""Whether a queued job needs a run that is claimed.

A job that is created while the statement runs may be missed. It then stays queued until another of
its runs is claimed, like a job whose runs are all in training already. The expression is text,
since SQLAlchemy leaves table names out of SQLite's RETURNING clauses. The limit keeps PostgreSQL
from listing the runs of all queued jobs first.
"""
_CLAIM = _claiming()
"""The statement is built once, since building it takes longer than executing it."""


def _reap(session: Session) -> None:
    """Queue the runs of dead workers again, and give up runs that were lost too often."""
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
    mark_stale(session, reaped)


def _trace(session: Session, ids: Sequence[str], reason: str) -> None:
    """Record that the last attempt at these runs came to nothing, and why."""
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
    """New values of a lost run: it is queued again, or failed if it was lost too often.

    Its last attempt is made in a stack of its own: a run that kills its process must not end the
    last attempts of other runs, too.
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
    """Prolong leases, and store the epochs measured since the last beat, by run id.

    Nothing is written for a run that was cancelled or lost. Returns the runs that are still held.
    Epochs of an earlier attempt may be reported again, in case that attempt could not report them;
    epochs that it has stored stay that attempt's.
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
    going_on = {
        claim.id: measured[claim.id]
        for claim in kept
        if claim.id in measured and max(measured[claim.id]) < claim.target_epochs
    }
    mark_reached(session, going_on)
    return kept


def _at_least(measured: Mapping[str, Sequence[int]]) -> ColumnElement[int]:
    """The new ``epochs_done`` of each run; it never falls, even if an attempt begins anew."""
    newest = {id_: max(epochs) for id_, epochs in measured.items()}
    higher = [
        (and_(RunRow.id == id_, RunRow.epochs_done < epoch), epoch) for id_, epoch in newest.items()
    ]
    return case(*higher, else_=RunRow.epochs_done)


def finish(session: Session, held: Claim, result: Mapping[str, Any]) -> None:
    """Record a result and the end of the run in one transaction.

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
    """Pause a run that has reached its target, or queue it again if the target was raised.

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

    Runs that are no longer held are left alone. Returns the others.
    """
    lost = _fenced(session, held, **_lost(reason, failure))
    ids = [claim.id for claim in lost]
    _trace(session, ids, reason)
    mark_stale(session, ids)
    return lost


def release(session: Session, held: Sequence[Claim]) -> list[Claim]:
    """Give runs back, so that others can take them at once; this does not count as a loss.

    Runs that are no longer held are left alone. Returns the others.
    """
    returned = _fenced(session, held, state="queued", lease_expires_at=None)
    _trace(session, [claim.id for claim in returned], GIVEN_BACK)
    return returned


def _end(session: Session, held: Claim, **values: Any) -> None:
    if not _fenced(session, [held], lease_expires_at=None, **values):
        raise LostLeaseError(f"run {held.id} is no longer held by attempt {held.attempt}")
    mark_stale(session, [held.id])


def hold(session: Session, held: Sequence[Claim]) -> list[Claim]:
    """Lock the runs that several writes of this transaction are about. Returns those still held.

    Call this before the first of these writes: if runs were locked one by one, with askers in
    between, two transactions could wait for each other.
    """
    found = set(session.scalars(select(_still_held(held))))
    return [claim for claim in held if claim.id in found]


def _fenced(session: Session, held: Sequence[Claim], **values: Any) -> list[Claim]:
    """Write to the runs that these attempts still hold, and count refusals. Returns the written."""
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
    """Ids of runs, locked in the order of their ids."""
    return (
        select(RunRow.id)
        .where(*conditions)
        .order_by(RunRow.id)
        .with_for_update()
        .cte("locked")
        .prefix_with(_ONCE)
    )
