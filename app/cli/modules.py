"""PyTorch modules that a command names, imported in a process that has PyTorch."""

import json
import subprocess
import sys
from typing import Any, Final, NamedTuple

from app.cli.console import fail, refuse
from app.cli.work import require_trainer
from app.errors import Fault, last_line

LIBRARIES: Final = ("torchvision:", "timm:")
"""What the name of a library's network begins with."""


class ImportedModule(NamedTuple):
    """An architecture's document, and parameters that feed no output, by what holds them."""

    architecture: dict[str, Any]
    unused: dict[str, int]


def imported(
    source: str, resolution: int | None = None, channels: int | None = None
) -> ImportedModule:
    """Import ``torchvision:NAME``, ``timm:NAME`` or ``FILE.py:FACTORY``; if it fails, end."""
    require_trainer("importing")
    sizes = {"--resolution": resolution, "--channels": channels}
    options = [f"{name}={size}" for name, size in sizes.items() if size is not None]
    command = [sys.executable, "-m", "trainer.importing", source, *options]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        fail(f"{source} could not be imported: {last_line(ended.stderr)}")
    answer = json.loads(ended.stdout)
    if "refused" in answer:
        refuse(source, [Fault("", answer["refused"])])
    return ImportedModule(answer["architecture"], answer["unused"])
