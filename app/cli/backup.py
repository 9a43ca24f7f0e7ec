"""``isobudget backup``."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from app.cli.console import fail, out, settings
from app.db.backup import BackupError, back_up
from app.db.engine import Database
from app.db.errors import DatabaseError


def backup(
    file: Annotated[Path, typer.Argument(help="Where to write it.")],
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Copy the whole database to a file, while servers and workers go on.

    Of PostgreSQL, pg_dump makes the copy; it must be installed.
    """
    with the_database() as database:
        back_up(database, file, force=force)
    out.print(f"{file}: {file.stat().st_size:,} bytes", soft_wrap=True)


@contextmanager
def the_database() -> Iterator[Database]:
    """Open the database that the settings name; an error in the block ends the command."""
    try:
        with closing(Database(settings().database_url)) as database:
            yield database
    except BackupError as failed:
        fail(str(failed))
    except (DatabaseError, OSError) as failed:
        fail(f"the database cannot be opened; is ISOBUDGET_DATABASE_URL right? {failed}")
