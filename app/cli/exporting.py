"""``isobudget export``."""

import subprocess
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from app.cli.console import fail, refuse
from app.cli.files import read_architecture, write
from app.cli.importing import SOURCE
from app.documents import document
from app.errors import Fault, last_line
from app.services import onnx_files
from solver.source import source

FILE_HELP: Final = (
    "A JSON file, or torchvision:NAME or timm:NAME; - reads standard input. With --weights: "
    f"{SOURCE}"
)


class Format(StrEnum):
    """What a network is written as."""

    PY = "py"
    ONNX = "onnx"
    JSON = "json"


def export(
    file: Annotated[str, typer.Argument(metavar="FILE", help=FILE_HELP)],
    form: Annotated[
        Format,
        typer.Option(
            "--format", help="PyTorch source, ONNX with initial weights, or an architecture."
        ),
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", dir_okay=False, help="File to write.")
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="For ONNX, a file with the network's state dict, as torch.save writes it.",
            show_default="initial weights",
        ),
    ] = None,
    resolution: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="PX",
            help="With --weights, the side of the images.",
            show_default="the network's own",
        ),
    ] = None,
) -> None:
    """Write an architecture as PyTorch source, as ONNX, or as JSON.

    FILE holds an architecture, or a search request, whose architecture is written.
    """
    if weights is None and resolution is not None:
        refuse("--resolution", [Fault("", "it goes with --weights; a FILE has its own resolution")])
    if weights is not None:
        if form is not Format.ONNX:
            refuse("--weights", [Fault("", "only ONNX holds weights; ask for --format onnx")])
        sized = [] if resolution is None else [f"--resolution={resolution}"]
        _write_onnx(output, ["--source", file, "--weights", str(weights), *sized])
        return
    architecture = read_architecture(file)
    if form is Format.ONNX:
        _write_onnx(output, [], architecture.model_dump_json())
    else:
        text = source(architecture) if form is Format.PY else document(architecture)
        write(text.rstrip("\n"), output)


def _write_onnx(output: Path | None, options: Sequence[str], text: str | None = None) -> None:
    """Have a process that has PyTorch write the file, of a module or of an architecture's text."""
    if lacking := onnx_files.missing():
        fail(lacking)
    if output is None:
        refuse("--output", [Fault("", "an ONNX file is no text; say where to write it with -o")])
    command = onnx_files.command(output, options)
    ended = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        fail(f"{output} could not be written: {last_line(ended.stderr)}")
