"""How far jobs and studies are: their runs, counted by state."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.db.askers import AskerKind
from app.db.models import ResultRow, RunRow
from app.db.runs import has_state
from app.states import FINAL

ENOUGH: Final = 200
"""A mean time is taken of at most this many results, so that it is fast where there are many."""


@dataclass(frozen=True)
class Group:
    """Runs of a job or a study with the same state and kind of failure."""

    state: str
    failure: str | None
    runs: int
    reused: int
    done: int
    """Runs that have ended or are cut off."""
    epochs_left: int
    """Epochs of the other runs that are wanted by now, and not measured yet."""


@dataclass(frozen=True)
class Progress:
    """How far a job or a study is.

    ``mean_seconds`` is the mean time of some of its own runs; a run's time is its share of its
    stack's time. ``at_once`` is the number of its stacks in training now: one in each worker, or
    many in one cluster.
    """

    groups: Sequence[Group]
    mean_seconds: float | None
    at_once: int

    @property
    def total(self) -> int:
        """The number of its runs."""
        return sum(group.runs for group in self.groups)

    @property
    def done(self) -> int:
        """The number of runs that it no longer waits for."""
        return sum(group.done for group in self.groups)

    @property
    def reused(self) -> int:
        """The number of runs that somebody had asked for already."""
        return sum(group.reused for group in self.groups)

    @property
    def epochs_left(self) -> int:
        """The number of epochs that are wanted by now, and not measured yet."""
        return sum(group.epochs_left for group in self.groups)

    @property
    def failures(self) -> Mapping[str, int]:
        """How many runs failed, by the kind of failure."""
        found: Counter[str] = Counter()
        for group in self.groups:
            if group.failure:
                found[group.failure] += group.runs
        return found

    def number(self, state: str) -> int:
        """How many runs are in a state."""
        return sum(group.runs for group in self.groups if group.state == state)


def progress(session: Session, kind: AskerKind, id_: str, epochs: int) -> Progress:
    """Count the runs of a job or a study; those not wanted as far as ``epochs`` are cut off."""
    mine, link = kind.key == id_, kind.link
    is_done = or_(RunRow.state.in_(FINAL), link.target_epochs < epochs)
    missing = link.target_epochs - RunRow.epochs_done
    counted = session.execute(
        select(
            RunRow.state,
            RunRow.failure,
            func.count(),
            func.count().filter(link.reused),
            func.count().filter(is_done),
            func.coalesce(func.sum(missing).filter(~is_done, missing > 0), 0),
        )
        .join(link, link.run_id == RunRow.id)
        .where(mine)
        .group_by(RunRow.state, RunRow.failure)
    )
    groups = [Group(*row) for row in counted]
    return Progress(groups, _mean_seconds(session, kind, id_), _at_once(session, kind, id_))


def _mean_seconds(session: Session, kind: AskerKind, id_: str) -> float | None:
    some = (
        select(ResultRow.seconds)
        .join(kind.link, kind.link.run_id == ResultRow.run_id)
        .where(kind.key == id_, kind.link.reused.is_(False))
        .limit(ENOUGH)
        .subquery()
    )
    seconds = session.scalar(select(func.avg(some.c.seconds)))
    return None if seconds is None else float(seconds)


def _at_once(session: Session, kind: AskerKind, id_: str) -> int:
    stacks = (
        select(func.count(func.distinct(RunRow.worker + " " + RunRow.stack)))
        .join(kind.link, kind.link.run_id == RunRow.id)
        .where(kind.key == id_, has_state(RunRow, "running"))
    )
    return session.scalar(stacks) or 0


def attempts(session: Session, kind: AskerKind, id_: str) -> tuple[int, int]:
    """How many runs of a job or a study have ended, and the number of attempts at all of them.

    Whenever a run of one that has ended changes, since another asks for it, one of them does.
    """
    ended, made = session.execute(
        select(func.count().filter(RunRow.state.in_(FINAL)), func.sum(RunRow.attempt))
        .join(kind.link, kind.link.run_id == RunRow.id)
        .where(kind.key == id_)
    ).one()
    return ended, int(made or 0)


def shared_runs(now: Progress) -> str | None:
    """Say how many runs others had asked for before; ``None`` if they had for none."""
    if not now.reused:
        return None
    return f"{now.reused} of {now.total} runs are shared with earlier jobs and studies"


def failed_runs(now: Progress) -> str | None:
    """Say how many runs failed, by kind of failure; ``None`` if none did."""
    kinds = {kind.replace("_", " "): number for kind, number in now.failures.items()}
    if not kinds:
        return None
    number = sum(kinds.values())
    if len(kinds) == 1:
        return f"{number} of {now.total} runs failed ({next(iter(kinds))})"
    listed = ", ".join(f"{many} {kind}" for kind, many in sorted(kinds.items()))
    return f"{number} of {now.total} runs failed ({listed})"
