"""The tables of jobs and studies as CSV."""

from typing import Annotated

from fastapi import Depends, Path, Response

from app.api.dependencies import ID_PATTERN, TheDatabase
from app.api.encodings import AcceptEncoding
from app.schemas.studies import StudyView
from app.services import job_outlines, studies
from app.web.routes import PageRouter
from app.web.tables import csv
from app.web.training import job_columns, study_columns
from app.web.training.job_page import JobPage

router = PageRouter()

Id = Annotated[str, Path(pattern=ID_PATTERN, max_length=64)]


def _job(id: Id, database: TheDatabase) -> JobPage:  # noqa: A002
    return JobPage(job_outlines.get(database, id))


def _study(id: Id, database: TheDatabase) -> StudyView:  # noqa: A002
    return studies.get(database, id)


TheJob = Annotated[JobPage, Depends(_job)]
TheStudy = Annotated[StudyView, Depends(_study)]


@router.get("/jobs/{id}/networks.csv")
def download_job_networks(it: TheJob, accept_encoding: AcceptEncoding = None) -> Response:
    """The networks of a job with their accuracies."""
    return csv(f"{it.job.id}-networks", job_columns.NETWORKS, [it.networks], accept_encoding)


@router.get("/jobs/{id}/estimates.csv")
def download_job_estimates(it: TheJob, accept_encoding: AcceptEncoding = None) -> Response:
    """What the variants of a job gain."""
    found = [*job_columns.estimates_of(it.experiment.results)]
    return csv(f"{it.job.id}-estimates", job_columns.ESTIMATES, [found], accept_encoding)


@router.get("/jobs/{id}/rungs.csv")
def download_job_rungs(it: TheJob, accept_encoding: AcceptEncoding = None) -> Response:
    """The rungs of successive halving, a line for each variant that one tried."""
    found = [*job_columns.tries_of(it.halving)]
    return csv(f"{it.job.id}-rungs", job_columns.RUNGS, [found], accept_encoding)


@router.get("/studies/{id}/cells.csv")
def download_study_cells(study: TheStudy, accept_encoding: AcceptEncoding = None) -> Response:
    """The cells of a study."""
    return csv(f"{study.id}-cells", study_columns.CELLS, [study.cells], accept_encoding)


@router.get("/studies/{id}/estimates.csv")
def download_study_estimates(study: TheStudy, accept_encoding: AcceptEncoding = None) -> Response:
    """The estimates of all cells of a study."""
    found = map(list, map(study_columns.estimates_of, study.cells))
    return csv(f"{study.id}-estimates", study_columns.ESTIMATES, found, accept_encoding)


@router.get("/studies/{id}/networks.csv")
def download_study_networks(study: TheStudy, accept_encoding: AcceptEncoding = None) -> Response:
    """The networks that a study trained for themselves."""
    return csv(f"{study.id}-networks", study_columns.NETWORKS, [study.networks], accept_encoding)


@router.get("/studies/{id}/feasibility.csv")
def download_study_feasibility(study: TheStudy, accept_encoding: AcceptEncoding = None) -> Response:
    """How many originals of a study have variants."""
    found = [study.feasibility]
    return csv(f"{study.id}-feasibility", study_columns.FEASIBILITY, found, accept_encoding)


@router.get("/studies/{id}/drawn.csv")
def download_study_drawn(study: TheStudy, accept_encoding: AcceptEncoding = None) -> Response:
    """What a study has drawn, a line for each original of a cell."""
    found = map(list, map(study_columns.drawn_in, study.plan.cells if study.plan else ()))
    return csv(f"{study.id}-drawn", study_columns.DRAWN, found, accept_encoding)
