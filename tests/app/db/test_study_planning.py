"""A study is planned by one server at a time; another goes on when that one is gone."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db import searches, studies
from app.db.engine import Database
from app.db.errors import LostLeaseError, NotFoundError
from app.db.models import RunRow, StudyRow
from app.db.types import database_time
from app.schemas.studies import Feasibility, GridCount
from solver.variation.tolerance import Tolerance
from tests.factories import needs, original, solved_search
from tests.planned_studies import LEASE, claimed_study, plan, planned_study, study_of, waiting_study

GRID = GridCount(resolution=6, combinations=4, invalid=1)
FEASIBLE = Feasibility(
    approach="IV",
    resolution=6,
    budget="params",
    tolerance=Tolerance(),
    originals=3,
    with_variants=2,
    with_any=2,
    unknown=0,
)
WRITES: dict[str, Callable[[Session, StudyRow], None]] = {
    "hold": lambda session, study: studies.hold(session, study.id, study.attempt, LEASE),
    "counted": lambda session, study: studies.counted(
        session, study.id, study.attempt, [GRID], [FEASIBLE], []
    ),
    "refer": lambda session, study: studies.refer(session, study.id, study.attempt, []),
    "plan": lambda session, study: plan(session, study, needs(original())),
    "fail": lambda session, study: studies.fail(session, study.id, study.attempt, "why"),
}


def claim(database: Database) -> StudyRow | None:
    with database.write() as session:
        return studies.claim(session, LEASE)


def let_leases_end(database: Database) -> None:
    with database.write() as session:
        session.execute(update(StudyRow).values(lease_expires_at=database_time(-1)))


def cancel(database: Database, id_: str) -> bool:
    with database.write() as session:
        return studies.cancel(session, id_)


def runs_of(database: Database) -> list[RunRow]:
    with database.read() as session:
        return list(session.scalars(select(RunRow)))


def test_a_study_is_planned_by_one_server(database: Database) -> None:
    study = waiting_study(database)

    claimed = claim(database)

    assert claimed is not None
    assert (claimed.id, claimed.attempt, claimed.state) == (study.id, 1, "running")
    assert claim(database) is None


def test_the_most_urgent_study_is_planned_first_and_then_the_oldest(database: Database) -> None:
    oldest, newer = (waiting_study(database, seed=seed) for seed in range(2))
    urgent = waiting_study(database, priority=1)

    claimed = [claim(database) for _ in range(3)]

    assert [row.id for row in claimed if row] == [urgent.id, oldest.id, newer.id]


def test_equal_studies_are_made_as_often_as_they_are_asked_for(database: Database) -> None:
    first, second = waiting_study(database), waiting_study(database)

    assert first.id != second.id
    assert first.content_hash == second.content_hash
    with database.read() as session:
        (newest,), cursor = studies.newest(session, None, 1)
        (oldest,), end = studies.newest(session, cursor, 1)
    assert {newest.id, oldest.id} == {first.id, second.id}
    assert end is None


def test_a_study_whose_server_vanished_goes_on_in_the_phase_that_it_was_in(
    database: Database,
) -> None:
    study = claimed_study(database)
    with database.write() as session:
        WRITES["counted"](session, study)
    let_leases_end(database)

    again = claim(database)

    assert again is not None
    assert (again.id, again.attempt, again.phase) == (study.id, 2, "searching")
    assert (again.grid, again.feasibility) == ((GRID,), (FEASIBLE,))


@pytest.mark.parametrize("name", WRITES)
def test_a_server_that_lost_a_study_cannot_write(name: str, database: Database) -> None:
    study = claimed_study(database)
    let_leases_end(database)
    again = claim(database)

    with pytest.raises(LostLeaseError, match="attempt 1"), database.write() as session:
        WRITES[name](session, study)

    assert again is not None
    row = study_of(database, study.id)
    assert (row.state, row.phase, row.attempt) == ("running", "counting", 2)
    assert row.lease_expires_at == again.lease_expires_at
    assert runs_of(database) == []


@pytest.mark.parametrize("name", WRITES)
def test_a_server_cannot_write_to_a_study_that_was_cancelled(name: str, database: Database) -> None:
    study = claimed_study(database)

    assert cancel(database, study.id)
    assert not cancel(database, study.id)

    with pytest.raises(LostLeaseError), database.write() as session:
        WRITES[name](session, study)
    row = study_of(database, study.id)
    assert (row.state, row.phase) == ("cancelled", "ended")
    assert row.finished_at is not None
    assert claim(database) is None


def test_a_server_that_prolongs_its_lease_keeps_the_study(database: Database) -> None:
    study = claimed_study(database)
    let_leases_end(database)

    with database.write() as session:
        WRITES["hold"](session, study)

    assert claim(database) is None


def test_a_study_that_was_given_back_is_planned_by_another_server_at_once(
    database: Database,
) -> None:
    study = claimed_study(database)

    with database.write() as session:
        studies.release(session, study.id, study.attempt)

    again = claim(database)
    assert again is not None
    assert again.attempt == 2
    with database.write() as session:
        studies.release(session, study.id, study.attempt)
    assert claim(database) is None


def test_a_study_that_has_lost_three_servers_is_given_up(database: Database) -> None:
    study = claimed_study(database)
    let_leases_end(database)
    assert claim(database)
    let_leases_end(database)
    assert claim(database)
    let_leases_end(database)

    assert claim(database) is None

    row = study_of(database, study.id)
    assert (row.state, row.phase) == ("failed", "ended")
    assert row.error == "given up: 3 servers stopped while they planned it"
    assert row.finished_at is not None


def test_a_study_that_cannot_be_planned_fails_and_says_why(database: Database) -> None:
    study = claimed_study(database)

    with database.write() as session:
        studies.fail(session, study.id, study.attempt, "no network has variants enough")

    row = study_of(database, study.id)
    assert (row.state, row.phase) == ("failed", "ended")
    assert row.error == "no network has variants enough"
    assert claim(database) is None


def test_a_planned_study_has_its_runs_and_needs_no_server_any_more(database: Database) -> None:
    study = planned_study(database)

    assert (study.state, study.phase) == ("running", "training")
    assert study.plan is not None
    assert study.notes == ["a note"]
    assert sorted(run.seed for run in runs_of(database)) == [0, 1]
    let_leases_end(database)
    assert claim(database) is None


def test_a_study_may_refer_to_a_search_again(database: Database) -> None:
    study = claimed_study(database)
    with database.write() as session:
        search = solved_search(session, limit=1)
    for _ in range(2):
        with database.write() as session:
            studies.refer(session, study.id, study.attempt, [search.id, search.id])

    with database.read() as session:
        assert studies.get(session, study.id).phase == "counting"
        assert searches.studies_of(session, search.id) == [study.id]


def test_there_must_be_a_study_to_be_cancelled(database: Database) -> None:
    with pytest.raises(NotFoundError, match="study"):
        cancel(database, "none")


@pytest.mark.postgres
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_cancel_takes_back_what_a_plan_has_just_queued(database: Database) -> None:
    study = claimed_study(database)
    cancelling = threading.Thread(target=cancel, args=(database, study.id))

    with database.write() as session:
        plan(session, study, needs(original()))
        cancelling.start()
        cancelling.join(0.3)
        assert cancelling.is_alive()
    cancelling.join()

    assert {run.state for run in runs_of(database)} == {"cancelled"}
    assert study_of(database, study.id).state == "cancelled"
