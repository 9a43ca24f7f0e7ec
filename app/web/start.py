"""The first page: what can be done here, and what was done last."""

from typing import Final

from fastapi import Request, Response

from app.api.dependencies import TheDatabase
from app.services import jobs, named_networks, searches
from app.web.pages import page
from app.web.routes import PageRouter

LATEST: Final = 5

router = PageRouter()


@router.get("/")
def show_start(request: Request, database: TheDatabase) -> Response:
    """What can be done, and the latest searches and jobs."""
    latest = searches.newest(database, None, LATEST, by_study=False).items
    return page(
        request,
        "start.html",
        searches=latest,
        names=named_networks.names(database, {it.original.id for it in latest}),
        jobs=jobs.newest(database, None, LATEST).items,
    )
