"""Jobs and searches cancelled at random moments, while real processes work on them."""

import logging
import os
import random
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import Select, func, select
from starlette.testclient import TestClient

from app.db import jobs
from app.db.engine import Database
from app.db.models import JobRow, JobRunRow, LateWriteRow, ResultRow, RunRow
from app.states import FINAL, OPEN
from tests.app.api.conftest import serving
from tests.chaos.sizes import IS_FULL
from tests.e2e.processes import descendants, has_none, stop, working
from tests.factories import queued_job, until
from tests.solver.processes.children import endless

logger = logging.getLogger(__name__)

CANCELS = int(os.environ.get("ISOBUDGET_TEST_CANCELS", "4"))
SEARCHES = 20 if IS_FULL else 2
LEASE = 15.0


def run_of(job: str) -> Select[RunRow]:
    return select(RunRow).join(JobRunRow).where(JobRunRow.job_id == job)


def has_come_to(database: Database, job: str, epoch: int) -> bool:
    with database.read() as session:
        return session.scalars(run_of(job)).one().epochs_done >= epoch


def cancelled(database: Database, job: str) -> tuple[bool, RunRow]:
    """Whether a cancel ended the job, and its run as it was before."""
    with database.write() as session:
        run = session.scalars(run_of(job).with_for_update()).one()
        session.expunge(run)
        return jobs.cancel(session, job), run


def end_of(database: Database, job: str) -> Any:
    """What a job is once it has ended, and is to be for ever."""
    with database.read() as session:
        row = jobs.get(session, job)
        return (row.state, row.finished_at) if row.state in FINAL else None


def is_known_and_left(database: Database, worker: int, run: RunRow) -> bool:
    """Whether a worker knows that a run is no longer its own, and nothing trains any more."""
    with database.read() as session:
        is_known = session.get(LateWriteRow, (run.id, run.attempt)) is not None
    return is_known and not trainers(worker)


def trainers(worker: int) -> list[int]:
    """What trains for a worker; it may have other children, which tidy up."""
    found = []
    for pid in descendants(worker):
        with suppress(OSError):
            if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
    return found


def test_a_job_cancelled_at_any_moment_ends_once_and_leaves_no_process(
    database: Database, tmp_path: Path
) -> None:
    moments = random.Random(0)
    ends: dict[str, Any] = {}
    seconds = []
    with working(database, tmp_path, lease=LEASE) as process:
        for number in range(CANCELS):
            epochs = 2 + number if number % 3 == 0 else 10_000 - number
            job = queued_job(database, seeds=1, epochs=epochs).id
            moment = min(epochs, moments.choice((0, 1, 50)))
            until(partial(has_come_to, database, job, moment), process)
            time.sleep(moments.uniform(0, 0.5))

            has_cancelled, run = cancelled(database, job)
            told = time.monotonic()
            ends[job] = end_of(database, job)
            assert ends[job][0] == ("cancelled" if has_cancelled else "succeeded")
            assert not cancelled(database, job)[0]

            if has_cancelled and run.state == "running" and run.epochs_done < run.target_epochs:
                until(partial(is_known_and_left, database, process.pid, run), process)
                seconds.append(time.monotonic() - told)
        assert stop(process) == 0
        until(partial(has_none, process.pid))

    slowest = max(seconds, default=0.0)
    logger.info("%d of %d were training, which ended in %.2f s", len(seconds), CANCELS, slowest)
    assert {job: end_of(database, job) for job in ends} == ends
    with database.read() as session:
        succeeded = select(RunRow.id).where(RunRow.state == "succeeded").order_by(RunRow.id)
        results = select(ResultRow.run_id).order_by(ResultRow.run_id)
        assert session.scalars(succeeded).all() == session.scalars(results).all()
        open_ = select(func.count()).select_from(RunRow).where(RunRow.state.in_(OPEN))
        assert session.scalar(open_) == 0
        assert session.scalar(select(func.count()).select_from(JobRow)) == CANCELS


def solvers() -> set[int]:
    """Processes that solve searches for this one."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            _, parent = stat.read_text().rpartition(")")[2].split()[:2]
            command = stat.with_name("cmdline").read_bytes()
            if int(parent) == os.getpid() and b"solver.processes.child" in command:
                found.add(int(stat.parent.name))
    return found


def has_state(client: TestClient, url: str, state: str) -> bool:
    return bool(client.get(url).json()["state"] == state)


def one_has_ended(processes: set[int]) -> bool:
    return len(processes - solvers()) == 1


def test_a_search_cancelled_at_any_moment_ends_at_once_with_its_process(
    database: Database,
) -> None:
    moments = random.Random(0)
    seconds = []
    with serving(database, 1) as client:
        for _ in range(SEARCHES):
            answer = client.post("/v1/searches", json=endless(), headers={"Prefer": "wait=0"})
            url = answer.headers["Location"]
            until(partial(has_state, client, url, "running"))
            time.sleep(moments.uniform(0, 3))  # it takes a while to load OR-Tools
            before = solvers()
            assert 1 <= len(before) <= 2  # one solves; one more may be ready for the next search
            asked = time.monotonic()

            assert client.delete(url).status_code == 204

            until(partial(one_has_ended, before))
            seconds.append(time.monotonic() - asked)
            assert has_state(client, url, "cancelled")
    assert not solvers()
    logger.info(
        "%d searches were cancelled; their processes ended in %.2f s, the slowest in %.2f s",
        SEARCHES,
        median(seconds),
        max(seconds),
    )
