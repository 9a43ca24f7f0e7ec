"""What is recorded of a study's runs: for statistics, and for tables."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db import run_tables
from app.db.askers import STUDIES
from app.db.models import ArchitectureRow, ResultRow, RunRow, StudyRunRow
from app.db.run_tables import RunResult
from app.states import RunState


@dataclass(frozen=True)
class Measured:
    """The result of one run of a study; accuracies are fractions.

    ``detail`` is the resolution to which images were reduced before they were enlarged again.
    ``test_correct`` has one bit for each test image, as ``numpy.packbits`` packs them. ``seconds``
    is the run's share of the time that its stack took.
    """

    architecture_id: str
    detail: int | None
    seed: int
    resolution: int
    test_accuracy: float
    validation_accuracy: float
    test_correct: bytes
    seconds: float


def measured(session: Session, id_: str) -> list[Measured]:
    """The results of a study's runs so far, in the runs' order."""
    query = (
        select(
            RunRow.architecture_id,
            RunRow.detail,
            RunRow.seed,
            RunRow.resolution,
            ResultRow.test_accuracy,
            ResultRow.validation_accuracy,
            ResultRow.test_correct,
            ResultRow.seconds,
        )
        .join(StudyRunRow, StudyRunRow.run_id == RunRow.id)
        .join(ResultRow, ResultRow.run_id == RunRow.id)
        .where(StudyRunRow.study_id == id_)
        .order_by(StudyRunRow.position)
    )
    return [Measured(**row) for row in session.execute(query).mappings()]


def costs(session: Session, id_: str) -> Mapping[str, tuple[int, int]]:
    """Parameters and FLOPs of the networks that a study trains, by architecture."""
    trained = (
        select(RunRow.architecture_id)
        .join(StudyRunRow, StudyRunRow.run_id == RunRow.id)
        .where(StudyRunRow.study_id == id_)
    )
    query = select(ArchitectureRow.id, ArchitectureRow.params, ArchitectureRow.flops).where(
        ArchitectureRow.id.in_(trained)
    )
    return {id_: (params, flops) for id_, params, flops in session.execute(query)}


def states(session: Session, id_: str) -> Mapping[str, int]:
    """How many runs of a study are in each state, the most frequent first."""
    query = (
        select(RunRow.state, func.count())
        .join(StudyRunRow, StudyRunRow.run_id == RunRow.id)
        .where(StudyRunRow.study_id == id_)
        .group_by(RunRow.state)
        .order_by(func.count().desc(), RunRow.state)
    )
    return dict(iter(session.execute(query)))


@dataclass(frozen=True, kw_only=True)
class StudyResult(RunResult):
    """One run of a study in a table of results."""

    architecture_id: str
    detail: int | None


def results(
    session: Session, id_: str, after: int | None, limit: int, state: RunState | None = None
) -> tuple[list[StudyResult], int | None]:
    """A study's runs in their order, after a position, and the position to go on from.

    If a ``state`` is given, runs in others are left out.
    """
    network = RunRow.architecture_id, RunRow.detail
    found, following = run_tables.rows(session, STUDIES, id_, after, limit, *network, state=state)
    return [StudyResult(**row) for row in found], following
