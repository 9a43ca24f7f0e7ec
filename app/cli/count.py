"""``isobudget count``."""

from typing import Annotated

import typer
from pydantic import ValidationError

from app.cli.console import out, refuse
from app.cli.files import FILE_HELP, faults_of, read_json, shown
from app.cli.tables import layers_table
from app.errors import Fault
from app.schemas.architectures import ArchitectureView
from solver.network.architecture import Architecture


def count(
    file: Annotated[str, typer.Argument(metavar="FILE", help=FILE_HELP)],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what POST /v1/architectures answers.")
    ] = False,
) -> None:
    """Count an architecture layer by layer: parameters, multiply-adds, FLOPs, receptive field.

    FILE holds an architecture, or a search request, whose architecture is counted.
    """
    content = read_json(file)
    if isinstance(content, dict):
        content = content.get("architecture", content)
    try:
        counted = ArchitectureView.of(Architecture.model_validate(content))
    except ValidationError as invalid:
        refuse(shown(file), faults_of(invalid, lambda place: "/".join(map(str, place))))
    except OverflowError as too_large:
        refuse(shown(file), [Fault("", str(too_large))])
    if as_json:
        typer.echo(counted.model_dump_json(indent=2))
    else:
        out.print(layers_table(counted))
