"""A plan holds what was asked, and does not depend on how often a server died over it."""

from typing import Any

import pytest
from sqlalchemy import select, update

from app.db import searches as db_searches
from app.db import studies
from app.db.engine import Database
from app.db.errors import LostLeaseError
from app.db.models import ArchitectureRow, RunRow, SearchRow, StudyRow, StudyRunRow
from app.experiments.catalogue import DATASETS
from app.schemas.study_plans import DrawnOriginal, StudyPlan
from app.services.planner import searching
from app.services.planner.counting import counted
from app.services.planner.holding import Hold
from app.services.planner.searching import UnplannableError
from app.services.solvers import Limits
from app.services.study_arms import arms_of
from app.services.variants import problem_of
from tests.studies import SolvesAtOnce, attempt, counted_here, created, planned, terms

ALL = ["upsampled", "retrained", "same_resolution"]


def plan_of(study: StudyRow) -> StudyPlan:
    assert study.plan is not None
    return study.plan


def originals_of(study: StudyRow) -> list[DrawnOriginal]:
    return [original for cell in plan_of(study).cells for original in cell.originals]


def runs_of(database: Database, id_: str) -> list[RunRow]:
    query = select(RunRow).join(StudyRunRow, StudyRunRow.run_id == RunRow.id)
    with database.read() as session:
        ordered = query.where(StudyRunRow.study_id == id_).order_by(StudyRunRow.position)
        return list(session.scalars(ordered))


class _KilledError(BaseException):
    """The server is gone."""


def dying(moment: int) -> type[Hold]:
    """A server that is killed at one of the moments at which it checks its lease."""

    class Dying(Hold):
        left = moment

        def check(self) -> None:
            super().check()
            if self.left == 0:
                raise _KilledError
            Dying.left -= 1

    return Dying


def vanish(database: Database) -> None:
    """Have the lease of a server end, and forget the servers that vanished before."""
    with database.write() as session:
        session.execute(update(StudyRow).values(lease_expires_at=None, lost=0))


def test_a_server_that_is_killed_at_any_moment_leaves_the_same_plan(
    sqlite_database: Database, tmp_path: Any, migrated_file: Any
) -> None:
    asked = {"controls": ALL, "approaches": ["III", "IV"], "tolerance": 0.02}
    id_ = created(sqlite_database, **asked)
    moment = 0
    while True:
        try:
            attempt(sqlite_database, dying(moment))
            break
        except _KilledError:
            with sqlite_database.read() as session:
                left = studies.get(session, id_)
                assert (left.state, left.plan) == ("running", None)
                assert not session.scalars(select(RunRow)).all()
            vanish(sqlite_database)
            moment += 1
    assert moment > 10
    with sqlite_database.read() as session:
        disturbed = studies.get(session, id_)
    found = [run.id for run in runs_of(sqlite_database, id_)]

    other = planned(sqlite_database, **asked, priority=1)

    assert other.plan == disturbed.plan
    assert [run.id for run in runs_of(sqlite_database, other.id)] == found
    assert disturbed.phase == "training"


def test_plans_and_hashes_are_the_same_on_every_machine(database: Database) -> None:
    study = planned(database, controls=ALL)
    members = [original.member for original in originals_of(study)]
    assert (members, study.plan_hash[:8]) == ([0, 3], "53e96fc3")


def test_each_original_has_its_variants_and_controls(sqlite_database: Database) -> None:
    study = planned(sqlite_database, controls=ALL)

    for original in originals_of(study):
        assert len(original.variants) == len(original.same_resolution) == 2
        assert original.found >= 2
        drawn = [*original.variants, *original.same_resolution]
        ids = [original.architecture_id, *(it.architecture_id for it in drawn)]
        with sqlite_database.read() as session:
            rows = [session.get_one(ArchitectureRow, id_) for id_ in ids]
        own, *variants = rows
        assert {row.params for row in rows} == {own.params}
        assert own.resolution == 6
        assert {row.resolution for row in variants[:2]} <= {7, 8}
        assert {row.resolution for row in variants[2:]} == {6}
        assert own.id not in {row.id for row in variants}


def test_few_searches_of_a_study_wait_at_once(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting: list[int] = []
    solve = SolvesAtOnce(sqlite_database).wake  # as it is before it is replaced

    def count(_solvers: SolvesAtOnce) -> None:
        with sqlite_database.read() as session:
            queued = session.scalars(select(SearchRow.id).where(SearchRow.state == "queued"))
            waiting.append(len(queued.all()))

    monkeypatch.setattr(searching, "ASKED_AT_ONCE", 3)
    monkeypatch.setattr(Hold, "pause", lambda _hold, _seconds: solve())
    monkeypatch.setattr(SolvesAtOnce, "wake", count)
    planned(sqlite_database, controls=ALL)

    assert waiting == [1, 2, 3, 1]


def test_searches_are_stored_like_any_other_and_draw_a_sample_of_all(
    sqlite_database: Database,
) -> None:
    study = planned(sqlite_database)
    for original in originals_of(study):
        with sqlite_database.read() as session:
            search = session.get_one(SearchRow, original.variants[0].search_id)
            assert search.request.settings.find.sample == 2  # type: ignore[union-attr]
            assert search.found == original.found > 2
            assert problem_of(session, search).architecture.id == original.architecture_id


def test_every_arm_has_its_runs_and_every_run_has_an_arm(sqlite_database: Database) -> None:
    study = planned(sqlite_database, controls=ALL)
    runs = runs_of(sqlite_database, study.id)

    expected = {
        (arm.architecture_id, arm.detail, seed): arm.resolution
        for arm in arms_of(study.request, plan_of(study))
        for seed in arm.seeds
    }
    found = {(run.architecture_id, run.detail, run.seed): run.resolution for run in runs}
    assert found == expected
    assert len(runs) == len(found)
    roles = [arm.role for arm in arms_of(study.request, plan_of(study))]
    assert {role: roles.count(role) for role in roles} == {
        "original": 2,
        "variant": 4,
        "upsampled": 4,
        "retrained": 2,
        "same_resolution": 4,
    }
    retrained = [arm for arm in arms_of(study.request, plan_of(study)) if arm.role == "retrained"]
    assert {arm.seeds for arm in retrained} == {range(2, 6)}


def test_controls_are_trained_in_the_primary_cell_unless_they_are_wanted_in_all(
    sqlite_database: Database,
) -> None:
    asked = {"approaches": ["II", "IV"], "primary": {"approach": "IV", "resolution": 6}}
    primary = planned(sqlite_database, **asked)
    both = planned(sqlite_database, **asked, controls_in="all")
    assert [cell.has_controls for cell in plan_of(primary).cells] == [False, True]
    assert [cell.has_controls for cell in plan_of(both).cells] == [True, True]


def test_a_study_without_approaches_trains_the_networks_of_its_grid(
    sqlite_database: Database,
) -> None:
    study = planned(
        sqlite_database, approaches=[], resolutions=[3, 8], originals="all",
        grid={"kernel_size": [2, 5], "padding": [0]},
    )  # fmt: skip
    assert [(it.resolution, it.combinations, it.invalid) for it in study.grid] == [
        (3, 4, 3),
        (8, 4, 1),
    ]
    networks = plan_of(study).networks
    assert [(it.resolution, it.member) for it in networks] == [(3, 0), (8, 0), (8, 1), (8, 2)]
    assert len(runs_of(sqlite_database, study.id)) == 4 * 2


def test_what_was_counted_is_part_of_the_study(sqlite_database: Database) -> None:
    study = planned(sqlite_database, approaches=["III", "IV"], originals=3)
    assert [(it.approach, it.originals, it.unknown) for it in study.feasibility] == [
        ("III", 4, 0),
        ("IV", 4, 0),
    ]
    for part in study.feasibility:
        assert part.with_variants <= part.with_any <= part.originals


def test_a_grid_without_variants_cannot_be_planned(sqlite_database: Database) -> None:
    created(sqlite_database, ranges={"kernel_size": [8, 8], "padding": [1, 1]}, variants=100)
    with pytest.raises(UnplannableError, match="allow a tolerance"):
        attempt(sqlite_database)


def test_a_search_that_ends_without_an_answer_fails_the_study(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    created(sqlite_database)

    class Cancelling(Hold):
        def check(self) -> None:
            super().check()
            with self._database.read() as session:
                ids = session.scalars(select(SearchRow.id).where(SearchRow.state == "queued")).all()
            for id_ in ids:
                with self._database.write() as session:
                    db_searches.cancel(session, id_)

    monkeypatch.setattr("tests.studies.SolvesAtOnce.wake", lambda _: None)
    with pytest.raises(UnplannableError, match=r"search \w+ for original \d .* cancelled"):
        attempt(sqlite_database, Cancelling)


def test_a_study_that_was_cancelled_is_not_planned_on(sqlite_database: Database) -> None:
    id_ = created(sqlite_database)

    class Cancelled(Hold):
        def check(self) -> None:
            super().check()
            with self._database.write() as session:
                studies.cancel(session, id_)

    with pytest.raises(LostLeaseError):
        attempt(sqlite_database, Cancelled)
    assert not attempt(sqlite_database)


@pytest.mark.slow
def test_child_processes_count_the_same() -> None:
    asked, dataset = terms(approaches=["III", "IV"]), DATASETS["digits"]
    assert counted(asked, dataset, Limits(2, 1024), lambda: None) == counted_here(
        asked, dataset, Limits(1, 1024), lambda: None
    )
