"""Puts the pages into the application."""

from typing import Final

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from app.web import assets, start
from app.web.access import routes as access
from app.web.browsing import downloads as lists
from app.web.browsing import routes as browsing
from app.web.found import routes as found
from app.web.networks import downloads as network_files
from app.web.networks import routes as networks
from app.web.readers import wants_page
from app.web.routes import error_page
from app.web.searching import routes as searching
from app.web.training import downloads as results
from app.web.training import routes as training

# `searching` stands before `found`: `/searches/new` would else be read as a search's id.
ROUTERS: Final = (
    start, searching, found, networks, network_files, training, results, browsing, lists,
    access, assets,
)  # fmt: skip


def install(app: FastAPI) -> None:
    """Add the pages to an application, and show people who ask for an unknown path a page."""
    for module in ROUTERS:
        app.include_router(module.router)
    answered = app.exception_handlers[HTTPException]

    async def http(request: Request, error: Exception) -> Response:
        answer: Response = await answered(request, error)  # type: ignore[misc]
        return error_page(request, answer) if wants_page(request) else answer

    app.add_exception_handler(HTTPException, http)
