import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import BigInteger, inspect, select, text, update
from sqlalchemy.exc import IntegrityError

from app.db.engine import Database
from app.db.models import Base, SearchRow, VariantRow
from app.db.schema import config, is_current, migrate
from solver.architecture import MAX_COUNT
from tests.factories import queued_job


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

    migrate(database, "base")
    assert not is_current(database)
    migrate(database)

    assert is_current(database)
    with database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM runs")) == 0


def content(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables."""
    with database.read() as session:
        return {
            name: sorted(map(tuple, session.execute(select(table))), key=repr)
            for name, table in Base.metadata.tables.items()
        }


def searches(database: Database) -> list[SearchRow]:
    with database.read() as session:
        return list(session.scalars(select(SearchRow)))


def test_a_table_that_is_made_anew_keeps_its_rows_and_those_that_refer_to_it(
    database: Database, revisions: list[str]
) -> None:
    queued_job(database, variants=[3])
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

    orphan = VariantRow(search_id="none", position=0, resolution=6, params=1, flops=1, unknowns=[6])
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
