"""A job's results so far, from what is recorded of its runs."""

from sqlalchemy.orm import Session

from app.db import jobs
from app.db.jobs import JobRun
from app.db.models import JobRow
from app.db.results import Results
from trainer.statistics import Network, Run, summarise


def summary(session: Session, job: JobRow) -> Results:
    """Estimate what a job's variants gain, from the runs that have ended."""
    networks: dict[int | None, list[JobRun]] = {}
    for item in jobs.runs(session, job.id, after=None, limit=None)[0]:
        networks.setdefault(item.link.variant_position, []).append(item)
    original, *variants = (_network(position, runs) for position, runs in networks.items())
    return summarise(original, variants)


def _network(position: int | None, items: list[JobRun]) -> Network:
    name = "original" if position is None else f"{items[0].link.search_id}-{position}"
    ended = tuple(
        Run(item.run.seed, item.result.test_accuracy, item.result.validation_accuracy)
        for item in items
        if item.result
    )
    return Network(name, items[0].run.resolution, ended)
