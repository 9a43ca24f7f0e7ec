"""Workers: which are alive, which are silent, and what they do."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Final, Literal, TypeAlias

from app.db import named_networks, workers
from app.db.engine import Database, Session
from app.db.runs import GIVEN_BACK, SILENT
from app.db.workers import Asked, Ended, HeldRun, LostAttempt

WorkerState: TypeAlias = Literal["alive", "silent", "idle"]
RECENT_SECONDS: Final = 24 * 3600.0
"""Workers that were not seen for longer are left out."""
MOST_LOST: Final = 1_000
"""Attempts that came to nothing are looked at up to this number."""
ORDER: Final[tuple[WorkerState, ...]] = ("silent", "alive", "idle")
"""What needs attention comes first."""


@dataclass(frozen=True)
class Training:
    """Runs of one network that a worker trains together.

    Attributes
    ----------
    name
        The network's; ``None`` if it has none.
    epochs_done, target_epochs
        Of the run that is least far.
    seconds
        Since the attempt was begun.
    asked
        The jobs and studies that want these runs.
    """

    architecture_id: str
    name: str | None
    dataset: str
    resolution: int
    seeds: Sequence[int]
    epochs_done: int
    target_epochs: int
    seconds: float
    asked: Sequence[Asked]


@dataclass(frozen=True)
class Worker:
    """A worker that was seen lately.

    It is alive while it prolongs its leases in time. It is silent from the moment at which a lease
    is over, until it is heard of again. It is idle if it holds nothing: it waits for work, or has
    gone in good order.

    Attributes
    ----------
    seen
        Seconds since its lease ended, if it is silent, or since its last run ended, if it is idle;
        ``None`` while it is alive.
    ended, lost
        How many runs it brought to an end lately, and how many attempts at runs it lost.
    """

    name: str
    state: WorkerState
    trainings: Sequence[Training]
    seen: float | None
    ended: int
    lost: int


@dataclass(frozen=True)
class Workers:
    """All workers that were seen lately, and the last attempts that came to nothing."""

    workers: Sequence[Worker]
    lost: Sequence[LostAttempt]


@dataclass(frozen=True)
class _Known:
    """What the database knows of workers, and the time at which it knew that."""

    now: datetime
    held: Mapping[str, Sequence[HeldRun]]
    ended: Mapping[str, Ended]
    lost: Mapping[str, Sequence[LostAttempt]]
    names: Mapping[str, str | None]
    asked: Mapping[str, Sequence[Asked]]

    @classmethod
    def by(cls, session: Session, lost: Iterable[LostAttempt]) -> "_Known":
        held = workers.held(session)
        of_workers: dict[str, list[LostAttempt]] = {}
        for attempt in lost:
            of_workers.setdefault(attempt.worker, []).append(attempt)
        return cls(
            now=workers.now(session),
            held={name: [*runs] for name, runs in groupby(held, attrgetter("worker"))},
            ended={row.worker: row for row in workers.ended(session, RECENT_SECONDS)},
            lost=of_workers,
            names=named_networks.names(session, {run.architecture_id for run in held}),
            asked=workers.asked(session, [run.run_id for run in held]),
        )

    def workers(self) -> Iterator[Worker]:
        """Yield every worker once."""
        for name in sorted({*self.held, *self.ended, *self.lost}):
            state, since = self._state(name)
            yield Worker(
                name=name,
                state=state,
                trainings=[*self._trainings(self.held.get(name, ()))],
                seen=None if since is None else self._seconds(since),
                ended=self.ended[name].runs if name in self.ended else 0,
                lost=sum(it.reason != GIVEN_BACK for it in self.lost.get(name, ())),
            )

    def _state(self, name: str) -> tuple[WorkerState, datetime | None]:
        """The state of a worker, and the time of the last sign of it if it is not alive."""
        if runs := self.held.get(name):
            until = max(run.lease_expires_at for run in runs)
            return ("alive", None) if until >= self.now else ("silent", until)
        last = next(iter(self.lost.get(name, ())), None)
        ended = self.ended.get(name)
        if last is None or (ended and ended.last_at > last.ended_at):
            return "idle", None if ended is None else ended.last_at
        return "silent" if last.reason == SILENT else "idle", last.ended_at

    def _trainings(self, runs: Sequence[HeldRun]) -> Iterator[Training]:
        """Yield what a worker trains: the runs of each stack are trained together."""
        for _, group in groupby(runs, attrgetter("stack")):
            together = [*group]
            first = min(together, key=attrgetter("epochs_done"))
            askers = [asker for run in together for asker in self.asked.get(run.run_id, ())]
            yield Training(
                architecture_id=first.architecture_id,
                name=self.names.get(first.architecture_id),
                dataset=first.dataset,
                resolution=first.resolution,
                seeds=[run.seed for run in together],
                epochs_done=first.epochs_done,
                target_epochs=first.target_epochs,
                seconds=self._seconds(first.started_at),
                asked=[*dict.fromkeys(askers)],
            )

    def _seconds(self, since: datetime) -> float:
        return max(timedelta(0), self.now - since).total_seconds()


def recent(database: Database) -> Workers:
    """All workers that were seen lately, those that need attention first."""
    with database.read() as session:
        lost = workers.lost(session, RECENT_SECONDS, MOST_LOST)
        known = _Known.by(session, lost)
    found = sorted(known.workers(), key=lambda it: (ORDER.index(it.state), it.seen or 0.0))
    return Workers(found, lost)
