"""A service on one machine to measure with: a database, folders, and a worker in this process."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import func, select

from app.config import settings
from app.db import searches
from app.db.engine import Database
from app.db.models import JobRunRow, ResultRow, RunRow
from app.db.schema import migrate
from app.schemas.requests import JobRequest, SearchRequest
from app.schemas.results import Results
from app.services import jobs
from app.services.searches import create
from solver.answers.search import solve
from solver.network.architecture import Architecture
from solver.problem import SolveRequest
from trainer.attempt import WorkerSettings
from trainer.worker import Worker


def need_mnist() -> None:
    """Exit with a message if MNIST is missing."""
    folder = settings().data_dir / "MNIST" / "raw"
    if not folder.is_dir():
        sys.exit(f"MNIST is not in {folder}; set ISOBUDGET_DATA_DIR to the folder that holds it")


class Workplace:
    """A database that is empty at first; what is trained stays in a temporary folder."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self._folder = folder

    def searched(self, body: dict[str, Any]) -> str:
        """Solve a search, and return its id."""
        search_id = create(self.database, SearchRequest.model_validate(body), key=None)
        request = SolveRequest.model_validate(body)
        answer = solve(request.problem, request.settings)
        with self.database.write() as session:
            claimed = searches.claim(session, grace=60)
            assert claimed is not None
            searches.record(session, search_id, claimed.attempt, answer)
        return search_id

    def queued(self, body: dict[str, Any]) -> str:
        """Queue a job, and return its id."""
        request = JobRequest.model_validate(body)
        return jobs.create(self.database, request, key=None, data_dir=settings().data_dir)

    def worked_off(self, workers: int = 1) -> None:
        """Train all that is queued, in ``workers`` processes of one thread each."""
        with ThreadPoolExecutor(workers) as pool:
            for done in [pool.submit(self._work, f"benchmark-{n}") for n in range(workers)]:
                done.result()

    def _work(self, name: str) -> None:
        worker = Worker(
            self.database,
            WorkerSettings(
                name=name,
                data_dir=settings().data_dir,
                cache_dir=settings().cache_dir,
                checkpoints=str(self._folder / "checkpoints"),
                lease=settings().lease,
                poll=settings().poll,
                threads=1,
            ),
        )
        worker.work(exit_when_idle=True)

    def results(self, job_id: str) -> Results:
        """Return the results of a job that has succeeded."""
        job = jobs.get(self.database, job_id)
        assert job.state == "succeeded", job.error
        assert job.results is not None
        return job.results

    def seconds(self, job_id: str) -> tuple[float, float]:
        """Return a job's seconds from the first claim to the last result, and those in training."""
        mine = select(JobRunRow.run_id).where(JobRunRow.job_id == job_id)
        with self.database.read() as session:
            started, finished = session.execute(
                select(func.min(RunRow.started_at), func.max(RunRow.finished_at)).where(
                    RunRow.id.in_(mine)
                )
            ).one()
            trained = session.scalar(
                select(func.sum(ResultRow.seconds)).where(ResultRow.run_id.in_(mine))
            )
        assert started is not None
        assert finished is not None
        return (finished - started).total_seconds(), float(trained or 0.0)


@contextmanager
def workplace() -> Iterator[Workplace]:
    """Set up a service of its own, which leaves nothing behind."""
    with TemporaryDirectory() as folder:
        path = Path(folder)
        with closing(Database(f"sqlite:///{path / 'isobudget.sqlite'}")) as database:
            migrate(database)
            yield Workplace(database, path)


def overhead(original: Architecture, epochs: int) -> float:
    """Return the share of a job's time in which nothing is trained.

    The job trains an original and four variants on MNIST. A small job before it starts the training
    process and reads the data.
    """
    search = {
        "architecture": original.model_dump(mode="json"),
        "approach": "IV",
        "budget": "params",
        "tolerance": 0.02,
        "ranges": {"resolution": [original.resolution + 1, 28]},
        "find": {"sample": 100, "seed": 0},
    }
    with workplace() as place:
        job = {"search_id": place.searched(search), "dataset": "mnist"}
        few = {"variants": {"select": "random", "count": 1}, "seeds": 1, "training_images": 1_000}
        place.queued({**job, **few, "epochs": 1})
        measured = place.queued({**job, "seeds": 3, "epochs": epochs})
        place.worked_off()
        whole, trained = place.seconds(measured)
    return 1 - trained / whole
