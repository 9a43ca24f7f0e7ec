"""The lists, the workers, and the data sets."""

from typing import Annotated, Any, Final

from fastapi import Query, Request, Response
from fastapi.responses import RedirectResponse

from app.api.dependencies import TheDatabase, TheSettings
from app.schemas.workers import WorkerState
from app.services import datasets, jobs, named_networks, searches, studies, variant_table, workers
from app.ui.sentences import points
from app.web.browsing import scatter
from app.web.browsing.queries import (
    PAGE,
    Id,
    JobsQuery,
    NetworksQuery,
    SearchesQuery,
    StudiesQuery,
    VariantsQuery,
)
from app.web.browsing.words import tolerance
from app.web.pages import page
from app.web.routes import PageRouter

MOST_WORKERS: Final = 200
MOST_LOST: Final = 20
WORKERS_ORDER: Final[tuple[WorkerState, ...]] = ("silent", "busy", "idle", "stopped")

router = PageRouter()


@router.get("/searches")
def list_searches(
    request: Request, query: Annotated[SearchesQuery, Query()], database: TheDatabase
) -> Response:
    """Searches, the newest first."""
    found = searches.newest(database, query.cursor, PAGE, **query.filter)
    names = named_networks.names(database, {it.original.id for it in found.items})
    shown: dict[str, Any] = {"found": found, "names": names, "tolerance": tolerance}
    return page(request, "searches.html", query=query, **shown)


@router.get("/jobs")
def list_jobs(
    request: Request,
    query: Annotated[JobsQuery, Query()],
    database: TheDatabase,
    settings: TheSettings,
) -> Response:
    """Jobs, the newest first."""
    found = jobs.newest(database, query.cursor, PAGE, **query.wanted)
    origins = named_networks.origins(database, {it.request.search_id for it in found.items})
    shown: dict[str, Any] = {"found": found, "origins": origins, "points": points}
    names = datasets.names(settings.data_dir)
    return page(request, "jobs.html", query=query, datasets=names, **shown)


@router.get("/studies")
def list_studies(
    request: Request,
    query: Annotated[StudiesQuery, Query()],
    database: TheDatabase,
    settings: TheSettings,
) -> Response:
    """Studies, the newest first."""
    found = studies.newest(database, query.cursor, PAGE, **query.wanted)
    names = datasets.names(settings.data_dir)
    return page(request, "studies.html", found=found, query=query, datasets=names)


@router.get("/networks")
def list_networks(
    request: Request, query: Annotated[NetworksQuery, Query()], database: TheDatabase
) -> Response:
    """Networks, the newest first."""
    found = named_networks.newest(database, query.cursor, PAGE, **query.asked)
    return page(request, "networks.html", found=found, query=query)


@router.get("/variants")
def list_variants(
    request: Request,
    query: Annotated[VariantsQuery, Query()],
    database: TheDatabase,
    settings: TheSettings,
) -> Response:
    """All variants that pass a filter, with their accuracies and a plot."""
    found = variant_table.page(database, query.filter, query.sort, query.cursor, query.limit)
    chart = scatter.chart(found.items, query.x, query.y)
    names = datasets.names(settings.data_dir)
    return page(request, "variants.html", found=found, chart=chart, query=query, datasets=names)


@router.get("/compare/chosen")
def compare_chosen(ids: Annotated[list[Id], Query(default_factory=list)]) -> Response:
    """Go on to the page that compares the variants that were ticked, whose address is shorter."""
    return RedirectResponse(f"/compare?ids={','.join(ids)}" if ids else "/compare", 303)


@router.get("/workers")
def show_workers(request: Request, database: TheDatabase) -> Response:
    """The workers that were heard of lately, those that need attention first, and what they do."""
    found = workers.newest(database, None, MOST_WORKERS)
    items = sorted(found.items, key=lambda it: WORKERS_ORDER.index(it.state))
    lost = workers.lost(database, MOST_LOST)
    return page(request, "workers.html", items=items, is_whole=found.next is None, lost=lost)


@router.get("/datasets")
def list_datasets(request: Request, settings: TheSettings) -> Response:
    """The data sets, and whether this server has them."""
    return page(request, "datasets.html", items=datasets.known(settings.data_dir).items)
