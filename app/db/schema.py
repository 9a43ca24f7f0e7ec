"""The schema of a database: made by Alembic only."""

from functools import cache
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.orm import Session

import migrations
from app.db.causes import NEWER
from app.db.engine import Database
from app.db.locks import only_migration

REVISIONS: Final = "alembic_version"
"""Alembic's own table."""
FILE_TEMPLATE: Final = "%%(year)d_%%(month).2d_%%(day).2d_%%(hour).2d%%(minute).2d_%%(slug)s"
"""Date and time come first, so that migrations sort in their order."""


def config() -> Config:
    """Alembic's configuration; no ini file is needed."""
    found = Config()
    found.set_main_option("script_location", str(Path(migrations.__file__).parent))
    found.set_main_option("path_separator", "os")
    found.set_main_option("timezone", "UTC")
    found.set_main_option("file_template", FILE_TEMPLATE)
    return found


class NewerSchemaError(RuntimeError):
    """A newer version has migrated the database; this one does not know how to go back."""


def migrate(database: Database, revision: str = "head") -> None:
    """Bring a database to a revision, up or down, unless it is there already.

    Of several processes that migrate one database at the same time, one does it.

    Raises
    ------
    NewerSchemaError
        The database is at a revision that this code does not know.
    """
    alembic = config()
    with only_migration(database), database.migrating() as connection:
        alembic.attributes["connection"] = connection
        known = ScriptDirectory.from_config(alembic)
        current = MigrationContext.configure(connection).get_current_revision()
        connection.rollback()
        if current is not None and not knows(current):
            raise NewerSchemaError(NEWER.detail)
        if revision == "base" or _is_older(known, revision, current):
            command.downgrade(alembic, revision)
        else:
            command.upgrade(alembic, revision)
        connection.commit()


def _is_older(known: ScriptDirectory, revision: str, current: str | None) -> bool:
    if current is None or revision == "head":
        return False
    return any(item.revision == revision for item in known.iterate_revisions(current, "base"))


def is_current(database: Database) -> bool:
    """Whether a database is at the newest revision that this code knows."""
    with database.read() as session:
        return is_newest(session)


def is_newest(session: Session) -> bool:
    """Whether a session's database is at the newest revision that this code knows."""
    return MigrationContext.configure(session.connection()).get_current_revision() == newest()


def revision_of(database: Database) -> str | None:
    """The revision that a database is at; ``None`` if it was never migrated."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


@cache
def newest() -> str:
    """The newest revision that this code knows."""
    (head,) = ScriptDirectory.from_config(config()).get_heads()
    return head


def knows(revision: str) -> bool:
    """Whether this code knows a revision; it does not if a newer version made it."""
    return revision in _known()


@cache
def _known() -> frozenset[str]:
    known = ScriptDirectory.from_config(config()).walk_revisions()
    return frozenset(item.revision for item in known)
