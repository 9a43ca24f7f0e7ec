"""The database that the settings name, for commands; what goes wrong with it, in words."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from app.cli.console import fail, settings
from app.db.backup import BackupError
from app.db.causes import cause_of, in_a_line, may_be_of_url
from app.db.engine import Database
from app.db.errors import DatabaseError


@contextmanager
def the_database() -> Iterator[Database]:
    """Open the database that the settings name; an error in the block ends the command."""
    try:
        with closing(Database(settings().database_url)) as database:
            yield database
    except BackupError as failed:
        fail(str(failed))
    except (DatabaseError, OSError) as failed:
        fail(failure(failed))


def failure(error: BaseException) -> str:
    """Why a database failed, what its driver says, and whether the URL may be wrong."""
    cause, said = cause_of(error), in_a_line(error)
    doubt = "; is ISOBUDGET_DATABASE_URL right?" if may_be_of_url(error) else ""
    return f"{cause.detail} ({said}){doubt}" if cause else f"{said}{doubt}"
