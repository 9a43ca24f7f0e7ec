"""The files of ``examples/`` that the service and the demo show, wherever the app is installed."""

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

_HERE: Final = Path(__file__).parent
INSTALLED: Final = _HERE / "examples"
"""Where ``setup.py`` puts them in a wheel."""
CHECKED_OUT: Final = _HERE.parent / "examples"


def example(name: str) -> Any:
    """Parse an example: ``example("digits-search")`` reads ``digits-search.json``.

    Raises
    ------
    FileNotFoundError
        There is no such example.
    """
    return json.loads((_folder() / f"{name}.json").read_text(encoding="utf-8"))


@cache
def names() -> tuple[str, ...]:
    """The names of all examples, sorted."""
    return tuple(sorted(path.stem for path in _folder().glob("*.json")))


def _folder() -> Path:
    return INSTALLED if INSTALLED.is_dir() else CHECKED_OUT
