"""The command line, ``isobudget``: one module for each command."""

from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from app.cli.backup import backup
from app.cli.console import out
from app.cli.count import count
from app.cli.demo import demo
from app.cli.feasible import feasible
from app.cli.keys import keys
from app.cli.migrate import migrate
from app.cli.restore import restore
from app.cli.serve import serve
from app.cli.solve import solve
from app.cli.up import up
from app.cli.work import work

app = typer.Typer(
    name="isobudget",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    epilog="Exit codes: 0 done, 1 failed, 2 usage, 3 infeasible, 4 timed out. Settings come "
    "from the environment, prefix ISOBUDGET_, e.g. ISOBUDGET_DATABASE_URL.",
)
app.command()(count)
app.command()(solve)
app.command()(feasible)
app.command()(migrate)
app.command()(serve)
app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
)(work)
app.command()(up)
app.command()(demo)
app.command()(backup)
app.command()(restore)
app.add_typer(keys, name="keys")


def _print_version(is_wanted: bool) -> None:
    if not is_wanted:
        return
    try:
        out.print(f"isobudget {version('isobudget')}")
    except PackageNotFoundError:
        out.print("isobudget, run from its source without being installed")
    raise typer.Exit


@app.callback()
def _isobudget(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version, and exit."
        ),
    ] = False,
) -> None:
    """CNNs that take larger images at the same number of parameters or FLOPs: found, trained."""


def main() -> None:
    """Run the command that the arguments name."""
    app(prog_name="isobudget")
