"""``isobudget keys create``, ``keys list``, ``keys revoke``."""

from typing import Annotated, Final

import typer
from pydantic import TypeAdapter
from rich.table import Column, Table

from app.cli.console import fail, notes, out
from app.cli.databases import the_database
from app.db.errors import NotFoundError
from app.keys import Scope, id_of
from app.schemas.keys import KeyView
from app.services import keys as service

DAY: Final = 86_400.0
MOST_DAYS: Final = 36_500

keys = typer.Typer(no_args_is_help=True, help="Make, list and revoke keys of the API.")


@keys.command()
def create(
    name: Annotated[str, typer.Option(help="Whose it is, or what it is for.")] = "",
    scope: Annotated[Scope, typer.Option(help="Whether it may only read.")] = "write",
    expires: Annotated[
        int | None,
        typer.Option(metavar="DAYS", min=1, max=MOST_DAYS, help="After how many days it expires."),
    ] = None,
) -> None:
    """Make a key, and print it: this once, since only a hash of it is kept."""
    if len(name) > 100 or not name.isprintable():
        raise typer.BadParameter("up to 100 characters that can be printed", param_hint="--name")
    seconds = None if expires is None else expires * DAY
    with the_database() as database:
        key, id_ = service.create(database, name, scope, seconds)
    until = "for good" if expires is None else f"for {expires} days"
    notes.print(f"key {id_} may {scope}, {until}; it is not shown again", soft_wrap=True)
    out.print(key, soft_wrap=True)


@keys.command(name="list")
def list_keys(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List all keys, the newest first, without their secrets."""
    with the_database() as database:
        found = service.newest(database)
    if as_json:
        text = TypeAdapter(list[KeyView]).dump_json(found, indent=2).decode()
        out.print(text, soft_wrap=True)
        return
    table = Table(Column("id", no_wrap=True), "name", "scope", "state", "created", "expires")
    for key in found:
        expires = f"{key.expires_at:%Y-%m-%d %H:%M}" if key.expires_at else "never"
        created = f"{key.created_at:%Y-%m-%d %H:%M}"
        table.add_row(key.id, key.name, key.scope, key.state, created, expires)
    out.print(table)


@keys.command()
def revoke(
    key: Annotated[str, typer.Argument(metavar="ID", help="The id of a key, or the whole key.")],
) -> None:
    """Make a key invalid. Servers refuse it within 5 seconds."""
    id_ = id_of(key) or key
    with the_database() as database:
        try:
            service.revoke(database, id_)
        except NotFoundError:
            fail("there is no key with this id; isobudget keys list shows all")
    out.print(f"key {id_} is revoked", soft_wrap=True)
