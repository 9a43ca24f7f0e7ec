"""How commands print and end: results go to standard output, all else to standard error."""

from collections.abc import Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Final, NoReturn

import typer
from rich.console import Console

from app.errors import Fault, printable

if TYPE_CHECKING:
    from app.config import Settings

out = Console(markup=False, emoji=False, highlight=False)
notes = Console(stderr=True, markup=False, emoji=False, highlight=False)


class ExitCode(IntEnum):
    """How a command ended."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    INFEASIBLE = 3
    TIMED_OUT = 4


def fail(message: str) -> NoReturn:
    """Say why there is no result, and end with exit code 1."""
    _say_error(message)
    raise typer.Exit(ExitCode.FAILED)


MOST_LINES: Final = 200
"""Faults that are listed."""
MOST_CHARACTERS: Final = 2_000
"""Length of a fault's line."""


def refuse(source: str, faults: Sequence[Fault]) -> NoReturn:
    """List what is wrong with what the user gave, and end with exit code 2.

    A fault's pointer is a place in the source, such as ``layers/3``; it is empty for the source.
    """
    number = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    _say_error(f"{source}: {number}")
    for fault in faults[:MOST_LINES]:
        place = f"{fault.pointer}: " if fault.pointer else ""
        line = printable(f"{place}{fault.detail}")
        shown = line if len(line) <= MOST_CHARACTERS else f"{line[: MOST_CHARACTERS - 1]}…"
        notes.print(f"  {shown}", soft_wrap=True)
    if len(faults) > MOST_LINES:
        notes.print(f"  and {len(faults) - MOST_LINES:,} more")
    raise typer.Exit(ExitCode.USAGE)


def settings() -> "Settings":
    """Read the settings of the environment; if they have faults, list these (exit code 2)."""
    from pydantic import ValidationError

    from app.config import settings as read_settings
    from solver.network.sentences import sentence

    try:
        return read_settings()
    except ValidationError as invalid:
        faults = [
            Fault(f"ISOBUDGET_{details['loc'][0]}".upper(), sentence(details))
            for details in invalid.errors()
        ]
    refuse("the environment", faults)


def _say_error(message: str) -> None:
    notes.print("error: ", style="bold red", end="")
    notes.print(message, soft_wrap=True)
