"""``isobudget backup``."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.console import out
from app.cli.databases import the_database
from app.db.backup import back_up


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
