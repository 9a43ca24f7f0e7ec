"""Architectures and requests that can be posted as they are."""

import json
from importlib.resources import files
from typing import Any


def load(name: str) -> Any:
    """Parse an example: ``load("digits-search")`` reads ``digits-search.json``.

    Raises
    ------
    FileNotFoundError
        There is no such example.
    """
    return json.loads((files(__package__) / f"{name}.json").read_text(encoding="utf-8"))
