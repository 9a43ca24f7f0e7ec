"""Studies as a server stores them: some that wait to be planned, some whose runs are queued."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.db import architectures, studies
from app.db.engine import Database
from app.db.models import StudyRow
from app.db.needs import Need
from app.experiments.recipes import Recipe
from app.schemas.study_plans import DrawnNetwork, StudyPlan
from app.schemas.study_terms import StudyTerms
from tests.factories import needs, original

LEASE = 60.0


def terms(**changes: Any) -> StudyTerms:
    """A study of one network that is trained for itself."""
    usual: dict[str, Any] = {
        "dataset": "digits",
        "dataset_version": "1",
        "resolutions": [6],
        "approaches": [],
        "architecture": original(),
        "primary": None,
        "seeds": 2,
        "recipe": Recipe(epochs=2),
    }
    return StudyTerms(**{**usual, **changes})


def waiting_study(database: Database, priority: int = 0, **changes: Any) -> StudyRow:
    """A study that waits for a server to plan it."""

    def make(session: Session) -> StudyRow:
        architectures.add(session, original())
        return studies.create(session, terms(**changes), "hash", priority)

    return database.transact(make)


def claimed_study(database: Database, **changes: Any) -> StudyRow:
    """A study that a server has begun to plan."""
    waiting_study(database, **changes)
    with database.write() as session:
        claimed = studies.claim(session, LEASE)
    assert claimed is not None
    return claimed


def plan(session: Session, study: StudyRow, wanted: Sequence[Need]) -> None:
    """Store the plan of a study that trains one network, and queue its runs."""
    network = DrawnNetwork(
        member=0, architecture_id=original().id, resolution=original().resolution
    )
    drawn = StudyPlan(networks=(network,))
    studies.plan(session, study.id, study.attempt, drawn, wanted, ["a note"])


def planned_study(
    database: Database, wanted: Sequence[Need] | None = None, **changes: Any
) -> StudyRow:
    """A study whose runs are queued: of one network with two seeds, unless others are wanted."""
    study = claimed_study(database, **changes)
    with database.write() as session:
        plan(session, study, needs(original()) if wanted is None else wanted)
    return study_of(database, study.id)


def study_of(database: Database, id_: str) -> StudyRow:
    with database.read() as session:
        return studies.get(session, id_)
