"""``isobudget restore``."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.console import notes, out
from app.cli.databases import the_database
from app.db import backup, schema


def restore(
    file: Annotated[Path, typer.Argument(help="A file that isobudget backup has written.")],
    force: Annotated[
        bool, typer.Option("--force", help="Replace what the database holds.")
    ] = False,
) -> None:
    """Replace what the database holds with a backup: all of it, or, where that fails, nothing.

    Stop servers and workers first: what they do meanwhile is lost.
    """
    with the_database() as database:
        backup.restore(database, file, force=force)
        is_current = schema.is_current(database)
        out.print(f"{database.url} holds what was in {file}", soft_wrap=True)
    if not is_current:
        notes.print("its schema is of an older version; now run: isobudget migrate")
