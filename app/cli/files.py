"""Reads the JSON files of users, and puts into words what schemas refuse in them."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from app.cli.console import fail, refuse
from app.cli.modules import LIBRARIES, imported
from app.errors import Fault
from app.json_reader import UnreadableError, read
from solver.network.architecture import Architecture
from solver.network.schema import Place
from solver.network.sentences import sentence

STDIN = "-"
FACTORY = "; a network of your own code is imported first, by isobudget import"
FILE_HELP = "A JSON file, or torchvision:NAME or timm:NAME; - reads standard input."


def read_json(file: str) -> Any:
    """Parse a file, or standard input for ``-``; if that fails, the command ends.

    Networks of torchvision and timm are imported instead, at their own resolution.
    """
    if file.startswith(LIBRARIES):
        return imported(file).architecture
    try:
        return read(sys.stdin.buffer.read() if file == STDIN else Path(file).read_bytes())
    except OSError as missing:
        remedy = FACTORY if ".py:" in file else ""
        return refuse(shown(file), [Fault("", f"it cannot be read: {missing.strerror}{remedy}")])
    except json.JSONDecodeError as broken:
        place = f"line {broken.lineno}, column {broken.colno}"
        return refuse(shown(file), [Fault(place, f"not JSON: {broken.msg}")])
    except UnreadableError as broken:
        faults = [Fault("/".join(map(str, place)), reason) for place, reason in broken.faults]
        return refuse(shown(file), faults)


def read_architecture(file: str) -> Architecture:
    """Read an architecture, or that of a search request; if it is invalid, the command ends."""
    content = read_json(file)
    if isinstance(content, dict):
        content = content.get("architecture", content)
    try:
        return Architecture.model_validate(content)
    except ValidationError as invalid:
        return refuse(shown(file), faults_of(invalid, lambda place: "/".join(map(str, place))))


def write(text: str, output: Path | None) -> None:
    """Write text to a file, or to standard output; if that fails, the command ends."""
    if output is None:
        sys.stdout.write(f"{text}\n")
        return
    try:
        output.write_text(f"{text}\n", encoding="utf-8")
    except OSError as failed:
        fail(f"{output} cannot be written: {failed.strerror}")


def shown(file: str) -> str:
    """The name of a file in messages."""
    return "standard input" if file == STDIN else file


def faults_of(invalid: ValidationError, name: Callable[[Place], str]) -> list[Fault]:
    """All that a schema refuses, in words; ``name`` gives the user's name for a place."""
    return [Fault(name(details["loc"]), sentence(details)) for details in invalid.errors()]
