"""What docs/client.md and the README show of the client works, and prints what they say."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.client import Client
from app.db.engine import Database
from tests.e2e.processes import Restartable, working

ROOT = Path(__file__).parents[2]
CLAIM = re.compile(r"print\(.*\)  # (.*)$")
"""A line that prints, and what it prints; ``…`` stands for anything."""


def code_of(page: Path) -> str:
    """The Python of a page that uses the client; lines keep their numbers."""
    kept, inside = [], False
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            inside = line == "```python"
        kept.append(line if inside and not line.startswith("```") else "")
    return "\n".join(kept)


def printing(said: dict[int, str]) -> Callable[..., None]:
    """A ``print`` that remembers what each line printed first."""

    def print_(*values: Any) -> None:
        said.setdefault(sys._getframe(1).f_lineno, " ".join(map(str, values)))

    return print_


@pytest.mark.parametrize("name", ["docs/client.md", "README.md"])
def test_the_client_does_what_the_page_says(
    name: str, sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = code_of(ROOT / name)
    claims = {
        number: claim[1]
        for number, line in enumerate(code.splitlines(), start=1)
        if (claim := CLAIM.search(line))
    }
    said: dict[int, str] = {}
    monkeypatch.chdir(ROOT)
    with (
        Restartable(sqlite_database, tmp_path / "log") as service,
        working(sqlite_database, tmp_path),
    ):
        with Client(service.url) as client:
            client.wait_until_ready()
        monkeypatch.setenv("ISOBUDGET_URL", service.url)
        exec(compile(code, name, "exec"), {"print": printing(said)})

    assert claims
    for number, claimed in claims.items():
        pattern = ".*".join(map(re.escape, claimed.split("…")))
        assert re.fullmatch(pattern, said[number]), (number, claimed, said[number])
