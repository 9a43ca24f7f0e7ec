"""Jobs cancelled at random moments while real workers train them."""

import os
import random
import time
from functools import partial
from pathlib import Path

from sqlalchemy import func, select

from app.db import jobs
from app.db.engine import Database
from app.db.models import JobRow, ResultRow, RunRow
from tests.e2e.processes import until
from tests.e2e.test_worker_life import _has_none, working
from tests.factories import queued_job

CANCELS = int(os.environ.get("ISOBUDGET_TEST_CANCELS", "10"))


def has_ended(database: Database, id_: str) -> bool:
    with database.read() as session:
        return jobs.get(session, id_).state in jobs.ENDED


def test_a_job_cancelled_at_any_moment_ends_once_and_leaves_no_process(
    database: Database, tmp_path: Path
) -> None:
    moments = random.Random(0)
    with working(database, tmp_path, "--max-time", "600") as process:
        for number in range(CANCELS):
            job = queued_job(database, seeds=1, epochs=2 + number)
            time.sleep(moments.uniform(0, 1))
            for _ in range(2):
                with database.write() as session:
                    jobs.cancel(session, job.id)
            until(partial(has_ended, database, job.id), 5)
        process.terminate()
        assert process.wait(10) == 0
        until(partial(_has_none, process.pid), 2)

    with database.read() as session:
        states = list(session.scalars(select(JobRow.state)))
        results = session.scalar(select(func.count()).select_from(ResultRow))
        ended_well = session.scalar(
            select(func.count()).select_from(RunRow).where(RunRow.state == "succeeded")
        )
        open_ = session.scalar(
            select(func.count()).select_from(RunRow).where(RunRow.state.in_(("queued", "running")))
        )
    assert len(states) == CANCELS
    assert set(states) <= {"cancelled", "succeeded"}
    assert results == ended_well
    assert open_ == 0
