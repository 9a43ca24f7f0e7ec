"""The routes of these pages.

What computes with gains is imported where it is needed, since it loads numpy.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from app.api.dependencies import ID_PATTERN, TheClosing, TheDatabase
from app.api.encodings import AcceptEncoding
from app.api.streams import stream_of
from app.db.engine import Database
from app.services import job_changes, job_outlines, jobs, studies, study_runs
from app.services.study_arms import Role
from app.states import RunState
from app.ui.report import render
from app.ui.studies.cells import place_of
from app.web.pages import page
from app.web.routes import PageRouter
from app.web.training.job_page import JobPage
from app.web.training.reports import report, study_report

if TYPE_CHECKING:
    from app.web.training.study_page import StudyPage

router = PageRouter()

ROLES: Final[Mapping[Role, str]] = {
    "original": "original",
    "variant": "variant of original",
    "upsampled": "variant with no more detail, of original",
    "retrained": "further training of original",
    "same_resolution": "variant of the same resolution, of original",
}
"""What a run of a study is for; the original's number follows."""

Id = Annotated[str, Path(pattern=ID_PATTERN, max_length=64)]


@router.get("/jobs/{id}")
def show_job(request: Request, id: Id, database: TheDatabase) -> Response:  # noqa: A002
    """A job: how far it is, and what it has found."""
    outline = job_outlines.get(database, id)
    return page(request, "job.html", it=JobPage(outline), standing=outline)


@router.get("/jobs/{id}/progress")
def show_job_progress(request: Request, id: Id, database: TheDatabase) -> Response:  # noqa: A002
    """The part of a job's page that says how far it is."""
    return page(request, "job_progress.html", standing=job_outlines.standing(database, id))


@router.get("/jobs/{id}/results")
def show_job_results(request: Request, id: Id, database: TheDatabase) -> Response:  # noqa: A002
    """The part of a job's page that shows what it has found."""
    return page(request, "job_results.html", it=JobPage(job_outlines.get(database, id)))


@router.get("/jobs/{id}/runs/{network}")
def show_job_runs(
    request: Request,
    id: Id,  # noqa: A002
    network: Id,
    database: TheDatabase,
) -> Response:
    """The runs of one network of a job."""
    it = JobPage(job_outlines.get(database, id))
    return page(request, "job_runs.html", it=it, network=it.network(network))


@router.get("/jobs/{id}/changes")
def follow_job_page(id: Id, database: TheDatabase, closing: TheClosing) -> Response:  # noqa: A002
    """Server-sent events that say when the job's page is out of date."""
    return stream_of(job_changes.stream(database, id, closing), is_over=False)


@router.post("/jobs/{id}/cancel")
def cancel_job_from_page(id: Id, database: TheDatabase) -> Response:  # noqa: A002
    """End a job."""
    return RedirectResponse(f"/jobs/{jobs.cancel(database, id).id}", 303)


@router.post("/jobs/{id}/retry")
def retry_job_from_page(id: Id, database: TheDatabase) -> Response:  # noqa: A002
    """Queue what failed in a job once more."""
    return RedirectResponse(f"/jobs/{jobs.retry(database, id).id}", 303)


@router.get("/jobs/{id}/report")
def show_job_report(
    id: Id,  # noqa: A002
    database: TheDatabase,
    accept_encoding: AcceptEncoding = None,
) -> Response:
    """The job's report as one file."""
    html = render(JobPage(job_outlines.get(database, id)).experiment)
    return report(html, f"job-{id}", accept_encoding)


@router.get("/studies/{id}")
def show_study(request: Request, id: Id, database: TheDatabase) -> Response:  # noqa: A002
    """A study: its plan, how far it is, and what it has found."""
    return page(request, "study.html", it=_study(database, id))


@router.get("/studies/{id}/progress")
def show_study_progress(request: Request, id: Id, database: TheDatabase) -> Response:  # noqa: A002
    """The part of a study's page that says how far it is."""
    return page(request, "study_progress.html", it=_study(database, id))


@router.get("/studies/{id}/results")
def show_study_results(request: Request, id: Id, database: TheDatabase) -> Response:  # noqa: A002
    """The part of a study's page that shows what it has found."""
    return page(request, "study_results.html", it=_study(database, id))


@router.get("/studies/{id}/runs")
def show_study_runs(
    request: Request,
    id: Id,  # noqa: A002
    database: TheDatabase,
    state: RunState | None = None,
    after: Annotated[int | None, Query(ge=0)] = None,
) -> Response:
    """The runs of a study, of one state if it is given, after a position."""
    found = study_runs.page(database, id, state, after)
    return page(
        request,
        "study_runs.html",
        id=id,
        found=found,
        state=state,
        place_of=place_of,
        roles=ROLES,
    )


@router.post("/studies/{id}/cancel")
def cancel_study_from_page(id: Id, database: TheDatabase) -> Response:  # noqa: A002
    """End a study."""
    return RedirectResponse(f"/studies/{studies.cancel(database, id).id}", 303)


@router.post("/studies/{id}/again")
def ask_again_from_page(id: Id, database: TheDatabase) -> Response:  # noqa: A002
    """Ask for the same study again, which tries what failed."""
    return RedirectResponse(f"/studies/{studies.ask_again(database, id)}", 303)


@router.get("/studies/{id}/report")
def show_study_report(
    id: Id,  # noqa: A002
    database: TheDatabase,
    accept_encoding: AcceptEncoding = None,
) -> Response:
    """The study's report as one file."""
    return report(study_report(database, id), f"study-{id}", accept_encoding)


def _study(database: Database, id_: str) -> "StudyPage":
    from app.web.training.study_page import StudyPage

    return StudyPage(studies.get(database, id_))
