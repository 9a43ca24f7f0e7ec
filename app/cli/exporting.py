"""``isobudget export``."""

import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.cli.console import fail, refuse
from app.cli.documents import document
from app.cli.files import FILE_HELP, read_architecture, write
from app.cli.modules import last_line
from app.cli.work import require_trainer
from app.errors import Fault
from solver.network.architecture import Architecture
from solver.source import source


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
) -> None:
    """Write an architecture as PyTorch source, as ONNX, or as JSON.

    FILE holds an architecture, or a search request, whose architecture is written.
    """
    architecture = read_architecture(file)
    if form is Format.ONNX:
        _write_onnx(architecture, output)
    else:
        text = source(architecture) if form is Format.PY else document(architecture)
        write(text.rstrip("\n"), output)


def _write_onnx(architecture: Architecture, output: Path | None) -> None:
    """Have a process that has PyTorch write the file; its weights are PyTorch's initial ones."""
    require_trainer("ONNX")
    if output is None:
        refuse("--output", [Fault("", "an ONNX file is no text; say where to write it with -o")])
    command = [sys.executable, "-m", "trainer.exporting", str(output)]
    text = architecture.model_dump_json()
    ended = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if "No module named 'onnx" in ended.stderr:
        fail("ONNX needs its own packages, which are not installed: pip install 'isobudget[onnx]'")
    if ended.returncode != 0:
        fail(f"{output} could not be written: {last_line(ended.stderr)}")
