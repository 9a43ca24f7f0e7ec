from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app import logs
from app.cli import app
from app.cli.console import notes, out
from app.config import settings

Isobudget = Callable[..., Result]


@pytest.fixture
def isobudget(monkeypatch: pytest.MonkeyPatch) -> Isobudget:
    """Run the command line with these arguments, on a terminal that is wide enough."""
    monkeypatch.setenv("COLUMNS", "160")
    for console in (out, notes):  # they keep the width that was set when they were made
        monkeypatch.setattr(console, "_width", None)
    monkeypatch.setattr(logs, "set_up", lambda _: None)  # it is for a whole process

    def run(*arguments: object, stdin: str | None = None) -> Result:
        return CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)

    return run


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file of a SQLite database that the settings name."""
    path = tmp_path / "isobudget.sqlite"
    monkeypatch.setenv("ISOBUDGET_DATABASE_URL", f"sqlite:///{path}")
    settings.cache_clear()
    yield path
    settings.cache_clear()
