"""``isobudget import``."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.console import notes
from app.cli.files import write
from app.cli.modules import imported
from app.documents import document
from solver.network.architecture import Architecture

SOURCE = "torchvision:NAME, timm:NAME, or FILE.py:FACTORY (a function or class without arguments)."


def import_(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help=SOURCE)],
    resolution: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="PX", help="Side of the images.", show_default="the network's own"
        ),
    ] = None,
    channels: Annotated[
        int | None,
        typer.Option(
            min=1, help="Channels of the images.", show_default="those of its first convolution"
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", dir_okay=False, help="File to write.")
    ] = None,
) -> None:
    """Print a PyTorch network as an architecture, checked against its module.

    A FILE's code runs here, on your machine; it is not sent to any server.
    """
    found = imported(source, resolution, channels)
    for name, params in found.unused.items():
        notes.print(f"left out: {name}, whose {params:,} parameters feed no output")
    write(document(Architecture.model_validate(found.architecture)), output)
