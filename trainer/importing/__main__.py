"""``python -m trainer.importing SOURCE``: imports a module for the command line.

Prints one JSON object: ``{"architecture": …, "unused": …}``, or ``{"refused": reason}``.
"""

import argparse
import contextlib
import json
import sys
from typing import Any

from trainer.importing import NotImportableError, import_module
from trainer.importing.sources import named, shape_of


def main() -> None:
    """Import what the arguments name."""
    parser = argparse.ArgumentParser(prog="python -m trainer.importing")
    parser.add_argument("source")
    parser.add_argument("--resolution", type=int)
    parser.add_argument("--channels", type=int)
    given = parser.parse_args()
    with contextlib.redirect_stdout(sys.stderr):  # where a user's factory prints
        try:
            answer = _imported(given.source, given.resolution, given.channels)
        except NotImportableError as refused:
            answer = {"refused": str(refused)}
    json.dump(answer, sys.stdout)


def _imported(source: str, resolution: int | None, channels: int | None) -> dict[str, Any]:
    found = named(source)
    imported = import_module(found.module, shape_of(found, resolution, channels), found.name)
    document = imported.architecture.model_dump(mode="json", exclude_none=True)
    return {"architecture": document, "unused": dict(imported.unused)}


if __name__ == "__main__":
    main()
