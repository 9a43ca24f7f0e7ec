"""``isobudget count``."""

from typing import Annotated

import typer

from app.cli.console import out, refuse
from app.cli.files import FILE_HELP, read_architecture, shown
from app.cli.folding import folded
from app.cli.tables import groups_table, layers_table
from app.errors import Fault
from app.schemas.architectures import ArchitectureView


def count(
    file: Annotated[str, typer.Argument(metavar="FILE", help=FILE_HELP)],
    depth: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="In tables, put layers together whose names begin with the same N parts.",
            show_default="a line for each layer",
        ),
    ] = None,
    groups: Annotated[
        bool,
        typer.Option(
            "--groups", help="Show the width groups: channels that are as many everywhere."
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what POST /v1/architectures answers.")
    ] = False,
) -> None:
    """Count an architecture layer by layer: parameters, multiply-adds, FLOPs, receptive field.

    FILE holds an architecture, or a search request, whose architecture is counted.
    """
    architecture = read_architecture(file)
    try:
        counted = ArchitectureView.of(architecture)
    except OverflowError as too_large:
        refuse(shown(file), [Fault("", str(too_large))])
    if as_json:
        typer.echo(counted.model_dump_json(indent=2))
    elif groups and counted.ungrouped:
        refuse(shown(file), [Fault("", counted.ungrouped)])
    elif groups:
        out.print(groups_table(counted, depth))
    else:
        rows = counted.layers if depth is None else folded(counted.layers, depth)
        out.print(layers_table(counted, rows))
