"""A job that has ended, with all that is known of it, and its report in a folder."""

from pathlib import Path
from typing import Final

from app.client import Client, Job, Search
from app.ui.charts.curves import curves_of
from app.ui.experiment import Experiment
from app.ui.report import render

REPORT: Final = "report.html"


def experiment_of(client: Client, search: Search, job: Job) -> Experiment:
    """Fetch everything about a job of a search."""
    runs = list(job.runs())
    return Experiment(
        search=search.view,
        job=job.view,
        runs=runs,
        variants=[client.variant(it.variant_id).view for it in job.results.variants],
        curves=curves_of(runs),
        name=client.architecture(search.original.id).architecture.name,
    )


def write_report(experiment: Experiment, folder: Path) -> Path:
    """Write a job's report into a folder, and return its path."""
    path = (folder / REPORT).resolve()
    path.write_text(render(experiment), encoding="utf-8")
    return path
