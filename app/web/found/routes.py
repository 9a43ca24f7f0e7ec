"""``/searches/{id}``: a search, its plot, and what can be done with it.

What computes with columns is imported where it is needed, since it loads numpy.
"""

from typing import Annotated, Any

from fastapi import Depends, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from app.api.dependencies import ID_PATTERN, TheAsking, TheDatabase, TheSettings
from app.api.encodings import AcceptEncoding
from app.services import jobs, searches
from app.web import forms
from app.web.found import asked, sent, training
from app.web.found.asking import tolerant
from app.web.found.nearest import NEAREST, near
from app.web.found.views import MOST_COLUMNS, View, Zoom
from app.web.pages import page
from app.web.routes import PageRouter
from app.web.tables import csv

router = PageRouter()

Id = Annotated[str, Path(pattern=ID_PATTERN, max_length=64)]
TheView = Annotated[View, Depends()]
TheZoom = Annotated[Zoom, Depends()]


@router.get("/searches/{id}")
def show_search(
    request: Request,
    id: Id,  # noqa: A002
    view: TheView,
    database: TheDatabase,
    settings: TheSettings,
) -> Response:
    """A search: what was asked, how it went, and what it found."""
    from app.web.found.looking import look

    looked = look(database, id, view, settings.data_dir)
    shown: dict[str, Any] = {"looked": looked, "search": looked.search, "view": view}
    return page(request, "search.html", **shown, asked=asked, near=near, most_columns=MOST_COLUMNS)


@router.get("/searches/{id}/plot")
def get_plot(
    id: Id,  # noqa: A002
    view: TheView,
    zoom: TheZoom,
    database: TheDatabase,
    accept_encoding: AcceptEncoding = None,
) -> Response:
    """The plot of a search's variants, as a figure of Plotly, for a part that is zoomed to."""
    from app.web.found.looking import figure

    return sent.figure(figure(database, id, view, zoom), accept_encoding)


@router.get("/searches/{id}/variants.csv")
def download_shown_variants(
    id: Id,  # noqa: A002
    view: TheView,
    database: TheDatabase,
    accept_encoding: AcceptEncoding = None,
) -> Response:
    """The variants that pass the filters, on all pages of the table, in its order."""
    from app.web.found.spreadsheet import spreadsheet

    columns, parts = spreadsheet(database, id, view)
    return csv(f"{id}-shown", columns, parts, accept_encoding)


@router.get("/searches/{id}/nearest.csv")
def download_nearest(
    id: Id,  # noqa: A002
    database: TheDatabase,
    accept_encoding: AcceptEncoding = None,
) -> Response:
    """The networks that come nearest where there is no variant."""
    found = [*near(searches.without_variants(database, id).explanation)]
    return csv(f"{id}-nearest", NEAREST, [found], accept_encoding)


@router.post("/searches/{id}/cancel")
def cancel_search(id: Id, database: TheDatabase) -> Response:  # noqa: A002
    """Cancel a search that goes on."""
    searches.cancel(database, id)
    return RedirectResponse(f"/searches/{id}", 303)


@router.post("/searches/{id}/tolerate")
def tolerate(id: Id, asking: TheAsking) -> Response:  # noqa: A002
    """Ask for the same search with the smallest tolerance that opens a solution."""
    request = tolerant(searches.without_variants(asking.database, id))
    new = searches.ask(asking.database, asking.solvers, request, None, asking.most_queued)
    return RedirectResponse(f"/searches/{new.id}", 303)


@router.post("/searches/{id}/train")
async def train(
    request: Request,
    id: Id,  # noqa: A002
    database: TheDatabase,
    settings: TheSettings,
) -> Response:
    """Train variants that were chosen."""
    job = training.job_of(id, await forms.read(request))
    new = await run_in_threadpool(jobs.create, database, job, None, settings.data_dir)
    return RedirectResponse(f"/jobs/{new}", 303)
