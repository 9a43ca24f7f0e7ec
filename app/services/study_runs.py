"""The runs of a study, a page at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from app.db import outlines, studies
from app.db.askers import STUDIES
from app.db.engine import Database
from app.db.outlines import LostAttempt
from app.db.studies import StudyResult
from app.services.study_arms import Arm, arms_of, by_run
from app.states import RunState

MOST: Final = 200
"""Runs of one page."""


class StudyRun(NamedTuple):
    """A run, what it is for, and the attempts at it that came to nothing, the first one first."""

    result: StudyResult
    arms: Sequence[Arm]
    lost: Sequence[LostAttempt]


@dataclass(frozen=True)
class StudyRuns:
    """Some runs of a study, in its order.

    Attributes
    ----------
    states
        How many of all its runs are in each state, the most frequent first.
    next
        The position after which the next page begins; ``None`` on the last one.
    """

    items: Sequence[StudyRun]
    states: Mapping[str, int]
    next: int | None


def page(database: Database, id_: str, state: RunState | None, after: int | None) -> StudyRuns:
    """The runs of a study after a position, of one state if it is given.

    Raises
    ------
    app.db.errors.NotFoundError
        There is no such study.
    """
    with database.read() as session:
        study = studies.get(session, id_)
        if study.plan is None:
            return StudyRuns((), {}, None)
        arms = by_run(arms_of(study.request, study.plan))
        rows, following = studies.results(session, id_, after, MOST, state)
        lost = outlines.lost_attempts(session, STUDIES, id_)
        states = studies.states(session, id_)
    items = [
        StudyRun(row, arms[row.architecture_id, row.detail, row.seed], lost.get(row.run_id, ()))
        for row in rows
    ]
    return StudyRuns(items, states, following)
