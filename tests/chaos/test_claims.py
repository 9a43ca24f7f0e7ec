"""Many processes claim at once from a table that the planner believes to be empty."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.db import runs
from app.db.engine import Database
from app.db.models import RunRow
from tests.chaos.nemesis import processes
from tests.chaos.sizes import IS_FULL
from tests.databases import statistics_of_an_empty_table
from tests.factories import queued_job

PROCESSES, JOBS = 16, 100 if IS_FULL else 4
"""A job has 100 runs."""


def _claim_all(url: str, begin: Any, file: Path) -> None:
    database = Database(url)
    begin.wait()
    with file.open("w") as lines:
        while True:
            with database.write() as session:
                held = runs.claim(session, file.name, lease=600)
            if not held:
                break
            lines.writelines(f"{claim.id}\n" for claim in held)
    database.close()


@pytest.mark.postgres
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_sixteen_processes_claim_each_run_once_with_statistics_of_an_empty_table(
    database: Database, tmp_path: Path
) -> None:
    with statistics_of_an_empty_table(database, "runs"):
        for number in range(JOBS):
            queued_job(database, seeds=5, variants=range(19), tag=f"digits-{number}")
        files = claimed_by_all(database, tmp_path)

    claimed = [line for file in files for line in file.read_text().splitlines()]
    assert len(claimed) == len(set(claimed)) == 100 * JOBS
    with database.read() as session:
        assert set(session.scalars(select(RunRow.attempt))) == {1}


def claimed_by_all(database: Database, folder: Path) -> list[Path]:
    """Have all processes claim at once, until nothing is left; what each of them got."""
    url = database.url.render_as_string(hide_password=False)
    begin = processes.Barrier(PROCESSES)
    files = [folder / f"process-{number}" for number in range(PROCESSES)]

    claiming = [processes.Process(target=_claim_all, args=(url, begin, file)) for file in files]
    for process in claiming:
        process.start()
    for process in claiming:
        process.join()
    assert [process.exitcode for process in claiming] == [0] * PROCESSES
    return files
