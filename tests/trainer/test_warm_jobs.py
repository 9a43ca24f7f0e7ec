"""Jobs with a warm start: which weights are kept for how long, and what runs give."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import select

from app.db.engine import Database
from app.db.models import RunRow
from tests.warm_jobs import ask, search
from tests.workers import measures, settings_in
from trainer.worker import Worker

pytestmark = pytest.mark.slow  # trains


def states(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(RunRow.state)))


def test_the_weights_of_an_original_are_kept_until_all_have_started_from_them(
    sqlite_database: Database, tmp_path: Path
) -> None:
    ask(sqlite_database, tmp_path, search(sqlite_database), [0, 1])
    kept = []

    for _ in range(3):  # the original, and each variant
        Worker(sqlite_database, settings_in(tmp_path, lease=60)).work(once=True)
        kept.append([path.name for path in (tmp_path / "checkpoints").iterdir()])

    assert states(sqlite_database) == ["succeeded"] * 6
    assert len(kept[0]) == 1
    assert kept == [kept[0], kept[0], []]


def test_a_later_job_trains_the_original_for_its_weights_and_measures_what_one_job_would(
    sqlite_database: Database, tmp_path: Path, migrated_file: Path
) -> None:
    shutil.copy(migrated_file, tmp_path / "other.sqlite")
    other = Database(f"sqlite:///{tmp_path / 'other.sqlite'}")
    for database, each in ((sqlite_database, [[0], [1]]), (other, [[0, 1]])):
        id_, folder = search(database), tmp_path / str(len(each))
        for variants in each:
            asked = ask(database, tmp_path, id_, variants)
            Worker(database, settings_in(folder, lease=60)).work(exit_when_idle=True)

        assert [run.starts_from for run in asked[-2:]] == [run.id for run in asked[:2]]
        assert [path.name for path in (folder / "checkpoints").iterdir()] == []

    assert states(sqlite_database) == states(other) == ["succeeded"] * 6
    assert measures(sqlite_database) == measures(other)
    other.close()
