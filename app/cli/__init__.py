"""The command line, ``isobudget``: one module for each command, imported when the command runs."""

from typing import Annotated, Final

import typer

from app.cli.lazy import LazyGroup, Named

COMMANDS: Final = (
    Named(
        "count",
        "app.cli.count",
        "Count an architecture layer by layer: parameters, multiply-adds, FLOPs, receptive field.",
    ),
    Named(
        "solve",
        "app.cli.solve",
        "Find the variants of an architecture that have its budget; no server, no database.",
    ),
    Named(
        "import",
        "app.cli.importing",
        "Print a PyTorch network as an architecture, checked against its module.",
    ),
    Named(
        "export",
        "app.cli.exporting",
        "Write an architecture as PyTorch source, as ONNX, or as JSON.",
    ),
    Named(
        "feasible",
        "app.cli.feasible",
        "Count, over a grid of originals, how many have variants, and name those nearest to FILE.",
    ),
    Named(
        "find",
        "app.cli.find",
        "Find the most accurate network within your bounds that takes larger images (Eq. 1).",
    ),
    Named("migrate", "app.cli.migrate", "Make the database's schema, or bring it up to date."),
    Named("serve", "app.cli.serve", "Serve the HTTP API and its pages, until stopped."),
    Named(
        "work",
        "app.cli.work",
        "Train the runs of jobs. Its options: isobudget work --help.",
        {
            "context_settings": {"allow_extra_args": True, "ignore_unknown_options": True},
            "add_help_option": False,
        },
    ),
    Named(
        "up",
        "app.cli.up",
        "Run all on this machine: migrate the database, serve the API, train what jobs ask for.",
    ),
    Named(
        "demo",
        "app.cli.demo",
        "Find variants of a small CNN, train five networks on digits, and write an HTML report.",
    ),
    Named(
        "reproduce",
        "app.cli.reproduce",
        "Run the study behind a figure of the paper, and write its report, figures and tables.",
    ),
    Named(
        "backup",
        "app.cli.backup",
        "Copy the whole database to a file, while servers and workers go on.",
    ),
    Named(
        "restore",
        "app.cli.restore",
        "Replace what the database holds with a backup: all of it, or, where that fails, nothing.",
    ),
    Named(
        "plan",
        "app.cli.plan",
        "Plan a study: how many originals, variants and seeds show an effect with 80 % power.",
    ),
    Named("keys", "app.cli.keys", "Make, list and revoke keys of the API."),
)


class _Commands(LazyGroup):
    lazy = COMMANDS


app = typer.Typer(
    name="isobudget",
    cls=_Commands,
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    epilog="Exit codes: 0 done, 1 failed, 2 usage, 3 infeasible, 4 timed out. Settings come "
    "from the environment, prefix ISOBUDGET_, e.g. ISOBUDGET_DATABASE_URL.",
)


def _print_version(is_wanted: bool) -> None:
    if not is_wanted:
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        typer.echo(f"isobudget {version('isobudget')}")
    except PackageNotFoundError:
        typer.echo("isobudget, run from its source without being installed")
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
