"""``isobudget migrate``."""

from typing import Annotated

import typer
from alembic.util import CommandError
from rich.console import Console

from app.cli.console import fail, out, refuse, settings
from app.cli.databases import failure
from app.db import schema
from app.db.engine import Database
from app.db.errors import DatabaseError
from app.errors import Fault


def migrate(
    revision: Annotated[
        str, typer.Option(help="Where to go, up or down: head, base, or a revision's id.")
    ] = "head",
) -> None:
    """Make the database's schema, or bring it up to date."""
    migrate_to(settings().database_url, revision)


def migrate_to(url: str, revision: str = "head", console: Console = out) -> None:
    """Migrate a database, and say so on the console; an error ends the command."""
    try:
        database = Database(url)
        schema.migrate(database, revision)
        database.close()
    except CommandError as unknown:
        refuse("the arguments", [Fault("--revision", f"{unknown}; try head")])
    except schema.NewerSchemaError as newer:
        fail(str(newer))
    except (DatabaseError, OSError) as failed:
        fail(f"the database was not migrated: {failure(failed)}")
    console.print(f"{database.url} is at revision {revision}", soft_wrap=True)
