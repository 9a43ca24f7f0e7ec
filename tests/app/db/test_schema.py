import re
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import BigInteger, Column, Table, inspect, select, text, update
from sqlalchemy.exc import IntegrityError

from app.db import jobs
from app.db.engine import Database
from app.db.models import Base, RunRow, SearchRow, SecretRow, VariantRow
from app.db.schema import config, is_current, migrate
from app.db.studies import refer
from app.db.variants import SORTED_BY
from app.schemas.results import HalvingResult
from app.services.job_views import job_view
from solver.network.schema import MAX_COUNT
from tests.factories import needs, original, queued_job, queued_search
from tests.planned_studies import claimed_study, planned_study
from tests.workers import FakeWorker

pytestmark = pytest.mark.slow  # migrates up and down


@pytest.fixture
def revisions() -> list[str]:
    """All revisions, the oldest first."""
    known = ScriptDirectory.from_config(config()).walk_revisions()
    return [revision.revision for revision in known][::-1]


def tables(database: Database) -> set[str]:
    return set(inspect(database.engine).get_table_names()) - {"alembic_version"}


@pytest.fixture
def unmigrated(database: Database) -> Database:
    migrate(database, "base")
    return database


def test_there_is_one_newest_revision() -> None:
    assert len(ScriptDirectory.from_config(config()).get_heads()) == 1


NAME = re.compile(r"20\d\d_[01]\d_[0-3]\d_[0-2]\d[0-5]\d_[a-z0-9_]+\.py")


def test_migrations_sort_in_their_order() -> None:
    known = ScriptDirectory.from_config(config()).walk_revisions()
    names = [Path(revision.path).name for revision in known][::-1]
    assert names == sorted(names)
    assert all(map(NAME.fullmatch, names))


def test_a_new_migration_is_named_after_all_others(tmp_path: Path) -> None:
    settings = config()
    settings.set_main_option("version_locations", str(tmp_path))
    made = command.revision(settings, "something else", head="base")
    assert isinstance(made, Script)
    newest = ScriptDirectory.from_config(config()).get_revision("head")
    assert newest is not None
    assert NAME.fullmatch(Path(made.path).name)
    assert Path(made.path).name > Path(newest.path).name


@pytest.mark.slow
def test_every_revision_goes_up_down_and_up_again(
    unmigrated: Database, revisions: list[str]
) -> None:
    assert tables(unmigrated) == set()
    for before, revision in zip(["base", *revisions], revisions, strict=False):
        migrate(unmigrated, revision)
        after = tables(unmigrated)
        migrate(unmigrated, before)
        migrate(unmigrated, revision)
        assert tables(unmigrated) == after
    assert is_current(unmigrated)


def test_the_schema_is_that_of_the_models(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_checks_are_those_of_the_models(database: Database) -> None:
    """What Alembic does not compare."""
    found = inspect(database.engine)
    for name, table in Base.metadata.tables.items():
        declared = {check.name for check in table.constraints if "ck_" in str(check.name)}
        assert {check["name"] for check in found.get_check_constraints(name)} == declared


def test_a_migration_down_and_up_works_with_data_in_the_tables(database: Database) -> None:
    queued_job(database)
    planned_study(database)

    migrate(database, "base")
    assert not is_current(database)
    migrate(database)

    assert is_current(database)
    with database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM runs")) == 0


CHANGED = {"stack", "results"}
"""Older runs are trained each by itself, and older results have fewer fields."""
LATER = {"searches.started_at"}
"""Older searches do not say when their solver began."""


def _kept(table: Table) -> list[Column[Any]]:
    return [c for c in table.c if c.name not in CHANGED and f"{table.name}.{c.name}" not in LATER]


def content(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables, but the secret, which is made anew with its table."""
    with database.read() as session:
        return {
            name: sorted(
                map(tuple, session.execute(select(*_kept(table)))),
                key=repr,
            )
            for name, table in Base.metadata.tables.items()
            if name != SecretRow.__tablename__
        }


def searches(database: Database) -> list[SearchRow]:
    with database.read() as session:
        return list(session.scalars(select(SearchRow)))


def test_a_table_that_is_made_anew_keeps_its_rows_and_those_that_refer_to_it(
    database: Database, revisions: list[str]
) -> None:
    queued_job(database, variants=[3])
    FakeWorker(database, fails=lambda run: "error" if run.seed else None).work()
    before = content(database)
    assert len(before["variants"]) == 20

    migrate(database, revisions[0])
    migrate(database)

    assert content(database) == before


def test_foreign_keys_are_enforced_again_behind_a_migration(
    database: Database, revisions: list[str]
) -> None:
    migrate(database, revisions[0])
    migrate(database)

    orphan = VariantRow(search_id="none", position=0, unknowns=[6])
    for name in (*SORTED_BY, "macs", "activations"):
        setattr(orphan, name, 1)
    with pytest.raises(IntegrityError), database.write() as session:
        session.add(orphan)


def test_a_search_may_have_found_more_than_32_bits_hold(database: Database) -> None:
    queued_job(database)
    with database.write() as session:
        session.execute(update(SearchRow).values(found=MAX_COUNT))

    columns = {
        column["name"]: column for column in inspect(database.engine).get_columns("searches")
    }
    assert isinstance(columns["found"]["type"], BigInteger)
    assert [row.found for row in searches(database)] == [MAX_COUNT]


def test_on_the_way_down_what_exceeds_32_bits_becomes_the_most_that_they_hold(
    database: Database, revisions: list[str]
) -> None:
    queued_job(database)
    with database.write() as session:
        session.execute(update(SearchRow).values(found=MAX_COUNT))

    migrate(database, revisions[0])
    migrate(database)

    assert [row.found for row in searches(database)] == [2**31 - 1]


def test_on_the_way_down_runs_that_only_a_study_wants_are_cancelled(
    database: Database, revisions: list[str]
) -> None:
    queued_job(database, seeds=1)
    planned_study(database, needs(original(), 2))
    newest, before = revisions[revisions.index("5d0e92c7b314") :: -1][:2]

    migrate(database, before)

    with database.read() as session:
        ended = session.execute(text("SELECT state, finished_at FROM runs ORDER BY seed")).all()
    assert [state for state, _ in ended] == ["queued", "cancelled"]
    assert ended[1].finished_at is not None
    migrate(database, newest)
    assert {"studies", "study_searches", "study_runs"} <= tables(database)
    migrate(database)


def test_searches_that_are_younger_than_a_study_that_refers_to_them_are_its_own(
    database: Database, revisions: list[str]
) -> None:
    queued_job(database, seeds=1)
    study = claimed_study(database)
    with database.write() as session:
        (older,) = session.scalars(select(SearchRow)).all()
        younger = queued_search(session, limit=77)
        refer(session, study.id, study.attempt, [older.id, younger.id])
        queued_search(session, limit=78)

    migrate(database, revisions[revisions.index("c52e8d1b9f06") - 1])
    migrate(database)

    assert [row.id for row in searches(database) if row.by_study] == [younger.id]


def test_on_the_way_down_runs_that_would_start_from_another_are_cancelled(
    database: Database, revisions: list[str]
) -> None:
    queued_job(database, seeds=1, variants=[0])
    with database.write() as session:
        original, variant = session.scalars(select(RunRow).order_by(RunRow.position)).all()
        variant.starts_from = original.id
    before = revisions[revisions.index("e17b4f60a29d") - 1]

    migrate(database, before)
    migrate(database)

    with database.read() as session:
        rows = session.scalars(select(RunRow).order_by(RunRow.position)).all()
    assert [(row.state, row.starts_from) for row in rows] == [("queued", None), ("cancelled", None)]
    assert rows[1].finished_at is not None


@pytest.fixture
def before_pauses(revisions: list[str]) -> str:
    return revisions[revisions.index("b1f6a9d27c30") - 1]


def test_on_the_way_down_paused_runs_are_cancelled_and_results_by_halving_dropped(
    database: Database, before_pauses: str
) -> None:
    halving = queued_job(database, seeds=1, variants=range(4), epochs=4, halving=(2, 2))
    plain = queued_job(database, seeds=1, variants=[0], epochs=4)
    FakeWorker(database).work()

    migrate(database, before_pauses)

    with database.read() as session:
        states = sorted(session.scalars(text("SELECT state FROM runs")))
        query = text("SELECT CAST(results AS text) FROM jobs WHERE id = :id")
        dropped, kept = (session.scalar(query, {"id": job.id}) for job in (halving, plain))
    migrate(database)
    assert states == ["cancelled", "cancelled", "succeeded", "succeeded", "succeeded"]
    assert dropped is None
    assert "mean_variant" in kept
    assert "halving" not in kept


@pytest.mark.slow
def test_what_was_paused_is_trained_by_a_job_behind_a_migration_down_and_up(
    database: Database, before_pauses: str
) -> None:
    halving = queued_job(database, seeds=1, variants=range(4), epochs=4, halving=(2, 2))
    worker = FakeWorker(database)
    worker.work()

    migrate(database, before_pauses)
    migrate(database)
    queued_job(database, seeds=1, variants=range(4), epochs=4)

    assert worker.work() == 2
    assert all(epochs == [1, 2, 3, 4] for epochs in worker.trained.values())
    with database.read() as session:
        results = jobs.get(session, halving.id).results
        assert job_view(session, jobs.get(session, halving.id)).progress.fraction == 1.0
    assert results is not None
    assert results.halving == HalvingResult(eta=2, rungs=[])


def test_older_runs_are_wanted_to_the_end_and_say_why_they_failed(
    database: Database, before_pauses: str
) -> None:
    queued_job(database, seeds=3, epochs=4)
    FakeWorker(database, fails=lambda run: "diverged" if run.seed == 1 else None).work()
    with database.write() as session:
        lost = update(RunRow).where(RunRow.seed == 2)
        words = "given up after 3 attempts: its worker stopped answering"
        session.execute(lost.values(state="failed", failure="lost", error=words))

    migrate(database, before_pauses)
    migrate(database)

    with database.read() as session:
        rows = session.scalars(select(RunRow).order_by(RunRow.seed)).all()
    assert [row.failure for row in rows] == [None, "error", "lost"]
    assert [(row.target_epochs, row.epochs_done) for row in rows] == [(4, 4), (4, 0), (4, 4)]
    assert [row.stack for row in rows] == [row.id for row in rows]
