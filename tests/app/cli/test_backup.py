import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from app.config import settings
from tests.app.cli.conftest import Isobudget


def number_of_tables(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        found: int = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        return found


def test_a_database_is_backed_up_and_restored_under_another_name(
    isobudget: Isobudget, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isobudget("migrate").exit_code == 0
    file, other = database.with_name("copy"), database.with_name("other.sqlite")

    made = isobudget("backup", file)
    monkeypatch.setenv("ISOBUDGET_DATABASE_URL", f"sqlite:///{other}")
    settings.cache_clear()
    restored = isobudget("restore", file)

    assert (made.exit_code, restored.exit_code) == (0, 0), made.output + restored.output
    assert f"{file.stat().st_size:,} bytes" in made.stdout
    assert str(other) in restored.stdout
    assert restored.stderr == ""
    assert number_of_tables(other) == number_of_tables(database) > 0


def test_an_older_backup_says_that_it_must_be_migrated(
    isobudget: Isobudget, database: Path
) -> None:
    file = database.with_name("old")
    isobudget("migrate", "--revision", "c4ed644a0307")
    isobudget("backup", file)

    restored = isobudget("restore", file)

    assert restored.exit_code == 0
    assert "isobudget migrate" in restored.stderr


@pytest.mark.usefixtures("database")
def test_what_is_refused_ends_with_code_1_and_the_remedy(
    isobudget: Isobudget, tmp_path: Path
) -> None:
    isobudget("migrate")
    file = tmp_path / "taken"
    file.write_text("precious")

    for command, remedy in (("backup", "--force"), ("restore", "isobudget backup")):
        refused = isobudget(command, file)
        assert refused.exit_code == 1
        assert remedy in refused.stderr
    assert isobudget("restore", tmp_path / "missing").exit_code == 1


def test_a_server_that_is_away_is_named(
    isobudget: Isobudget, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = "postgresql+psycopg://nobody@127.0.0.1:1/none"
    monkeypatch.setenv("ISOBUDGET_DATABASE_URL", url)
    settings.cache_clear()

    refused = isobudget("backup", tmp_path / "file")

    settings.cache_clear()
    assert refused.exit_code == 1
    assert "ISOBUDGET_DATABASE_URL" in refused.stderr
