"""The schema of a database: made by Alembic only."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.orm import Session

import migrations
from app.db.engine import Database

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


def migrate(database: Database, revision: str = "head") -> None:
    """Bring a database to a revision, up or down."""
    alembic = config()
    with database.migrating() as connection:
        alembic.attributes["connection"] = connection
        known = ScriptDirectory.from_config(alembic)
        current = MigrationContext.configure(connection).get_current_revision()
        connection.rollback()
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
    current = MigrationContext.configure(session.connection()).get_current_revision()
    return current == ScriptDirectory.from_config(config()).get_current_head()


def revision_of(database: Database) -> str | None:
    """The revision that a database is at; ``None`` if it was never migrated."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def knows(revision: str) -> bool:
    """Whether this code knows a revision; it does not if a newer version made it."""
    known = ScriptDirectory.from_config(config()).walk_revisions()
    return any(item.revision == revision for item in known)
