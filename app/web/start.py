"""The first page: what can be done here, and what was done last."""

from typing import Final

from fastapi import Request, Response

from app.api.dependencies import TheDatabase
from app.services import jobs, searches
from app.web.pages import page
from app.web.routes import PageRouter

LATEST: Final = 5

router = PageRouter()


@router.get("/")
def show_start(request: Request, database: TheDatabase) -> Response:
    """What can be done, and the latest searches and jobs."""
    return page(
        request,
        "start.html",
        searches=searches.newest(database, None, LATEST).items,
        jobs=jobs.newest(database, None, LATEST).items,
    )
