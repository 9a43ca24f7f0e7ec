import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from app.db.engine import Database
from app.db.models import Base
from app.db.schema import config, is_current, migrate
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
