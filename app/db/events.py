"""The news of a job's runs since a reader's last look.

The reader's place is a :class:`Cursor`: for each run, the number of epochs that the reader knows,
and whether it knows that the run has ended. There is no clock and no sequence: the reader misses
nothing and hears nothing twice, even if transactions end in another order than they began.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.db.jobs import rows_of
from app.db.models import EpochRow, JobRow, JobRunRow, ResultRow, RunRow
from app.states import FINAL

MOST = 500
"""The largest number of runs in one look; more may follow."""

FOREIGN: Final = "this is not the id of one of these events; leave it out to begin anew"
WHOLE: Final = re.compile(r"([0-9]{1,18})\.([0-9]{1,9})\.([0-9:_e-]*)(!?)(?:~([1-9][0-9]{0,5}))?")
STRETCH: Final = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?:([0-9]{1,9})(e?)")


class PlaceError(ValueError):
    """The id of an event that no event of a stream can have had."""


@dataclass
class Cursor:
    """A reader's place in a job.

    Attributes
    ----------
    number
        The number of events that the reader has had.
    below
        Runs at positions below this one have ended, and the reader knows all of them.
    known
        The other runs that the reader knows: their epochs, and whether they have ended.
    is_over
        Whether the reader knows that the job has ended.
    retries
        How often the job had been retried when the reader looked last.
    """

    number: int = 0
    below: int = 0
    known: dict[int, tuple[int, bool]] = field(default_factory=dict)
    is_over: bool = False
    retries: int = 0

    def __str__(self) -> str:
        """The text that a client sends back, ``NUMBER.BELOW.RUNS``; equal neighbours are merged."""
        runs = "_".join(
            f"{first}{f'-{last}' if last > first else ''}:{epochs}{'e' * ended}"
            for first, last, (epochs, ended) in self._stretches()
        )
        retried = f"~{self.retries}" if self.retries else ""
        return f"{self.number}.{self.below}.{runs}{'!' * self.is_over}{retried}"

    def _stretches(self) -> Iterator[tuple[int, int, tuple[int, bool]]]:
        first: int | None = None
        last = -1
        for position in sorted(self.known):
            if first is None:
                first = position
            elif position > last + 1 or self.known[position] != self.known[first]:
                yield first, last, self.known[first]
                first = position
            last = position
        if first is not None:
            yield first, last, self.known[first]

    @classmethod
    def parse(cls, text: str, most_runs: int) -> "Cursor":
        """Read the text of a cursor of a job with at most ``most_runs`` runs.

        Stretches must follow one another, so that their runs are at most ``most_runs`` together.

        Raises
        ------
        PlaceError
            The text was not made by :meth:`__str__`.
        """
        whole = WHOLE.fullmatch(text)
        if whole is None or int(whole[2]) > most_runs:
            raise PlaceError(FOREIGN)
        number, below, runs, over, retries = whole.groups()
        cursor = cls(int(number), int(below), {}, bool(over), int(retries or 0))
        behind = cursor.below
        for part in runs.split("_") if runs else ():
            stretch = STRETCH.fullmatch(part)
            if stretch is None:
                raise PlaceError(FOREIGN)
            first, last = int(stretch[1]), int(stretch[2] or stretch[1])
            if not behind <= first <= last < most_runs:
                raise PlaceError(FOREIGN)
            behind = last + 1
            known = int(stretch[3]), bool(stretch[4])
            cursor.known.update(dict.fromkeys(range(first, behind), known))
        if str(cursor) != text:
            raise PlaceError(FOREIGN)
        return cursor

    def of(self, position: int) -> tuple[int, bool]:
        """How many epochs of a run are known, and whether it has ended."""
        return self.known.get(position, (0, False))

    def forget_ends(self, epochs: Mapping[int, int]) -> None:
        """Go on with runs at these positions, which were queued again.

        ``epochs`` holds how many epochs of each were known if its end was.
        """
        first = min(epochs, default=self.below)
        for position in range(first, self.below):
            self.known[position] = epochs.get(position, 0), True
        self.below = min(self.below, first)
        for position in epochs:
            if position in self.known:
                self.known[position] = self.known[position][0], False
        self.is_over = False

    def tell(self, position: int, epochs: int, *, ended: bool) -> None:
        """Remember what the reader knows of a run now."""
        self.known[position] = epochs, ended
        while self.known.get(self.below, (0, False))[1]:
            del self.known[self.below]
            self.below += 1


@dataclass(frozen=True)
class News:
    """A run of a job with news for the reader: its new epochs, and its end."""

    link: JobRunRow
    run: RunRow
    result: ResultRow | None
    epochs: Sequence[EpochRow]


def follow_retries(session: Session, job: JobRow, cursor: Cursor) -> None:
    """Have a reader go on with the runs that were queued again since its last look."""
    if cursor.retries == job.retries:
        return
    again = select(JobRunRow.position, JobRunRow.retry, JobRunRow.epochs_before).where(
        JobRunRow.job_id == job.id, JobRunRow.retry > cursor.retries
    )
    cursor.forget_ends(
        {
            position: epochs if retry == cursor.retries + 1 else 0
            for position, retry, epochs in session.execute(again)
        }
    )
    cursor.retries = job.retries


def news(session: Session, job_id: str, cursor: Cursor) -> list[News]:
    """The runs with news for a reader, by position; empty if the reader knows everything.

    The query skips runs that nobody has begun, and runs below the cursor, which the reader knows.
    """
    begun = (
        select(JobRunRow.position, RunRow.id, RunRow.epochs_done, RunRow.state)
        .join(RunRow, RunRow.id == JobRunRow.run_id)
        .where(
            JobRunRow.job_id == job_id,
            JobRunRow.position >= cursor.below,
            or_(RunRow.epochs_done > 0, RunRow.state.in_(FINAL)),
        )
        .order_by(JobRunRow.position)
    )
    changed: dict[str, int] = {}
    for position, id_, epochs, state in session.execute(begun):
        known, ended = cursor.of(position)
        if not ended and (epochs > known or state in FINAL):
            changed[id_] = known
            if len(changed) == MOST:
                break
    return _loaded(session, job_id, changed) if changed else []


def _loaded(session: Session, job_id: str, known: dict[str, int]) -> list[News]:
    """Load runs, each with its epochs after the known ones."""
    rows = session.execute(rows_of(job_id).where(RunRow.id.in_(known))).all()
    by_known: dict[int, list[str]] = {}
    for id_, number in known.items():
        by_known.setdefault(number, []).append(id_)
    beyond = or_(
        *(
            and_(EpochRow.run_id.in_(ids), EpochRow.epoch > number)
            for number, ids in by_known.items()
        )
    )
    epochs: dict[str, list[EpochRow]] = {}
    for epoch in session.scalars(select(EpochRow).where(beyond).order_by(EpochRow.epoch)):
        epochs.setdefault(epoch.run_id, []).append(epoch)
    return [News(link, run, result, epochs.get(run.id, [])) for link, run, result in rows]
