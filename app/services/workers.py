"""Workers: which are busy, idle, silent or stopped, and what they do."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter

from app.db import named_networks, register, workers
from app.db.engine import Database, Session
from app.db.models import WorkerRow
from app.db.register import RECENT_SECONDS
from app.db.workers import Asked, HeldRun, LostAttempt
from app.schemas.workers import AskerView, TrainingView, WorkerPage, WorkerState, WorkerView


@dataclass(frozen=True)
class _Known:
    """What the database knows of some workers, and the time at which it knew that."""

    now: datetime
    held: Mapping[str, Sequence[HeldRun]]
    ended: Mapping[str, int]
    lost: Mapping[str, int]
    names: Mapping[str, str | None]
    asked: Mapping[str, Sequence[Asked]]

    @classmethod
    def of(cls, session: Session, names: Sequence[str]) -> "_Known":
        held = workers.held(session, names)
        return cls(
            now=workers.now(session),
            held={name: [*runs] for name, runs in groupby(held, attrgetter("worker"))},
            ended=workers.ended_by(session, names, RECENT_SECONDS),
            lost=workers.lost_by(session, names, RECENT_SECONDS),
            names=named_networks.names(session, {run.architecture_id for run in held}),
            asked=workers.asked(session, [run.run_id for run in held]),
        )

    def view(self, row: WorkerRow) -> WorkerView:
        """A worker as users see it."""
        held = self.held.get(row.name, ())
        return WorkerView(
            name=row.name,
            state=self._state(row, is_busy=bool(held)),
            host=row.host,
            process_id=row.process_id,
            engine=row.engine,
            device=row.device,
            versions=row.versions,
            started_at=row.started_at,
            seen_at=row.seen_at,
            stopped_at=row.stopped_at,
            seen_seconds=self._seconds(row.seen_at),
            trainings=[*self._trainings(held)],
            runs_ended=self.ended.get(row.name, 0),
            attempts_lost=self.lost.get(row.name, 0),
        )

    def _state(self, row: WorkerRow, *, is_busy: bool) -> WorkerState:
        if row.stopped_at is not None:
            return "stopped"
        if row.silent_at < self.now:
            return "silent"
        return "busy" if is_busy else "idle"

    def _trainings(self, runs: Sequence[HeldRun]) -> Iterator[TrainingView]:
        """Yield what a worker trains: the runs of each stack are trained together."""
        for _, group in groupby(runs, attrgetter("stack")):
            together = [*group]
            first = min(together, key=attrgetter("epochs_done"))
            askers = [asker for run in together for asker in self.asked.get(run.run_id, ())]
            yield TrainingView(
                architecture_id=first.architecture_id,
                name=self.names.get(first.architecture_id),
                dataset=first.dataset,
                resolution=first.resolution,
                seeds=[run.seed for run in together],
                epochs_done=first.epochs_done,
                target_epochs=first.target_epochs,
                seconds=self._seconds(first.started_at),
                asked=[AskerView(kind=it.kind, id=it.id) for it in dict.fromkeys(askers)],
            )

    def _seconds(self, since: datetime) -> float:
        return max(timedelta(0), self.now - since).total_seconds()


def newest(database: Database, cursor: str | None, limit: int) -> WorkerPage:
    """A page of the workers that were heard of lately, the last one that began first.

    Raises
    ------
    app.db.paging.CursorError
        The cursor is not one of this list's.
    """
    with database.read() as session:
        rows, following = register.newest(session, cursor, limit)
        known = _Known.of(session, [row.name for row in rows])
        return WorkerPage(items=[known.view(row) for row in rows], next=following)


def lost(database: Database, most: int) -> Sequence[LostAttempt]:
    """Up to ``most`` attempts of the last day that came to nothing, the last one first."""
    with database.read() as session:
        return workers.lost(session, RECENT_SECONDS, most)
