"""What recorded studies and runs say about the size of studies to come."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db.models import ResultRow, RunRow
from app.db.models.studies import StudyRow
from app.schemas.study_results import StudyCell

MOST_STUDIES: Final = 20
"""The newest studies are looked at, since results are large."""
ENOUGH: Final = 200
"""A mean time is taken of at most this many runs."""


def cells(session: Session, dataset: str) -> Iterator[StudyCell]:
    """The cells of the newest studies of a data set that have succeeded."""
    found = session.execute(
        select(StudyRow.id, StudyRow.request)
        .where(StudyRow.state == "succeeded")
        .order_by(StudyRow.created_at.desc(), StudyRow.id.desc())
    )
    ids = [id_ for id_, request in found if request.dataset == dataset][:MOST_STUDIES]
    for results in session.scalars(select(StudyRow.results).where(StudyRow.id.in_(ids))):
        yield from results.cells if results else ()


def mean_seconds(session: Session, dataset: str) -> float | None:
    """The mean training time of some runs of a data set; ``None`` if there is none."""
    some = (
        select(ResultRow.seconds)
        .join(RunRow, RunRow.id == ResultRow.run_id)
        .where(RunRow.dataset == dataset)
        .limit(ENOUGH)
        .subquery()
    )
    seconds = session.scalar(select(func.avg(some.c.seconds)))
    return None if seconds is None else float(seconds)
