"""Requests and terms of studies with good defaults: small ones, of digits."""

import threading
from pathlib import Path
from typing import Any, Final, cast

import pytest

from app.db import searches
from app.db import studies as db_studies
from app.db.engine import Database
from app.db.models import StudyRow
from app.experiments.catalogue import DATASETS, Dataset
from app.schemas.study_terms import StudyRequest, StudyTerms
from app.services import studies
from app.services.condition import Condition
from app.services.planner import planning
from app.services.planner.cells import Cell, cells_of, grid_of, higher, question_of
from app.services.planner.counting import Check, Counted
from app.services.planner.holding import Hold
from app.services.planner.planning import Planning
from app.services.solvers import Limits, Solvers
from app.services.study_terms import terms_of
from app.services.variants import problem_of
from solver.answers.search import solve, tally
from solver.problem import Problem
from solver.survey.feasibility import members

LEASE: Final = 60.0


def body(**changes: Any) -> dict[str, Any]:
    """A study of a grid of four networks at 6 px, in one cell."""
    return {
        "dataset": "digits",
        "resolutions": [6],
        "approaches": ["IV"],
        "grid": {"kernel_size": [2, 3], "out_channels": [12]},
        "originals": 2,
        "variants": 2,
        "seeds": 2,
        "epochs": 1,
        **changes,
    }


def request(**changes: Any) -> StudyRequest:
    return StudyRequest.model_validate(body(**changes))


def terms(**changes: Any) -> StudyTerms:
    asked = request(**changes)
    return terms_of(asked, DATASETS[asked.dataset])


class SolvesAtOnce:
    """In place of the server's solvers: solves what is queued as soon as it is woken."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def wake(self) -> None:
        while True:
            with self._database.write() as session:
                row = searches.claim(session, 60)
                if row is None:
                    return
                problem = problem_of(session, row)
                answer = solve(problem, row.request.settings)
                searches.record(session, row.id, row.attempt, answer)


def counted_here(terms: StudyTerms, dataset: Dataset, _limits: Limits, check: Check) -> Counted:
    """What child processes count, counted in this one."""
    grids = {it: grid_of(terms, it) for it in terms.resolutions}
    valid = {it: members(grid, None).numbers for it, grid in grids.items()}
    variants: dict[Cell, dict[int, int | None]] = {cell: {} for cell in cells_of(terms)}
    for cell, numbers in variants.items():
        resolutions = higher(terms.ranges, cell.resolution, dataset.resolution)
        assert resolutions is not None
        for member in valid[cell.resolution]:
            question = question_of(terms, cell, resolutions)
            numbers[member] = tally(Problem.of(question, grids[cell.resolution].member(member)))
            check()
    return Counted(grids, valid, variants)


def created(database: Database, **changes: Any) -> str:
    """A study that waits to be planned; its id."""
    return studies.create(database, request(**changes), None, Path("nowhere"))


def attempt(database: Database, hold: type[Hold] = Hold) -> bool:
    """Plan a study that waits, as a server does. Returns whether there was one."""
    with database.write() as session:
        claimed = db_studies.claim(session, LEASE)
    if claimed is None:
        return False
    condition, stopping = Condition(database), threading.Event()
    held = hold(database, condition, (claimed.id, claimed.attempt), LEASE, stopping)
    dataset = DATASETS[claimed.request.dataset]
    solvers = cast(Solvers, SolvesAtOnce(database))
    with pytest.MonkeyPatch.context() as patch, held:
        patch.setattr(planning, "counted", counted_here)
        Planning(database, solvers, held, claimed.request, dataset).run(Limits(1, 512))
    return True


def planned(database: Database, **changes: Any) -> StudyRow:
    """A study whose runs are queued."""
    id_ = created(database, **changes)
    assert attempt(database)
    with database.read() as session:
        return db_studies.get(session, id_)
